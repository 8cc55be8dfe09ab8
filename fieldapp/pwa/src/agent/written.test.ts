import { beforeAll, describe, expect, it } from 'vitest'
import type { PaymentBody } from '../domain/visit.ts'
import { speak } from '../text'
import { reportsOf } from './corrections'
import type { EnvelopeBody, OutboxItem } from './day'
import { aBundle } from './testing'
import { words } from './words/day.it'
import { isCorrectable, metInWords, papersOf, saidAndPaid, signatureInWords, writtenAt, writtenOf } from './written'

beforeAll(() => {
  speak('it', words)
})

const NOW_MS = Date.parse('2026-11-23T12:00:00Z')
const CASH: PaymentBody = {
  method: 'cash', amount_cents: 10_000, fields: {}, allocation: [], stamp_duty: { cents: 200, charged_to: 'debtor', reason: 'over_threshold' },
  receipt: { value: { series: 'A1', number: 7 }, digest: 'd', signature: 's' },
}

function aVisit(body: Partial<EnvelopeBody> = {}, item: Partial<OutboxItem> = {}): OutboxItem {
  return {
    id: 'e-1', seq: 1, kind: 'visit', state: 'accepted', writtenMs: 0, notBeforeMs: 0, settledNo: 1, code: null, details: {}, flags: [], pictures: [],
    ...item,
    body: {
      visit_id: 'v-1', practice_id: 's-1', stop_id: 's-1', arrived_at: '2026-11-23T09:00:00Z', left_at: '2026-11-23T09:10:00Z',
      outcome: 'ABSENT_NO_NOTICE', met: { who: 'nobody', identified_by: null, role: null }, captured: { reason: 'no_letterbox' }, ...body,
    },
  }
}

const readAgain = (item: OutboxItem) => writtenAt('s-1', [item], reportsOf(aBundle(['s-1']), [item], NOW_MS))

describe('a report that was made', () => {
  it('is found at its stop and may be corrected while nothing hangs on it', () => {
    const written = readAgain(aVisit())

    expect(written?.body.visit_id).toBe('v-1')
    expect(written && isCorrectable(written)).toBe(true)
  })

  it.each([
    ['money', { payments: [CASH] }],
    ['a signature', { signature: { refused: false } }],
    ['a promise', { outcome: 'PROMISE_TO_PAY' }],
  ])('is read and not corrected with %s', (_, body) => {
    const written = readAgain(aVisit(body))

    expect(written).not.toBeNull()
    expect(written && isCorrectable(written)).toBe(false)
  })

  it('is read and not corrected where the office holds other words under its name', () => {
    const written = readAgain(aVisit({}, { state: 'conflict', code: 'envelope.conflict' }))

    expect(written?.item?.state).toBe('conflict')
    expect(written && isCorrectable(written)).toBe(false)
  })

  it('is not taken for the one that the office refused at the same stop', () => {
    expect(readAgain(aVisit({}, { state: 'refused' }))).toBeNull()
  })

  it('is the newest of its visit', () => {
    const items = [aVisit({}, { id: 'new', seq: 4 }), aVisit({}, { id: 'old', seq: 2, state: 'refused' })]

    expect(writtenOf('v-1', items, [])?.item?.id).toBe('new')
  })
})

describe('what was said and paid', () => {
  it('is in words, with the money as it was handed over', () => {
    const body = aVisit({
      outcome: 'PAID_PARTIAL', met: { who: 'debtor', identified_by: 'document', role: null }, payments: [CASH], statement: 'Pago il resto a Natale.',
      captured: { reason: 'short_of_money', promise_on: '2026-12-24', promise_cents: 5_000 },
    }).body

    expect(saidAndPaid(body)).toEqual([
      { label: 'Esito', value: 'Incasso parziale (acconto)' },
      { label: 'Motivo', value: "Non ha tutto l'importo" },
      { label: 'Pagherà il', value: 'giovedì 24 dicembre' },
      { label: 'Importo promesso', value: '50,00\u00a0€' },
      { label: 'Ricevuto', value: '102,00\u00a0€ · Contanti · A1-000007' },
      { label: 'Che cosa dichiara il debitore', value: 'Pago il resto a Natale.' },
    ])
    expect(papersOf(body).map(({ words }) => words)).toEqual(['Ricevuta A1-000007'])
  })

  it('tells of an amount that only the day knows no more than that there was one', () => {
    expect(saidAndPaid({ outcome: 'PAID_PARTIAL', captured: { promise_cents: true } })).toContainEqual({ label: 'Importo promesso', value: 'indicato' })
  })

  it('is nothing where the outcome says it all', () => {
    expect(saidAndPaid({ outcome: 'UNSAFE' })).toEqual([])
  })

  it('offers no paper of a link, which only the office makes anew', () => {
    expect(papersOf({ payments: [{ ...CASH, method: 'payment_link', receipt: null }] })).toEqual([])
  })
})

describe('what others may read along', () => {
  it('names who was there without the word for it', () => {
    expect(metInWords(aVisit({ met: { who: 'debtor', identified_by: 'document', role: null } }).body)).toBe('È la persona cercata · Ha mostrato un documento')
    expect(metInWords(aVisit({ met: { who: 'third_party', identified_by: null, role: 'neighbour' } }).body)).toBe('Altra persona · Vicino')
  })

  it('says whether somebody signed', () => {
    expect(signatureInWords({ signature: { refused: true } })).toBe('Ha rifiutato di firmare')
    expect(signatureInWords({})).toBe('')
  })
})
