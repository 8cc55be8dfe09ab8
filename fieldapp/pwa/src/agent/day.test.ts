import { describe, expect, it } from 'vitest'
import names from '../../../../tests/golden/short_names.json'
import type { PaymentBody } from '../domain/visit.ts'
import { appointmentOf, closingOf, dayOf, handedOver, inCourse, heldByMethod, isUntouched, newsOf, openLines, owedCents, paymentsOf, purseNow, unseenBy, unseenItems, type OutboxItem } from './day'
import { shortName, streetOf } from './naming'
import { newDraft, type Draft } from './draft'
import { onPaper, type OnPaper } from './paper/onPaper'
import type { StopCard } from './shapes'
import { aBundle, aStop } from './testing'

const paid = (cents: number, more: Partial<PaymentBody> = {}): PaymentBody => ({
  method: 'cash', amount_cents: cents, fields: {},
  allocation: [{ debt_line_id: 'line-1', principal_cents: cents - 100, interest_cents: 100, costs_cents: 0 }],
  stamp_duty: { cents: 0, charged_to: 'none', reason: 'up_to_threshold' },
  receipt: { value: { series: 'A7', number: 1 }, digest: 'd', signature: 's' }, ...more,
})
const visited = (stopId: string, more: Partial<OutboxItem> = {}, payments: PaymentBody[] = []): OutboxItem => ({
  id: `e-${stopId}`, seq: 1, kind: 'visit', state: 'waiting', writtenMs: 0, notBeforeMs: 0, settledNo: null, code: null,
  details: {}, flags: [], pictures: [], body: { practice_id: `practice-${stopId}`, stop_id: stopId, outcome: 'REFUSES', payments },
  ...more,
})

