import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/conduct.json' with { type: 'json' }
import sent from '../../../../tests/golden/conduct_ruleset.json' with { type: 'json' }
import type { EnvelopeBody, OutboxItem, Payment } from './day'
import { rule, rulesetOf, type Known } from './rules'
import type { ReportCard, StopCard } from './shapes'
import { aBundle, aStop } from './testing'

const AT = '2026-11-26T09:00:00.000Z'
const DEBTOR = { who: 'debtor', identified_by: 'document' } as const
const NOBODY = { who: 'nobody', identified_by: null } as const
const FETCHED = Date.parse('2026-11-26T06:00:00.000Z')
const VISIT = { kind: 'visit', at: '2026-11-26T14:00:00.000Z', duration_s: 900 } as const
const CALL = { kind: 'call', at: '2026-11-26T14:00:00.000Z' } as const

function aRuledStop(id: string, debtor_group: string | null = null, creditor = 'creditor'): StopCard {
  const stop = aStop(id)
  const { practice, agent, address } = golden.base
  return {
    ...stop,
    practice: {
      ...stop.practice, debtor_group, creditor: { ...stop.practice.creditor, id: creditor },
      conduct_facts: { practice, agent, addresses: { [stop.address.id]: address } },
    },
  }
}

function written(practice_id: string, body: Partial<EnvelopeBody> = {}, more: Partial<OutboxItem> = {}): OutboxItem {
  return {
    id: `e-${practice_id}`, seq: 1, kind: 'visit', state: 'waiting', writtenMs: 0, notBeforeMs: 0, settledNo: null, code: null,
    details: {}, flags: [], pictures: [],
    body: { practice_id, visit_id: `v-${practice_id}`, met: DEBTOR, outcome: 'REFUSES', arrived_at: AT, ...body }, ...more,
  }
}

const STOPS = [aRuledStop('mine', 'one debtor'), aRuledStop('joined', 'one debtor', 'another'), aRuledStop('stranger')]
const ruleset = rulesetOf({ ...aBundle([]), ruleset: sent })
const known = (items: readonly OutboxItem[], payments: readonly Payment[] = [], reports: readonly ReportCard[] = []): Known => ({ ruleset, stops: STOPS, payments, items, askedNo: FETCHED, reports })
const said = (act: Parameters<typeof rule>[0], items: readonly OutboxItem[], stop = STOPS[0] as StopCard): string[] =>
  rule(act, stop, known(items)).findings.map((found) => found.code)

