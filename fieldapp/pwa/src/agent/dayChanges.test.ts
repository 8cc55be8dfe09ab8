import { assert, constantFrom, integer, nat, property, record, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Call, Reply } from '../outbox/wire'
import { dayOf } from './day'
import { askDay, laidOver } from './dayChanges'
import type { DayBundle, DayChanges, StopCard } from './shapes'
import { aBundle, aStop } from './testing'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What the service sends to whom holds `before`: reckoned here from its promise alone. */
function changesTo(before: DayBundle, after: DayBundle): DayChanges {
  const timesOf = ({ practice, ...times }: StopCard) => ({ ...times, practice_id: practice.id })
  const held = new Map(before.stops.map((stop) => [stop.stop_id, timesOf(stop)]))
  const practices = new Map(before.stops.map(({ practice }) => [practice.id, practice]))
  const { protocol, clock, cursor, day, stops, ...fields } = after
  const order = stops.map((stop) => stop.stop_id)
  return {
    protocol, clock, cursor, day,
    fields: Object.fromEntries(Object.entries(fields).filter(([name, value]) => !same(value, before[name as keyof DayBundle]))),
    order: same(order, before.stops.map((stop) => stop.stop_id)) ? null : order,
    changed_stops: stops.map(timesOf).filter((stop) => !same(stop, held.get(stop.stop_id))),
    changed_practices: [...new Map(stops.map(({ practice }) => [practice.id, practice])).values()].filter((card) => !same(card, practices.get(card.id))),
  }
}

/** Days as an office leaves them: some of six visits in any order, each done or not, each owing something. */
const days = record({
  stops: uniqueArray(record({ id: constantFrom('a', 'b', 'c', 'd', 'e', 'f'), done: constantFrom(true, false), cents: integer({ min: 0, max: 2 }), late: nat(1) }), { selector: (stop) => stop.id }),
  version: nat(3), cash: nat(2),
}).map(({ stops, version, cash }): DayBundle => ({
  ...aBundle([]), version, purse: { cash_cents: cash, cheques_cents: 0, cards_cents: 0 }, cursor: `v${String(version)}`,
  stops: stops.map(({ id, done, cents, late }, at) => {
    const stop = aStop(id, at + 1 + late)
    return { ...stop, done, practice: { ...stop.practice, owed_cents: cents } }
  }),
}))

describe('a day by its changes', () => {
  it('is the whole day, whatever the office changed, one time after the other', () => {
    assert(
      property(uniqueArray(days, { minLength: 2, maxLength: 6, comparator: () => false }), (readings) => {
        let held = readings[0] as DayBundle
        for (const next of readings.slice(1)) {
          const before = structuredClone(held)
          const merged = laidOver(held, changesTo(held, next))
          expect(merged).toEqual(next)
          expect(held).toEqual(before)
          held = merged as DayBundle
        }
      }),
    )
  })

  it('sends nothing of what is held already', () => {
    const held = aBundle(['a', 'b'])

    expect(changesTo(held, held)).toMatchObject({ fields: {}, order: null, changed_stops: [], changed_practices: [] })
    expect(laidOver(held, changesTo(held, held))).toEqual(held)
  })

  it('leaves the visit in hand first, wherever the new day puts it', () => {
    const held = aBundle(['a', 'b', 'c'])
    const merged = laidOver(held, changesTo(held, { ...aBundle(['c', 'a', 'b']), version: 2 })) as DayBundle

    expect(dayOf(merged, [], ['b']).next?.stop_id).toBe('b')
  })

  for (const [what, broken] of [
    ['of another day', { day: '2026-11-24' }],
    ['that name a visit nobody has', { order: ['a', 'z'] }],
    ['that name a case nobody has', { changed_stops: [{ ...aStop('a'), practice_id: 'z' }] }],
  ] as const) {
    it(`is asked for whole where changes come ${what}`, async () => {
      const held = { ...aBundle(['a']), cursor: 'held' }
      const changes = { ...changesTo(held, held), ...broken }
      const asked: (string | undefined)[] = []
      const wire = {
        signed: <T>(call: Call): Promise<Reply<T>> => {
          asked.push(call.headers?.['x-day-cursor'])
          return Promise.resolve({ kind: 'ok', value: (asked.length === 1 ? changes : aBundle(['b'])) as T })
        },
      }

      expect(await askDay(wire, '/day', held)).toEqual({ kind: 'ok', value: aBundle(['b']) })
      expect(asked).toEqual(['held', undefined])
    })
  }

  it('is taken whole from a service that knows no changes, and asked for whole by a phone that holds none', async () => {
    const wire = { signed: <T>(call: Call): Promise<Reply<T>> => Promise.resolve({ kind: 'ok', value: aBundle([call.headers?.['x-day-cursor'] ?? 'none']) as T }) }
    const ofAnEarlierApp: Partial<DayBundle> = aBundle(['a'])
    delete ofAnEarlierApp.cursor

    expect(await askDay(wire, '/day', { ...aBundle(['a']), cursor: 'held' })).toEqual({ kind: 'ok', value: aBundle(['held']) })
    expect(await askDay(wire, '/day', ofAnEarlierApp as DayBundle)).toEqual({ kind: 'ok', value: aBundle(['none']) })
    expect(await askDay(wire, '/day', null)).toEqual({ kind: 'ok', value: aBundle(['none']) })
  })
})
