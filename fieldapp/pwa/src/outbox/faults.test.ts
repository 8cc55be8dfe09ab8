/// <reference types="node" />
import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Office, type Books, type Death } from './faults.ground'
import { Progress } from './faults.progress'
import { World, type Action, type Weather } from './faults.world'
import { TROUBLES } from './wire'

const STEPS = Number(process.env['FIELDAPP_FAULT_STEPS'] ?? 1_000)
/** Looking for the shortest way to a failure takes long. */
const SHRINK = 'FIELDAPP_FAULT_SHRINK' in process.env
/** Of all four parts together, each its share: after that no further run is begun, and what was run counts. */
const SECONDS = Number(process.env['FIELDAPP_FAULT_SECONDS'] ?? Infinity)
const RUN = 100
const FIXED_SEED = 20_261_126

const dies: fc.Arbitrary<Death | null> = fc.option(fc.record({ at: fc.nat(12), after: fc.boolean() }), { freq: 3 })
const tab = fc.nat(1)
const what = fc.constantFrom('call', 'visit', 'payment', 'alarm', 'reading', 'answer', 'correction')
const weather: fc.Arbitrary<Weather> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'good' as const }) },
  { weight: 4, arbitrary: fc.constantFrom('lost', 'cut', 'doubled', 'late').map((kind) => ({ kind })) },
  { weight: 2, arbitrary: fc.constantFrom('before', 'after').map((when) => ({ kind: 'office dies' as const, when })) },
  { weight: 2, arbitrary: fc.constantFrom(...TROUBLES).map((trouble) => ({ kind: 'trouble' as const, trouble })) },
)
// The first is the simplest: what a failing run shrinks to.
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 500, 11_000, 400_000).map((ms) => ({ kind: 'pass' as const, ms })) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('write' as const), tab, what, dies }) },
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('turn' as const), tab, weather, nudge: fc.boolean(), dies }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('both' as const), what, weather, dies }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('hold' as const), tab, dies }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hold both' as const), dies }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('close visit' as const), tab, dies }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('take back' as const), tab, dies }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('close' as const), tab }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('lock' as const), tab }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pin' as const), tab, right: fc.boolean(), dies }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('new pin' as const), tab, right: fc.boolean(), dies }) },
  { weight: 2, arbitrary: fc.constantFrom(1_000, 60_000, 3_600_000).map((ms) => ({ kind: 'wait' as const, ms })) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pins to the end' as const), tab, dies }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forgotten' as const), tab, dies }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'late arrives' as const }) },
  { weight: 2, arbitrary: fc.constantFrom(-2, -1, 1, 2).map((days) => ({ kind: 'set clock' as const, days })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'forget' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reinstall' as const }) },
)

let office: Office
const progress = new Progress()
beforeAll(() => {
  office = new Office()
})
afterAll(async () => {
  const { in_parts } = await office.ask<Books>({ ask: 'books' })
  office.close()
  progress.tell(', ended')
  expect(in_parts).toBeGreaterThan(progress.steps / 1_300)
})

async function live(actions: readonly Action[]): Promise<void> {
  if (progress.over) return
  const world = new World(office)
  await world.begin()
  try {
    for (const [at, next] of actions.entries()) {
      progress.step()
      await world.act(next)
      if (at % 8 === 0) expect(await world.check()).toEqual([])
    }
    expect(await World.settle(world)).toEqual([])
  } finally {
    world.close()
  }
}

/** Two phones of one agent, each with its windows, numbers and weather, before the one office. */
async function liveWithTwo(actions: readonly { readonly phone: number; readonly action: Action }[]): Promise<void> {
  if (progress.over) return
  const phones = [new World(office, 0), new World(office, 1)] as const
  try {
    for (const [at, phone] of phones.entries()) await phone.begin({ beside: at > 0 })
    for (const [at, next] of actions.entries()) {
      const phone = phones[next.phone] ?? phones[0]
      progress.step()
      await phone.act(next.action)
      if (at % 8 === 0) expect(await phone.check()).toEqual([])
    }
    expect(await World.settle(...phones)).toEqual([])
  } finally {
    for (const phone of phones) phone.close()
  }
}

describe('phone and office, whatever happens between and to them', () => {
  it.each([
    ['fixed', FIXED_SEED],
    ['random', Math.floor(Math.random() * 2 ** 31)],
  ])('lose nothing, apply nothing twice, and everything ends visible (%s seed %i)', async (kind, seed) => {
    progress.begin(`one phone, ${kind} seed`, seed, SECONDS * 0.4)
    const numRuns = Math.ceil(STEPS / 2 / RUN)
    await fc.assert(fc.asyncProperty(fc.array(action, { minLength: RUN, maxLength: RUN }), live), { seed, numRuns, endOnFailure: !SHRINK })
  }, 60_000 + STEPS * 60)

  it.each([
    ['fixed', FIXED_SEED],
    ['random', Math.floor(Math.random() * 2 ** 31)],
  ])('do the same with two phones of one agent (%s seed %i)', async (kind, seed) => {
    progress.begin(`two phones, ${kind} seed`, seed, SECONDS * 0.1)
    const numRuns = Math.ceil(STEPS / 8 / RUN)
    const both = fc.array(fc.record({ phone: fc.nat(1), action }), { minLength: RUN, maxLength: RUN })
    await fc.assert(fc.asyncProperty(both, liveWithTwo), { seed, numRuns, endOnFailure: !SHRINK })
  }, 60_000 + STEPS * 60)
})