describe('the day', () => {
  const bundle = aBundle(['a', 'b', 'c'])

  it('is listed as it is made: what is done, then the agent’s own order', () => {
    expect(inCourse(dayOf(bundle, [visited('b')], [], ['c', 'a'])).map((stop) => stop.stop_id)).toEqual(['b', 'c', 'a'])
  })

  it('goes on with the first stop that nobody has reported', () => {
    const day = dayOf(bundle, [visited('a')], [])

    expect(day.next?.stop_id).toBe('b')
    expect(day.ahead.map((stop) => stop.stop_id)).toEqual(['c'])
    expect(day.done).toMatchObject([{ outcome: 'REFUSES' }])
  })

  it('keeps the open visit in hand, whatever was published meanwhile', () => {
    expect(dayOf(bundle, [], ['c']).next?.stop_id).toBe('c')
  })

  it('keeps the reserve apart until one of it has begun, the nearest to the last door first', () => {
    const held = (id: string, lat_e6: number): StopCard => {
      const stop = aStop(id, 9)
      return { ...stop, reserve: true, address: { ...stop.address, lat_e6 } }
    }
    const day = { ...bundle, stops: [...bundle.stops, held('far', 45_330_000), held('near', 45_312_000)] }

    expect(dayOf(day, [visited('a')], []).reserve.map((stop) => stop.stop_id)).toEqual(['near', 'far'])
    expect(dayOf(day, [visited('a')], [])).toMatchObject({ total: 3 })
    expect(dayOf(day, [visited('a')], ['near']).next?.stop_id).toBe('near')
    expect(dayOf(day, [visited('near')], [])).toMatchObject({ total: 4, done: [{ outcome: 'REFUSES' }] })
  })

  it('offers a stop again when its report was refused', () => {
    expect(dayOf(bundle, [visited('a', { state: 'refused' })], []).next?.stop_id).toBe('a')
  })

  it('follows the agent’s own order, but for the visit in hand', () => {
    expect(dayOf(bundle, [], [], ['c', 'a', 'b']).next?.stop_id).toBe('c')
    expect(dayOf(bundle, [], ['b'], ['c', 'a', 'b'])).toMatchObject({ next: { stop_id: 'b' }, ahead: [{ stop_id: 'c' }, { stop_id: 'a' }] })
  })

  it('says what a new version brought and took, not what was begun or only moved', () => {
    const after = { ...aBundle(['c', 'a', 'd']), version: 2 }

    expect(newsOf(bundle, after, new Set())).toMatchObject({ added: [{ stop_id: 'd' }], gone: [{ stop_id: 'b' }] })
    expect(newsOf(bundle, after, new Set(['b', 'd']))).toBeNull()
    expect(newsOf(bundle, { ...aBundle(['c', 'b', 'a']), version: 2 }, new Set())).toBeNull()
    expect(newsOf(bundle, { ...after, day: '2026-11-24' }, new Set())).toBeNull()
  })

  it('tells of an appointment that was made, moved or given up at a door it had, and of no other day', () => {
    const at = (from: string): StopCard['practice']['conduct_facts'] => ({ practice: { appointments: [{ from_at: from, to_at: from.replace(':00:', ':45:') }] } })
    const day = (version: number, from: string | null): typeof bundle => ({
      ...bundle, version,
      stops: bundle.stops.map((stop) => (stop.stop_id === 'b' && from ? { ...stop, practice: { ...stop.practice, conduct_facts: at(from) } } : stop)),
    })
    const nine = '2026-11-23T09:00:00Z'

    expect(newsOf(day(1, null), day(2, nine), new Set())).toMatchObject({ added: [], gone: [], agreed: [{ stop_id: 'b' }], freed: [] })
    expect(newsOf(day(1, nine), day(2, '2026-11-23T10:00:00Z'), new Set())).toMatchObject({ agreed: [{ stop_id: 'b' }], freed: [] })
    expect(newsOf(day(1, nine), day(2, '2026-11-24T10:00:00Z'), new Set())).toMatchObject({ agreed: [], freed: [{ stop_id: 'b' }] })
    expect(newsOf(day(1, nine), day(2, nine), new Set())).toBeNull()
    expect(newsOf(day(1, null), day(2, nine), new Set(['b']))).toBeNull()
  })

  it('is closed when the agent says so, as often as that happens', () => {
    const closed = (seq: number, at: string): OutboxItem => ({ ...visited('x'), seq, kind: 'day_closed', body: { day: bundle.day, at } })

    expect(closingOf(bundle.day, [visited('a')])).toBeNull()
    expect(closingOf(bundle.day, [closed(9, '2026-11-23T17:30:00Z'), closed(4, '2026-11-23T16:00:00Z')])).toBe('2026-11-23T17:30:00Z')
    expect(closingOf('2026-11-24', [closed(9, '2026-11-23T17:30:00Z')])).toBeNull()
  })
})

describe('money on this phone', () => {
  it('is taken off what is owed until the day knows of it', () => {
    const items = [visited('a', {}, [paid(5_000)]), visited('a', { state: 'accepted', settledNo: 900 }, [paid(2_000)])]
    const practice = { ...aStop('a').practice, id: 'practice-a' }

    const fresh = openLines(practice, unseenBy(paymentsOf(items, []), 1_000))
    const stale = openLines(practice, unseenBy(paymentsOf(items, []), 500))

    expect(owedCents(practice.debt_lines) - owedCents(fresh)).toBe(5_000)
    expect(owedCents(practice.debt_lines) - owedCents(stale)).toBe(7_000)
  })

  it('is counted once where the phone’s clock was put right between verdict and day', () => {
    // Settled while the clock was two days ahead: by the clocks the day would be older than what it holds.
    const items = [visited('a', { state: 'accepted', writtenMs: 2 * 86_400_000, settledNo: 6 }, [paid(10_000)])]

    expect(unseenBy(paymentsOf(items, []), 7)).toEqual([])
    expect(unseenItems(items, 7)).toEqual([])
    // Asked for before the verdict was written: it need not be in the answer, whatever either clock says.
    expect(unseenBy(paymentsOf(items, []), 5)).toHaveLength(1)
  })

  it('never shows less than nothing owed', () => {
    const practice = { ...aStop('a').practice, id: 'practice-a' }
    const lines = openLines(practice, paymentsOf([visited('a', {}, [paid(9_999_999)])], []))

    expect(Math.min(...lines.map((line) => line.principal_cents))).toBe(0)
  })

  it('what the purse holds: the books of the morning and what was taken since, the stamp duty in the same pocket', () => {
    const stamped = { ...paid(10_000), stamp_duty: { cents: 200, charged_to: 'debtor', reason: 'over' } } as PaymentBody
    const unseen = paymentsOf([], [{ stop: aStop('b'), payments: [stamped] }])

    const held = purseNow({ cash_cents: 5_000, cheques_cents: 700, cards_cents: 0 }, unseen)

    expect([...held]).toEqual([['cash', 15_200], ['cheque', 700], ['card', 0]])
    expect(purseNow(undefined, []).get('cash')).toBe(0)
  })

  it('counts what is in a visit still open, by kind, stamp duty included, and no announced transfer', () => {
    const stamped = paid(15_000, { stamp_duty: { cents: 200, charged_to: 'debtor', reason: 'over_threshold' } })
    const memo = paid(9_000, { method: 'bank_transfer', receipt: null })
    const held = heldByMethod(paymentsOf([visited('a', {}, [paid(1_000)])], [{ stop: aStop('b'), payments: [stamped, memo] }]))

    expect(handedOver(stamped)).toBe(15_200)
    expect([...held]).toEqual([['cash', { count: 2, cents: 16_200 }]])
  })
})

