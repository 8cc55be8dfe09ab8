import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { openStorage } from '../outbox/storage'
import { asksNext, dayRecord, daysOn, heldDay, outdated, workingDay } from './days'
import { aBundle } from './testing'

const DAYS = ['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25']
const nothing = { items: [], drafts: [] }
const written = (planned_day: string, state: 'waiting' | 'refused' | 'accepted') => ({ state, body: { planned_day } })

describe('the days on the phone', () => {
  it('are today’s to work on and never tomorrow’s before its date', () => {
    expect(workingDay(DAYS, '2026-11-23')).toBe('2026-11-23')
    expect(workingDay(['2026-11-22', '2026-11-24'], '2026-11-23')).toBe('2026-11-22')
    expect(workingDay(['2026-11-24'], '2026-11-23')).toBeNull()
    expect(workingDay(['2026-11-24'], '2026-11-24')).toBe('2026-11-24')
  })

  it('go once everything written on them has a verdict, and a later one when another is next', () => {
    expect(outdated(DAYS, { today: '2026-11-23', next: '2026-11-24', ...nothing })).toEqual(['2026-11-22', '2026-11-25'])
  })

  for (const [what, rest] of [
    ['a report that waits', { ...nothing, items: [written('2026-11-22', 'waiting')] }],
    ['a report that was refused', { ...nothing, items: [written('2026-11-22', 'refused')] }],
    ['an open visit', { ...nothing, drafts: [{ planned_day: '2026-11-22' }] }],
  ] as const) {
    it(`stay for ${what}`, () => {
      expect(outdated(DAYS, { today: '2026-11-23', next: '2026-11-24', ...rest })).toEqual(['2026-11-25'])
    })
  }

  it('do not stay for what the office has accepted', () => {
    const items = [written('2026-11-22', 'accepted')]

    expect(outdated(DAYS, { today: '2026-11-23', next: null, items, drafts: [] })).toEqual(['2026-11-22', '2026-11-24', '2026-11-25'])
  })

  it('bring the next one anew when it is another, and each hour what changed in it', () => {
    const bundle = aBundle(['a'])
    const kept = { bundle, fetched_ms: 10_000_000 }

    expect(asksNext(null, bundle.version, 10_000_000)).toBe(true)
    expect(asksNext(kept, bundle.version + 1, 10_000_000)).toBe(true)
    expect(asksNext(kept, bundle.version, 13_599_999)).toBe(false)
    expect(asksNext(kept, bundle.version, 13_600_000)).toBe(true)
    expect(asksNext(kept, bundle.version, 1), 'whose clock was put back').toBe(true)
  })

  it('are told apart by their keys from the documents kept beside them', async () => {
    const storage = openStorage('days')
    const held = { bundle: aBundle(['a']), fetched_ms: 1 }
    await storage.write({ put: [dayRecord(held), { key: 'document:1', kind: 'day', state: 'document', seq: 0, bytes: new Uint8Array(3) }] })

    expect(await daysOn(storage)).toEqual(['2026-11-23'])
    expect(await heldDay(storage, '2026-11-23')).toEqual(held)
  })
})
