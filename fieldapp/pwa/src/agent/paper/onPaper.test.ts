import { describe, expect, it } from 'vitest'
import type { OutboxItem } from '../day'
import { newDraft, type Draft } from '../draft'
import { kept } from '../keptDraft'
import { aStop } from '../testing'
import { hourAt } from '../time'
import { again, formsUsed, onPaper, withKind, outsideMyPads } from './onPaper'

const ID = '0198a3c2-7f00-7abc-8def-0123456789ab'
const fresh = (): Draft => newDraft(aStop(ID), { visitId: ID, day: '2026-11-23' })
const sheet = { sha256: 'a'.repeat(64), small_sha256: null, purpose: 'paper_form', media_type: 'image/jpeg', size: 10 } as const

const item = (state: OutboxItem['state'], body: Partial<OutboxItem['body']>): OutboxItem => ({
  id: ID, seq: 1, kind: 'visit', state, writtenMs: 0, notBeforeMs: 0, settledNo: null, code: null, details: {}, flags: [], pictures: [],
  body: { practice_id: ID, stop_id: ID, planned_day: '2026-11-23', ...body },
})
const payment = (series: string, number: number) => ({
  method: 'cheque', amount_cents: 123_450, fields: { bank: 'Banca' }, allocation: [], receipt: { value: { series, number }, digest: '', signature: '' },
  stamp_duty: { cents: 200, charged_to: 'creditor', reason: 'over_threshold' },
})

describe('a sheet that is copied', () => {
  it('keeps the case on the phone where it is a receipt, and only the door where it is a notice', () => {
    const receipt = onPaper(fresh(), { from: '' })
    const notice = withKind(receipt, 'notice')

    expect(JSON.stringify(kept(receipt))).toContain('Prestito 4711')
    expect(JSON.stringify(kept(notice))).not.toContain('Prestito 4711')
  })

  it('takes its photo along when it turns out to be of the other kind', () => {
    const draft = { ...onPaper(fresh(), { from: '' }), pictures: [sheet] }

    expect(withKind(draft, 'notice').pictures[0]?.purpose).toBe('notice')
    expect(withKind(withKind(draft, 'notice'), 'receipt').pictures).toEqual([sheet])
  })

  it('may use no number that a report on this phone has, but one that was refused is free again', () => {
    const used = formsUsed([
      item('waiting', { payments: [payment('B1', 1)] }),
      item('accepted', { captured: { notice: { number: 'N1-000004' } } }),
      item('refused', { payments: [payment('B1', 2)] }),
    ])

    expect([...used].sort()).toEqual(['B1-000001', 'N1-000004'])
  })

  it('that the office refused comes back with what was typed, but for the check', () => {
    const refused = item('refused', {
      arrived_at: '2026-11-23T09:10:00.000Z', left_at: '2026-11-23T09:25:00.000Z', outcome: 'PAID_PARTIAL',
      captured: { reason: 'other' }, met: { who: 'debtor', identified_by: 'known' }, attachments: [sheet],
      payments: [{ ...payment('B1', 7), payer: { name: 'Lucia Neri', capacity: 'relative', document: 'passport', debtor_agrees: false } }],
    })

    const { paper, pictures } = again(refused, fresh(), hourAt)

    expect(paper).toEqual({
      kind: 'receipt', number: '7', check: '', day: '2026-11-23', from: '10:10', to: '10:25', amount: '1.234,50', method: 'cheque',
      answers: { bank: 'Banca' }, identified_by: 'known', reason: 'other', instalment: false, duty_taken: false,
      payer: { other: true, name: 'Lucia Neri', capacity: 'relative', document: 'passport', agreed: false },
    })
    expect(pictures).toEqual([sheet])
  })
})

describe('the debt that a refused sheet named', () => {
  it('is named again, and none where it named none', () => {
    const refused = (chosen: object): OutboxItem => item('refused', { payments: [{ ...payment('B1', 7), ...chosen }] })

    expect(again(refused({ chosen_line: 'line-2' }), fresh(), hourAt).paper?.chosen_line).toBe('line-2')
    expect(again(refused({}), fresh(), hourAt).paper?.chosen_line).toBeUndefined()
  })
})

describe('a sheet and the pads that the agent was given', () => {
  const pads = [{ series: 'B1', first: 51, last: 100 }, { series: 'N1', first: 1, last: 50 }]

  it.each([
    ['receipt', '51', pads, null],
    ['receipt', 'b1-000100', pads, null],
    ['notice', '7', pads, null],
    ['receipt', '50', pads, 'B1-000050'],
    ['receipt', 'B2-000060', pads, 'B2-000060'],
    ['notice', '51', pads, 'N1-000051'],
    ['receipt', '51', [], 'B1-000051'],
    ['receipt', '', pads, null],
    ['receipt', 'sette', pads, null],
    ['receipt', '50', undefined, null],
  ] as const)('%s %s', (kind, number, held, told) => {
    expect(outsideMyPads({ kind, number }, held)).toBe(told)
  })
})