describe('what this phone did before the service saw it', () => {
  it('has nothing to say of a day that only began', () => {
    expect(said(VISIT, [])).toEqual([])
  })

  it.each(['mine', 'joined'])('counts a visit made today under the practice "%s" of one debtor', (id) => {
    expect(said(VISIT, [written(id)])).toContain('conduct.visits_today')
    expect(said(CALL, [written(id)])).toContain('conduct.conversations_today')
  })

  it('does not count what concerns another debtor, was refused, was no disturbance, or stands in the day’s facts already', () => {
    for (const item of [
      written('stranger'),
      written('joined', {}, { state: 'refused' }),
      written('joined', { outcome: 'ADDRESS_NOT_FOUND', met: NOBODY }),
      written('joined', {}, { state: 'accepted', settledNo: FETCHED - 1 }),
    ]) {
      expect(said(VISIT, [item])).toEqual([])
    }
  })

  it('takes a visit that met the debtor for a conversation, whatever came of it', () => {
    expect(said(CALL, [written('joined', { outcome: 'UNSAFE' })])).toContain('conduct.conversations_today')
    expect(said(CALL, [written('joined', { outcome: 'UNSAFE', met: NOBODY })])).not.toContain('conduct.conversations_today')
  })

  it('counts what the service took after the day was fetched', () => {
    expect(said(VISIT, [written('joined', {}, { state: 'accepted', settledNo: FETCHED + 1 })])).toContain('conduct.visits_today')
  })

  it('leaves the debtor in peace who asked us to leave, whichever debt it was about; another outcome concerns its own debt', () => {
    const later = { ...VISIT, at: '2026-12-01T14:00:00.000Z' }
    expect(said(later, [written('joined', { outcome: 'ASKED_TO_LEAVE' })])).toContain('conduct.cooling_off')
    expect(said(later, [written('joined')])).not.toContain('conduct.cooling_off')
    expect(said(later, [written('mine')])).toContain('conduct.cooling_off')
  })

  describe('of a correction', () => {
    const MOVED = { outcome: 'MOVED', met: { who: 'third_party', identified_by: null, role: 'neighbour' } } as const
    const SEEN = { state: 'accepted', settledNo: FETCHED - 1 } as const
    const later = { ...VISIT, at: '2026-11-27T14:00:00.000Z' }
    const correction = (outcome: string, seq = 2, more: Partial<OutboxItem> = {}): OutboxItem => ({
      ...written('joined', {}, { id: `c-${String(seq)}`, seq, kind: 'visit_correction', ...more }),
      body: { practice_id: 'joined', visit_id: 'v-joined', outcome, met: DEBTOR, captured: {}, at: '2026-11-26T12:00:00.000Z' },
    })
    const rests = (items: readonly OutboxItem[], reports: readonly ReportCard[] = [], act: Parameters<typeof rule>[0] = later): boolean =>
      rule(act, STOPS[0] as StopCard, known(items, [], reports)).findings.some((found) => found.code === 'conduct.cooling_off')
    const CARD: ReportCard = {
      visit_id: 'v-joined', practice_id: 'joined', stop_id: null, address_text: 'Via Roma 12, Lodi', arrived_at: '2026-11-20T09:00:00.000Z', unplanned: null,
      outcome: 'MOVED', met: 'third_party', identified_by: null, role: 'neighbour', captured: { source: 'neighbour' }, bound: null, corrections: [], corrected_by: [],
    }

    it('leaves in peace who asked for it while the office still has to say that they did not move', () => {
      expect(rests([written('joined', MOVED), correction('ASKED_TO_LEAVE')])).toBe(true)
      expect(rests([written('joined', MOVED), correction('ASKED_TO_LEAVE', 2, { state: 'refused' })])).toBe(false)
      expect(rests([written('joined', MOVED), correction('ASKED_TO_LEAVE'), correction('MOVED', 3)])).toBe(false)
    })

    it('does so of a report that the day’s facts hold, and of one of an earlier day', () => {
      for (const first of ['MOVED', 'NO_ACCESS']) {
        const report = written('joined', { outcome: first, met: NOBODY }, SEEN)
        expect(rests([report])).toBe(false)
        expect(rests([report, correction('ASKED_TO_LEAVE')])).toBe(true)
        expect(rests([correction('ASKED_TO_LEAVE')], [{ ...CARD, outcome: first }])).toBe(true)
      }
    })

    it('counts the rest from the day of the visit', () => {
      const month = { ...VISIT, at: '2026-12-22T14:00:00.000Z' }
      expect(rests([correction('ASKED_TO_LEAVE')], [{ ...CARD, arrived_at: month.at }], month)).toBe(true)
      expect(rests([correction('ASKED_TO_LEAVE')], [CARD], month)).toBe(false)
    })

    it('keeps the wish that another correction would lift, until the office has decided', () => {
      expect(rests([written('joined', { outcome: 'NO_ACCESS', met: NOBODY }, SEEN), correction('ASKED_TO_LEAVE'), correction('REFUSES', 3)])).toBe(true)
    })

    it('leaves to the day’s facts what they know already', () => {
      expect(rests([correction('ASKED_TO_LEAVE', 2, SEEN)], [CARD])).toBe(false)
      expect(rests([correction('ASKED_TO_LEAVE')], [{ ...CARD, corrected_by: ['c-2'] }])).toBe(false)
    })

    it('keeps what concerns one debt with that debt', () => {
      expect(rests([written('joined', { outcome: 'NO_ACCESS', met: NOBODY }, SEEN), correction('REFUSES')])).toBe(false)
      const own = { ...correction('REFUSES'), body: { ...correction('REFUSES').body, practice_id: 'mine', visit_id: 'v-mine' } }
      expect(rests([written('mine', { outcome: 'NO_ACCESS', met: NOBODY }, SEEN), own])).toBe(true)
    })
  })

  it('takes one visit that is reported for two creditors for one contact', () => {
    const report = { outcome: 'CLOSED_DOORS', met: NOBODY }
    const earlier = (id: string, day: string, more: Partial<EnvelopeBody> = {}): OutboxItem =>
      written(id, { ...report, arrived_at: `2026-11-${day}T09:00:00.000Z`, visit_id: `v-${id}-${day}`, ...more })
    const once = [earlier('mine', '25'), earlier('joined', '25', { with_visit_id: 'v-mine-25' })]
    const twice = [earlier('mine', '25'), earlier('joined', '24')]

    const thisWeek = (items: OutboxItem[]): unknown =>
      rule(VISIT, STOPS[0] as StopCard, known(items)).findings.find((found) => found.code === 'conduct.visits_this_week')?.details['count']
    expect([thisWeek(once), thisWeek(twice)]).toEqual([1, 2])
  })

  it('believes this practice’s own report of a shared visit, else the one that met the debtor', () => {
    const here = written('mine', { outcome: 'CLOSED_DOORS', met: NOBODY })
    const there = written('joined', { outcome: 'REFUSES', with_visit_id: 'v-mine' })
    const nowhere = written('joined', { outcome: 'ADDRESS_NOT_FOUND', met: NOBODY, with_visit_id: 'v-mine' })
    expect(said(CALL, [here, there])).not.toContain('conduct.conversations_today')
    expect(said(CALL, [here, there], STOPS[1])).toContain('conduct.conversations_today')
    expect(said(VISIT, [here, nowhere])).toContain('conduct.visits_today')
    expect(said(VISIT, [here, nowhere], STOPS[1])).not.toContain('conduct.visits_today')
  })

  it('adds up cash of one debtor for one creditor, under whichever practice it was taken', () => {
    const cash = (practiceId: string): Payment => ({
      practiceId, settledNo: null,
      payment: {
        method: 'cash', amount_cents: 450_000, fields: {}, allocation: [],
        stamp_duty: { cents: 0, charged_to: 'none', reason: 'exempt' }, receipt: { value: {}, digest: 'd', signature: 's' },
      },
    })
    const act = { kind: 'payment', at: VISIT.at, method: 'cash', amount_cents: 100_000, duty_cents: 0, instalment: false, payer: 'debtor', cheque: null } as const
    const stops = [aRuledStop('mine', 'one debtor'), aRuledStop('again', 'one debtor'), aRuledStop('elsewhere', 'one debtor', 'another')]
    const told = (practiceId: string): string[] =>
      rule(act, stops[0] as StopCard, { ...known([], [cash(practiceId)]), stops }).findings.map((found) => found.code)

    expect(told('again')).toContain('conduct.cash_over_rolling')
    expect(told('elsewhere')).not.toContain('conduct.cash_over_rolling')
  })
})
