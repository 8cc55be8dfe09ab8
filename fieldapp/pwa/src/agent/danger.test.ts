import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/danger.json' with { type: 'json' }
import type { SignedAgreement } from '../domain/agreement.ts'
import { dangerBody } from '../domain/danger.ts'
import { checkReport, readBody } from '../domain/visit.ts'
import { cutShort, doorInDanger, leftOpen, officeNumber, standingOf, telLink } from './danger'
import type { OutboxItem } from './day'
import { bodyOf, newDraft, withMet, withOutcome, type Draft } from './draft'
import { onPaper } from './paper/onPaper'
import { aStop } from './testing'
import { typing } from './visit/typing'

const AT = '2026-11-23T10:00:00.000Z'
const UUID = (n: number): string => `0198c0de-0000-7000-8000-${String(n).padStart(12, '0')}`
const stop = (n = 3): ReturnType<typeof aStop> => {
  const made = aStop(UUID(n))
  return { ...made, practice: { ...made.practice, id: UUID(n + 40) } }
}
const draft = (more: Partial<Draft> = {}): Draft => ({ ...newDraft(stop(), { visitId: UUID(2), day: '2026-11-23' }), ...more })
const PAID = {
  method: 'cash', amount_cents: 5_000, fields: {}, allocation: [{ debt_line_id: UUID(9), principal_cents: 5_000, interest_cents: 0, costs_cents: 0 }],
  stamp_duty: { cents: 0, charged_to: 'none', reason: 'below_threshold' },
  receipt: { value: { v: 1 }, digest: 'ab'.repeat(32), signature: 'c2ln' },
} as const
const met = (more: Partial<Draft> = {}): Draft =>
  draft({ arrived_at: AT, check_in_id: UUID(8), met: 'debtor', identified_by: 'document', identified_self: true, ...more })

describe('an alarm', () => {
  it('is told as the golden cases say, from a visit and from the day\'s list', () => {
    const [during, fromTheList] = golden.cases.map((one) => one.body)
    const visit = { visit_id: UUID(2), stop: { stop_id: UUID(3), practice: { id: UUID(4) } } }

    expect(dangerBody(visit, { id: UUID(1), at: '2026-11-26T09:42:00.000Z' })).toEqual(during)
    expect(dangerBody(null, { id: UUID(1), at: '2026-11-26T09:42:00.000Z' })).toEqual(fromTheList)
  })

  it('calls the office, else the case owner, else says that it knows nobody', () => {
    const owned = { practice: { case_owner_phone: '0371 111111' } }

    expect(officeNumber({ phone: '0371 000000' }, owned)).toBe('0371 000000')
    expect(officeNumber({ phone: ' ' }, owned)).toBe('0371 111111')
    expect(officeNumber({ phone: '' }, { practice: { case_owner_phone: null } })).toBeNull()
    expect(officeNumber(null, null)).toBeNull()
    expect(telLink('+39 0371 / 000000')).toBe('tel:+390371000000')
  })

  it('is about the door that was reached last, and about none before one was', () => {
    const [early, late] = [draft({ arrived_at: AT, visit_id: 'early' }), draft({ arrived_at: '2026-11-23T11:00:00.000Z', visit_id: 'late' })]

    expect(doorInDanger([late, early, draft()])?.visit_id).toBe('late')
    expect(doorInDanger([draft()])).toBeNull()
    expect(doorInDanger([onPaper(draft({ arrived_at: AT }), { from: '' })])).toBeNull()
  })
})

describe('a visit cut short', () => {
  it.each<[string, Draft]>([
    ['before arriving', draft()],
    ['at the door', draft({ arrived_at: AT })],
    ['while it is asked who is there', draft({ arrived_at: AT, met: 'debtor' })],
    ['with a neighbour whose role is not known', draft({ arrived_at: AT, met: 'third_party' })],
    ['with a neighbour', draft({ arrived_at: AT, met: 'third_party', role: 'neighbour' })],
    ['in the middle of a form', withOutcome(met({ answers: { promise_on: '2026-12-01' } }), 'PROMISE_TO_PAY')],
    ['with a notice number', withMet(draft({ arrived_at: AT, answers: { 'notice.number': 'AV-1' } }), 'nobody')],
    ['after money was taken', withOutcome(met({ payments: [PAID] }), 'PAID_PARTIAL')],
    ['after money was taken and the answers were touched again', met({ payments: [PAID], identified_by: null, identified_self: false })],
  ])('is a report that can be read and that nobody questions: %s', (_, open) => {
    const ended = cutShort(open, AT)
    const body = bodyOf(ended, { leftAt: AT, appVersion: 'test', offline: true, typing })
    const read = readBody({ ...body, practice_id: UUID(4), address_id: UUID(5) })

    if (read.kind === 'refused') throw read.refusal
    expect(read.value.outcome).toBe('UNSAFE')
    expect(checkReport(read.value, { now: new Date(AT), placement: { starts_on: '2026-11-01', ends_on: '2026-12-31' } })).toEqual([])
    expect(read.value.payments ?? []).toEqual(open.payments)
  })

  it('keeps a signature and the agreement under it', () => {
    const signed = withOutcome(met(), 'PLAN_SIGNED')
    const value = { kind: 'repayment_plan' } as SignedAgreement['value']
    const agreement: SignedAgreement = { value, digest: 'cd'.repeat(32), signature: 'c2ln' }
    const signature = { refused: true, text: 'x', text_digest: 'ef'.repeat(32), image_sha256: null, signer: 'debtor' } as const

    const ended = cutShort({ ...signed, agreement, signature }, AT)

    expect([ended.outcome, ended.agreement, ended.signature]).toEqual(['UNSAFE', agreement, signature])
  })
})

describe('the screen after it', () => {
  const item = (kind: OutboxItem['kind'], state: OutboxItem['state'], body: object): OutboxItem => ({
    id: kind, seq: 1, kind, state, writtenMs: 0, notBeforeMs: 0, settledNo: null, code: null, details: {}, flags: [], pictures: [], body,
  })
  const raised = item('danger', 'accepted', { danger_id: 'd', at: AT, visit_id: 'v' })

  it('says of alarm, position and visit how far each has come', () => {
    const items = [raised, item('visit', 'waiting', { visit_id: 'v', payments: [PAID] }), item('danger_position', 'waiting', { danger_id: 'd' })]

    expect(standingOf(items)).toEqual({ at: AT, alarm: 'accepted', position: 'waiting', visit: 'waiting', receipts: 1 })
    expect(standingOf([raised])).toMatchObject({ position: null, visit: null, receipts: 0 })
    expect(standingOf([])).toBeNull()
  })

  it('finds the visit that a crash has left open after its alarm', () => {
    expect(leftOpen([draft({ visit_id: 'v' }), draft({ visit_id: 'w' })], [raised]).map((one) => one.visit_id)).toEqual(['v'])
  })
})