describe('a name in public', () => {
  it.each(names as [string, string | null, string][])('shows %s (%s) as %s', (name, taxCode, shown) => {
    expect(shortName(name, taxCode)).toBe(shown)
  })
})

describe('an appointment', () => {
  it('of this day is known from what the rules know, the first of it', () => {
    const at = (from_at: string, to_at: string): object => ({ from_at, to_at, outside_hours: false })
    const appointments = [
      at('2026-11-24T08:00:00Z', '2026-11-24T09:00:00Z'), at('2026-11-23T15:00:00Z', '2026-11-23T16:00:00Z'), at('2026-11-23T09:00:00Z', '2026-11-23T10:00:00Z'),
    ]
    const stop = aStop('1')
    const agreed = { ...stop, practice: { ...stop.practice, conduct_facts: { practice: { appointments } } } }
    const dayOfText = (text: string): string => text.slice(0, 10)

    expect(appointmentOf(agreed, '2026-11-23', dayOfText)?.from_at).toBe('2026-11-23T09:00:00Z')
    expect(appointmentOf(agreed, '2026-11-25', dayOfText)).toBeNull()
    expect(appointmentOf(stop, '2026-11-23', dayOfText)).toBeNull()
  })
})

describe('a street as people read it', () => {
  it.each([
    ['CORSO VITTORIO EMANUELE II', 'Corso Vittorio Emanuele II 29'],
    ['VIA XX SETTEMBRE', 'Via XX Settembre 29'],
    ['VIA DEI PARTIGIANI', 'Via dei Partigiani 29'],
    ['VIALE IVREA', 'Viale Ivrea 29'],
  ])('%s', (street, shown) => {
    expect(streetOf({ ...aStop('a').address, street, house_number: '29' })).toBe(shown)
  })
})

describe('a sheet of paper that was only opened', () => {
  const draft = (part: Partial<OnPaper>, changes: Partial<Draft> = {}): Draft => {
    const opened = onPaper(newDraft(aStop('a'), { visitId: 'v', day: '2026-11-23' }), { from: '' })
    if (!opened.paper) throw new Error('no sheet')
    return { ...opened, ...changes, paper: { ...opened.paper, ...part } }
  }

  it('opens no visit until something was copied from it', () => {
    expect(isUntouched(draft({}))).toBe(true)
    expect(isUntouched(draft({ number: '1' }))).toBe(false)
    expect(isUntouched(draft({ amount: '3' }))).toBe(false)
    expect(isUntouched(draft({}, { arrived_at: '2026-11-23T09:00:00Z' }))).toBe(false)
    expect(isUntouched(newDraft(aStop('a'), { visitId: 'v', day: '2026-11-23' }))).toBe(false)
  })
})
