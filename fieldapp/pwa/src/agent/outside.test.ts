import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import golden from '../../../../tests/golden/conduct_ruleset.json' with { type: 'json' }
import { readRuleset } from '../domain/conduct.ts'
import { dangerBody } from '../domain/danger.ts'
import { readBody } from '../domain/visit.ts'
import { readEnvelope } from '../outbox/envelopes'
import { beginOutside, checkIn, closeVisit, drafts, giveUpOutside, goOnWith, loadDraft, saveDraft } from './actions'
import { dayOf, lastPlace, readItem } from './day'
import { bodyOf, isBegun, offered, withMet, withOutcome, type Draft } from './draft'
import { kept, opened } from './keptDraft'
import { continued, othersAt } from './oneDoor'
import { isElsewhere, madeOutside, metOutside, outsideStop } from './outside'
import { storage } from './phone.svelte'
import { rule } from './rules'
import { aBundle, aStop } from './testing'
import { openPhone } from './testingPhone'
import type { StopCard } from './shapes'
import { typing } from './visit/typing'

const [A, B] = ['0198a3c2-7f00-7abc-8def-00000000000a', '0198a3c2-7f00-7abc-8def-00000000000b'] as const
const AT = '2026-11-23T09:10:00.000Z'
const bundle = aBundle([A, B])
const OFF = { position: null, reason: 'off' } as const

// A Monday morning, whenever this is read.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(AT) + 600_000 })
  return openPhone(bundle)
})
afterEach(() => void vi.useRealTimers())

async function items() {
  return (await storage.ofKind('envelope')).map(readItem)
}

async function met(draft: Draft): Promise<Draft> {
  const arrived = await checkIn({ ...draft, arrived_at: AT }, OFF)
  return { ...withOutcome({ ...withMet(arrived, 'debtor'), identified_by: 'known', identified_self: true }, 'REFUSES'), answers: { reason: 'not_said' } }
}

describe('a visit outside the plan', () => {
  it('is written as one of no stop, at arrival and in its report, and says where it was', async () => {
    const { draft } = await closeVisit(await met(await beginOutside(aStop(A), 'public_place')), typing)

    const bodies = (await items()).map((item) => item.body)
    expect(bodies.map(({ stop_id, unplanned, practice_id }) => [stop_id, unplanned, practice_id])).toEqual([
      [null, 'public_place', A], [null, 'public_place', A],
    ])
    expect(bodies.every((body) => body.visit_id === draft.visit_id)).toBe(true)
    expect(readBody(bodies.at(-1)).kind).toBe('ok')
  })

  it('leaves the stop of the plan to be made and the reserve in reserve', async () => {
    const spare = { ...aStop(B, 2), reserve: true }
    const day = { ...bundle, stops: [aStop(A), spare] }
    await openPhone(day)
    for (const stop of day.stops) await closeVisit(await met(await beginOutside(stop, 'address')), typing)

    const now = dayOf(day, await items(), [])
    expect([now.next?.stop_id, now.reserve.map((stop) => stop.stop_id), now.done]).toEqual([A, [B], []])
    expect(madeOutside(await items(), bundle.day)).toHaveLength(2)
  })

  it('lies on the phone from its beginning, and is gone when it is given up', async () => {
    const begun = await beginOutside(aStop(A), 'workplace')

    expect(await loadDraft(begun.stop.stop_id)).toMatchObject({ visit_id: begun.visit_id, unplanned: { of: A, place: 'workplace' } })
    expect(isBegun(begun)).toBe(false)
    await giveUpOutside(begun)
    expect(await loadDraft(begun.stop.stop_id)).toBeNull()
  })

  it('stands beside a visit of the plan to the same practice', async () => {
    const planned = await saveDraft({ ...(await beginOutside(aStop(A), 'address')), visit_id: B, stop: aStop(A), unplanned: null, written: 0 })
    const outside = await beginOutside(aStop(A), 'public_place')

    expect((await loadDraft(A))?.visit_id).toBe(planned.visit_id)
    expect((await loadDraft(outside.stop.stop_id))?.visit_id).toBe(outside.visit_id)
  })

  it('keeps nothing of the case while the debtor was not met, and finds it again by the stop of the day', async () => {
    const begun = await beginOutside(aStop(A), 'public_place')
    const lying = kept(begun)

    expect(JSON.stringify(lying)).not.toContain('75000')
    expect(lying).not.toHaveProperty('payments')
    const again = opened(lying, bundle.stops)
    expect(again.stop).toEqual(outsideStop(aStop(A), { id: begun.stop.stop_id, place: 'public_place' }))
    expect(opened(lying, []).stop.practice.owed_cents).toBe(0)
  })

  it('names no stop when help is called', async () => {
    const begun = await beginOutside(aStop(A), 'public_place')

    expect(dangerBody(begun, { id: B, at: AT })).toMatchObject({ visit_id: begun.visit_id, stop_id: null, practice_id: A })
  })

  it('ends with what was said there, and with nothing about a door or an address', () => {
    const codes = (place: 'address' | 'public_place', who: 'nobody' | 'third_party' | 'debtor'): string[] => {
      const { common, rest } = offered({ met: who, unplanned: { of: A, place }, stop: aStop(A) })
      return [...common, ...rest].map((entry) => entry.code)
    }

    expect(codes('public_place', 'nobody')).not.toContain('ABSENT_NOTICE_LEFT')
    expect(codes('public_place', 'third_party')).not.toContain('MOVED')
    expect(codes('public_place', 'third_party')).toContain('THIRD_PARTY_MET')
    expect(codes('public_place', 'debtor')).toEqual(codes('address', 'debtor'))
    expect(codes('address', 'nobody')).toContain('ABSENT_NOTICE_LEFT')
  })

  it('says when the debtor was met, and nothing of who was not found', async () => {
    await closeVisit(await met(await beginOutside(aStop(A), 'public_place')), typing)
    const missed = await checkIn({ ...(await beginOutside(aStop(B), 'public_place')), arrived_at: AT }, OFF)
    await closeVisit({ ...withOutcome(withMet(missed, 'nobody'), 'NOT_MADE'), answers: { reason: 'time' } }, typing)

    expect(metOutside(await items(), { practiceId: A, day: bundle.day })).toBe(AT)
    expect(metOutside(await items(), { practiceId: B, day: bundle.day })).toBeNull()
    expect(metOutside(await items(), { practiceId: A, day: '2026-11-24' })).toBeNull()
  })

  it.each([['address', A], ['public_place', undefined]] as const)('leaves open where the agent is, unless it was at the door: %s', async (place, where) => {
    await closeVisit(await met(await beginOutside(aStop(A), place)), typing)

    expect(lastPlace(bundle.stops, await items())?.stop_id).toBe(where)
  })
})

