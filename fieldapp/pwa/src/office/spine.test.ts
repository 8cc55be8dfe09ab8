import { describe, expect, it } from 'vitest'
import type { PracticeFile, TimelineItem, VisitRow } from '../api/shapes'
import { entryAmount, newSince, spineOf } from './spine'

const fact = (number: number, at: string, visit_id?: string): TimelineItem => ({
  number, kind: 'x', at, recorded_at: at, person_name: null, device_id: null, body: visit_id ? { visit_id } : {},
})
const visit = (id: string, arrived_at: string): VisitRow => ({
  id, agent_name: 'Anna', arrived_at, left_at: arrived_at, address_text: '', arrived: null, left: null, met: 'debtor', outcome: 'REFUSES',
  captured: {}, statement: null, flags: [], offline: true, clock_offset_ms: 0, documents: [], signature: null, receipts: [], together_with: [],
})
const dayOf = (at: string): string => at.slice(0, 10)

describe('the spine of a practice', () => {
  it('puts the facts of a visit inside it, in the order they were recorded', () => {
    const file = {
      visits: [visit('v', '2026-11-26T10:00:00Z')],
      timeline: [fact(3, '2026-11-26T10:05:00Z', 'v'), fact(2, '2026-11-26T10:04:00Z', 'v')],
      earlier_contacts: [],
    }

    const [day] = spineOf(file, dayOf)

    expect(day?.items).toHaveLength(1)
    const item = day?.items[0]
    expect(item?.kind === 'visit' ? item.facts.map((one) => one.number) : []).toEqual([2, 3])
  })

  it('goes from the newest day to the oldest', () => {
    const file = {
      visits: [visit('v', '2026-11-25T10:00:00Z')],
      timeline: [fact(1, '2026-11-01T10:00:00Z'), fact(9, '2026-11-26T10:00:00Z')],
      earlier_contacts: [{ at: '2026-10-02T10:00:00Z', channel: 'letter', outcome: 'DUNNING_LETTER_1', by: '', reached: false } as const],
    }

    expect(spineOf(file, dayOf).map((day) => day.day)).toEqual(['2026-11-26', '2026-11-25', '2026-11-01', '2026-10-02'])
  })

  it('tells a contact that the desk wrote down once, though it is a fact too', () => {
    const at = '2026-11-26T10:00:00Z'
    const made = { ...fact(1, at), kind: 'contact.made', body: { channel: 'call' } }
    const call = { at, channel: 'call', outcome: 'APPOINTMENT_SET', by: 'Paola', reached: true } as const

    const [day] = spineOf({ visits: [], timeline: [made], earlier_contacts: [call] }, dayOf)
    const [alone] = spineOf({ visits: [], timeline: [made], earlier_contacts: [] }, dayOf)

    expect(day?.items.map((item) => item.kind)).toEqual(['contact'])
    expect(alone?.items.map((item) => item.kind)).toEqual(['fact'])
  })

  it('keeps a fact whose visit is not in the file', () => {
    const days = spineOf({ visits: [], timeline: [fact(1, '2026-11-26T10:00:00Z', 'elsewhere')], earlier_contacts: [] }, dayOf)

    expect(days[0]?.items[0]?.kind).toBe('fact')
  })
})

describe('what is new in a file', () => {
  const file = (change: Partial<PracticeFile>): PracticeFile =>
    ({ timeline: [], visits: [], receipts: [], entries: [], promises: [], tasks: [], ...change }) as unknown as PracticeFile

  it('is nothing at the first look', () => {
    expect(newSince(null, file({ timeline: [fact(1, '2026-11-26T10:00:00Z')] })).size).toBe(0)
  })

  it('names the facts and visits that were not there', () => {
    const fresh = newSince(file({}), file({ timeline: [fact(7, '2026-11-26T10:00:00Z')], visits: [visit('v', '2026-11-26T10:00:00Z')] }))

    expect([...fresh]).toEqual(['fact 7', 'v'])
  })
})

describe('the amount of an entry', () => {
  const posting = (account_kind: string, amount_cents: number) => ({ account: '', account_kind, amount_cents })

  it('is what it moves in the claims of the practice, not all its legs', () => {
    const payment = [posting('agent_cash', 15_200), posting('claim_principal', -10_000), posting('claim_costs', -5000), posting('stamp_duty', -200), posting('creditor_claims', 15_000), posting('creditor_dues', -15_000)]

    expect(entryAmount({ postings: payment })).toBe(15_000)
  })

  it('is the sum of debits where no claim is touched', () => {
    expect(entryAmount({ postings: [posting('agency_bank', 500), posting('agent_cash', -500)] })).toBe(500)
  })
})