describe('the rules of conduct and a visit outside the plan', () => {
  const read = readRuleset(golden)
  if (read.kind !== 'ok') throw read.refusal
  const practice = {
    creditor: 'creditor', debtor_kind: 'consumer', placement_starts_on: '2026-11-01', placement_ends_on: '2026-12-31', states: [],
    oldest_due_on: '2026-01-01', letters: [{ level: 1, sent_on: '2026-09-01' }, { level: 2, sent_on: '2026-10-01' }], contacts: [],
    happened: [], appointments: [], cash_received: [], electronic_consent: false, time_barred_on: null, approvals: [],
  }
  const at = (state: string): StopCard => {
    const stop = aStop(A)
    const address = { kind: 'home', state, comune: 'Lodi', province: 'LO', given_by_debtor: false }
    return { ...stop, practice: { ...stop.practice, conduct_facts: { practice, agent: null, addresses: { [stop.address.id]: address } } } }
  }
  const asked = async (stop: StopCard): Promise<string[]> =>
    rule({ kind: 'visit', at: AT, duration_s: 0 }, stop, { ruleset: read.value, stops: [], payments: [], items: await items(), askedNo: 0, reports: [] }).findings.map((one) => one.code)

  it('are asked about the place: a workplace that nobody named, and no doubt about the address elsewhere', async () => {
    const outside = (place: 'address' | 'public_place' | 'workplace') => asked(outsideStop(at('doubtful'), { id: B, place }))

    expect(await outside('address')).toContain('conduct.address_doubtful')
    expect(await outside('workplace')).toContain('conduct.workplace')
    for (const place of ['public_place', 'workplace'] as const) expect(await outside(place)).not.toContain('conduct.address_doubtful')
    expect(await outside('public_place')).not.toContain('conduct.workplace')
  })

  it('count it at the door of the plan, and the door before it', async () => {
    expect(await asked(at('confirmed'))).toEqual([])
    await closeVisit(await met(await beginOutside(at('confirmed'), 'public_place')), typing)

    for (const stop of [at('confirmed'), outsideStop(at('confirmed'), { id: B, place: 'public_place' })]) {
      expect(await asked(stop)).toEqual(expect.arrayContaining(['conduct.conversations_today', 'conduct.visits_today']))
    }
  })
})

describe('two practices of one person, met outside the plan', () => {
  const sought = (id: string): StopCard => {
    const stop = aStop(id)
    const [debtor] = stop.practice.obligors
    if (!debtor) throw new Error('the builder knows a debtor')
    return { ...stop, practice: { ...stop.practice, obligors: [{ ...debtor, tax_code: 'BNCMRA80A01E648Z' }] } }
  }

  it('are never one practice and itself', () => {
    const outside = outsideStop(sought(A), { id: 'other', place: 'address' })

    expect(othersAt(outside, [sought(A), sought(B)]).map((stop) => stop.stop_id)).toEqual([B])
  })

  it('are both outside the plan where the meeting was elsewhere; at the door the second is the visit of the plan', async () => {
    const first = await met(await beginOutside(sought(A), 'public_place'))
    const atDoor = await met(await beginOutside(sought(A), 'address'))

    const next = await goOnWith(first, sought(B))
    expect(isElsewhere(next)).toBe(true)
    expect(next.stop.stop_id).not.toBe(B)
    expect(bodyOf(next, { leftAt: AT, appVersion: 'test', offline: true, typing })).toMatchObject({
      stop_id: null, unplanned: 'public_place', with_visit_id: first.visit_id, practice_id: B,
    })
    expect(continued(atDoor, sought(B), { visitId: 'new' })).toMatchObject({ stop: { stop_id: B } })
    expect(continued(atDoor, sought(B), { visitId: 'new' }).unplanned).toBeUndefined()
    expect((await drafts.load(next.stop.stop_id))?.visit_id).toBe(next.visit_id)
  })
})

it('is read back from its envelope as what it is', async () => {
  await closeVisit(await met(await beginOutside(aStop(A), 'workplace')), typing)
  const report = (await storage.ofKind('envelope')).map(readEnvelope).find((one) => one.kind === 'visit')

  expect(report?.text).toContain('"unplanned":"workplace"')
})
