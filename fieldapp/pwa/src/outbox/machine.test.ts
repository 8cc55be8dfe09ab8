import { describe, expect, it } from 'vitest'
import {
  EMPTY, hasWork, LARGEST_BATCH, LONGEST_WAIT_MS, next, SIDE_BY_SIDE, step, URGENT_WAIT_MS,
  type Answer, type Fact, type Picture, type Sync, type VerdictSaid,
} from './machine'
import type { Trouble } from './wire'

const fact = (seq: number, more: Partial<Fact> = {}): Fact => ({
  id: `e${String(seq)}`, seq, state: 'waiting', notBefore: 0, pictures: [], ...more,
})
const picture = (sha256: string, part: Picture['part'], seq = 1, state: Picture['state'] = 'waiting'): Picture => ({
  sha256, part, seq, state,
})
const load = (facts: Fact[], pictures: Picture[] = []): Sync => step(EMPTY, { kind: 'loaded', facts, pictures })
const sent = (sync: Sync, now = 0): Sync => {
  const request = next(sync, now)
  if (request.kind === 'rest' || request.kind === 'wait') throw new Error(`nothing to send: ${request.kind}`)
  return step(sync, { kind: 'sent', request })
}
const answer = (sync: Sync, said: Answer, now = 0): Sync => step(sync, { kind: 'answered', answer: said, now, luck: 0.5 })
const verdicts = (list: VerdictSaid[], missing: string[] = []): Answer => ({ kind: 'verdicts', verdicts: list, missing })
const failure = (trouble: Trouble, retryAfterMs: number | null = null): Answer => ({ kind: 'failed', trouble, retryAfterMs })
const statesOf = (sync: Sync): string[] => sync.facts.map((item) => item.state)

describe('the outbox', () => {
  it('sends one request at a time (1)', () => {
    const busy = sent(load([fact(1), fact(2)]))

    expect(next(busy, 0)).toEqual({ kind: 'rest' })
    expect(step(busy, { kind: 'sent', request: { kind: 'put', sha256s: ['x'] } }).flight).toEqual(busy.flight)
  })

  it('sends facts in device order, however storage lists them (2)', () => {
    expect(next(load([fact(3), fact(1), fact(2)]), 0)).toEqual({ kind: 'push', ids: ['e1', 'e2', 'e3'] })
  })

  it('does not overtake a fact that can still be undone (2)', () => {
    const sync = load([fact(1), fact(2, { notBefore: 500 }), fact(3)])

    expect(next(sync, 0)).toEqual({ kind: 'push', ids: ['e1'] })
    expect(next(load([fact(2, { notBefore: 500 }), fact(3)]), 0)).toEqual({ kind: 'wait', until: 500 })
    expect(next(sync, 500)).toEqual({ kind: 'push', ids: ['e1', 'e2', 'e3'] })
  })

  it('sends an alarm before everything, alone, whatever rests (12)', () => {
    const sync = load([fact(1), fact(2, { notBefore: 500 }), fact(3, { urgent: true })])

    expect(next(sync, 0)).toEqual({ kind: 'push', ids: ['e3'] })
    const heard = answer(sent(sync), verdicts([{ id: 'e3', verdict: 'accepted' }]))
    expect(next(heard, 0)).toEqual({ kind: 'push', ids: ['e1'] })
  })

  it('never pauses long while an alarm waits, however often it failed (12)', () => {
    let sync = load([fact(1, { urgent: true })])
    for (let now = 0, tries = 0; tries < 12; tries += 1, now = sync.quietUntil) {
      sync = answer(sent(sync, now), failure(tries % 2 ? 'not_allowed' : 'unreachable'), now)
      expect(sync.quietUntil - now).toBeLessThanOrEqual(URGENT_WAIT_MS)
    }
  })

  it('settles nothing and waits for nothing when a request was broken off (12)', () => {
    const broken = step(sent(load([fact(1)])), { kind: 'broken_off' })

    expect(statesOf(broken)).toEqual(['waiting'])
    expect(next(broken, 0)).toEqual({ kind: 'push', ids: ['e1'] })
  })

  it('lets a fact go only by a verdict for its own id (3)', () => {
    const after = answer(sent(load([fact(1), fact(2)])), verdicts([{ id: 'e1', verdict: 'accepted' }, { id: 'e9', verdict: 'refused' }]))

    expect(statesOf(after)).toEqual(['accepted', 'waiting'])
    expect(after.quietUntil).toBeGreaterThan(0)
  })

  it.each([
    ['accepted', 'accepted'],
    ['duplicate', 'accepted'],
    ['conflict', 'conflict'],
    ['refused', 'refused'],
  ] as const)('takes %s as %s and shows what a person must decide (3)', (verdict, state) => {
    expect(statesOf(answer(sent(load([fact(1)])), verdicts([{ id: 'e1', verdict }])))).toEqual([state])
  })

  it('keeps what is settled when an older reading of storage comes late (4)', () => {
    const settled = answer(sent(load([fact(1)])), verdicts([{ id: 'e1', verdict: 'accepted' }]))

    expect(statesOf(step(settled, { kind: 'loaded', facts: [fact(1)], pictures: [] }))).toEqual(['accepted'])
  })

  it.each(['unreachable', 'captive', 'not_recognised', 'not_allowed', 'update_needed', 'slow_down', 'office_down'] as const)(
    'settles nothing when the request meets %s, names it and waits (5, 8)',
    (trouble) => {
      const after = answer(sent(load([fact(1)])), failure(trouble), 1_000)

      expect(statesOf(after)).toEqual(['waiting'])
      expect(after.trouble).toBe(trouble)
      expect(next(after, 1_000)).toMatchObject({ kind: 'wait' })
      expect(after.quietUntil - 1_000).toBeLessThanOrEqual(LONGEST_WAIT_MS)
    },
  )

  it('sends a picture only after its fact was accepted, and only when it is missing (6)', () => {
    const pictures = [picture('a', 'original'), picture('b', 'original')]
    const before = load([fact(1, { pictures: ['a', 'b'] }), fact(2, { state: 'refused', pictures: ['c'] })], [...pictures, picture('c', 'small', 2)])
    expect(next(before, 0)).toEqual({ kind: 'push', ids: ['e1'] })

    const accepted = answer(sent(before), verdicts([{ id: 'e1', verdict: 'accepted' }]))
    expect(next(accepted, 0)).toEqual({ kind: 'ask', sha256s: ['a', 'b'] })

    const asked = answer(sent(accepted), { kind: 'states', states: [{ sha256: 'a', stored: true }, { sha256: 'b', stored: false }] })
    expect(next(asked, 0)).toEqual({ kind: 'put', sha256s: ['b'] })

    const done = answer(sent(asked), { kind: 'put', states: [{ sha256: 'b', stored: true }], failures: [] })
    expect(hasWork(done)).toBe(false)
  })

  it('sends facts before small pictures before originals (7)', () => {
    const accepted = { state: 'accepted' as const, pictures: ['big', 'tiny'] }
    const pictures = [picture('big', 'original', 1, 'missing'), picture('tiny', 'small', 1, 'missing')]
    const first = load([fact(1, accepted), fact(2)], pictures.map((item) => ({ ...item, state: 'waiting' })))
    expect(next(first, 0)).toEqual({ kind: 'push', ids: ['e2'] })

    const asked = answer(sent(load([fact(1, accepted)], pictures.map((item) => ({ ...item, state: 'waiting' })))), {
      kind: 'states', states: [{ sha256: 'big', stored: false }, { sha256: 'tiny', stored: false }],
    })
    expect(next(asked, 0)).toEqual({ kind: 'put', sha256s: ['tiny'] })
  })

  it('asks how much the office holds of what broke off, and goes on from there (22)', () => {
    const begun = answer(sent(load([fact(1, { pictures: ['aa'] })], [picture('aa', 'original')])), verdicts([{ id: 'e1', verdict: 'accepted' }], ['aa']))
    const partly = answer(sent(begun), { kind: 'put', states: [{ sha256: 'aa', stored: false, offset: 700 }], failures: [] })
    const cut = answer(sent(partly), { kind: 'put', states: [], failures: [{ sha256: 'aa', trouble: 'unreachable', retryAfterMs: null }] })
    const asked = answer(sent(cut, cut.quietUntil), { kind: 'states', states: [{ sha256: 'aa', stored: false, offset: 900 }] })

    expect(partly.pictures).toEqual([{ sha256: 'aa', part: 'original', seq: 1, state: 'missing', offset: 700 }])
    expect(next(partly, 0)).toEqual({ kind: 'put', sha256s: ['aa'] })
    expect(next(cut, cut.quietUntil)).toEqual({ kind: 'ask', sha256s: ['aa'] })
    expect(asked.pictures[0]).toMatchObject({ state: 'missing', offset: 900 })
    expect(step(asked, { kind: 'loaded', facts: asked.facts, pictures: [picture('aa', 'original')] }).pictures[0]).toMatchObject({ offset: 900 })
    expect(step(sent(asked), { kind: 'broken_off' }).pictures[0]).toEqual(picture('aa', 'original'))
  })

  it('lets what was written meanwhile overtake an original between two of its parts (7, 22)', () => {
    const begun = answer(sent(load([fact(1, { pictures: ['aa'] })], [picture('aa', 'original')])), verdicts([{ id: 'e1', verdict: 'accepted' }], ['aa']))
    const partly = answer(sent(begun), { kind: 'put', states: [{ sha256: 'aa', stored: false, offset: 700 }], failures: [] })

    expect(next(step(partly, { kind: 'loaded', facts: [...partly.facts, fact(2)], pictures: partly.pictures }), 0)).toEqual({ kind: 'push', ids: ['e2'] })
  })

  it('sends pictures of one kind side by side, each with an answer of its own (1, 7, 9)', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const pictures = [picture('big', 'original', 1, 'missing'), ...names.map((name) => picture(name, 'small', 1, 'missing'))]
    const before = load([fact(1, { state: 'accepted', pictures: ['big', ...names] })], pictures)
    expect(next(before, 0)).toEqual({ kind: 'put', sha256s: names.slice(0, SIDE_BY_SIDE.small) })

    const failures = [{ sha256: 'b', trouble: 'too_large', retryAfterMs: null }, { sha256: 'c', trouble: 'unreachable', retryAfterMs: null }] as const
    const after = answer(sent(before), { kind: 'put', states: [{ sha256: 'a', stored: true }, { sha256: 'd', stored: true }], failures })
    const stateOf = new Map(after.pictures.map((item) => [item.sha256, item.state]))

    expect(names.map((name) => stateOf.get(name))).toEqual(['stored', 'held', 'waiting', 'stored', 'waiting', 'waiting', 'missing'])
    expect(after.trouble).toBe('unreachable')
    expect(next(after, 0)).toMatchObject({ kind: 'wait' })
    expect(next(step(after, { kind: 'nudged' }), 0)).toMatchObject({ kind: 'ask', sha256s: ['b', 'c', 'e', 'f'] })
  })

  it('waits longer each time, never too long, and a nudge ends the wait (8)', () => {
    let sync = load([fact(1)])
    const waits: number[] = []
    for (let now = 0; waits.length < 20; now = sync.quietUntil) {
      sync = answer(sent(sync, now), failure('unreachable'), now)
      waits.push(sync.quietUntil - now)
    }

    expect(waits[1]).toBe(2 * (waits[0] ?? 0))
    expect(Math.max(...waits)).toBeLessThanOrEqual(LONGEST_WAIT_MS)
    expect(next(step(sync, { kind: 'nudged' }), 0)).toMatchObject({ kind: 'push' })
  })

  it('waits no longer when the clock was set back than it would have anyway (10)', () => {
    const [today, tomorrow] = [1_000_000, 1_000_000 + 86_400_000]
    const quiet = answer(sent(load([fact(1)]), tomorrow), failure('office_down'), tomorrow)
    const resting = load([fact(1, { notBefore: tomorrow + 10_000 })])

    expect(next(quiet, tomorrow)).toMatchObject({ kind: 'wait' })
    expect(next(quiet, today)).toMatchObject({ kind: 'push' })
    expect(next(resting, tomorrow)).toMatchObject({ kind: 'wait' })
    expect(next(resting, today)).toMatchObject({ kind: 'push' })
  })

  it('halves a batch that cannot be taken until the bad one stands alone and is put aside (9)', () => {
    let sync = load(Array.from({ length: 8 }, (_, at) => fact(at + 1)))
    for (let guard = 0; guard < 60 && hasWork(sync); guard += 1) {
      sync = sent(sync)
      const ids = sync.flight?.kind === 'push' ? sync.flight.ids : []
      const bad = ids.includes('e5')
      sync = answer(sync, bad ? failure('too_large') : verdicts(ids.map((id) => ({ id, verdict: 'accepted' }))))
    }

    expect(sync.facts.filter((item) => item.state === 'held').map((item) => item.id)).toEqual(['e5'])
    expect(sync.facts.filter((item) => item.state === 'accepted')).toHaveLength(7)
  })
})

/** mulberry32: a small generator, so that a failing run can be repeated from its printed seed. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A service with one memory: verdicts are given once and repeated for ever. */
class Office {
  readonly verdicts = new Map<string, 'accepted' | 'refused'>()
  readonly applied: string[] = []
  readonly pictures = new Set<string>()

  push(ids: readonly string[], facts: readonly Fact[]): Answer {
    const said = ids.map((id): VerdictSaid => {
      const before = this.verdicts.get(id)
      if (before) return { id, verdict: before === 'accepted' ? 'duplicate' : 'refused' }
      const verdict = id.endsWith('7') ? 'refused' : 'accepted'
      this.verdicts.set(id, verdict)
      this.applied.push(id)
      return { id, verdict }
    })
    const named = facts.filter((item) => ids.includes(item.id)).flatMap((item) => item.pictures)
    return verdicts(said, named.filter((sha256) => !this.pictures.has(sha256)))
  }
}

const TROUBLES: Trouble[] = ['unreachable', 'captive', 'not_recognised', 'not_allowed', 'too_large', 'update_needed', 'slow_down', 'office_down', 'not_understood']

function holds(invariant: boolean, name: string): void {
  if (!invariant) throw new Error(`broken: ${name}`)
}

/** One random life of a phone: writing, sending, answers lost on the way back, crashes, reloads, nudges. */
function live(seed: number, steps: number): { office: Office; sync: Sync; stored: Fact[]; pictures: Picture[] } {
  const luck = chance(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(luck() * list.length)] as T
  const office = new Office()
  let stored: Fact[] = []
  let pictures: Picture[] = []
  let sync = EMPTY
  let now = 0
  const reload = (): void => void (sync = step(sync, { kind: 'loaded', facts: stored, pictures }))
  const persist = (): void => {
    stored = stored.map((item) => sync.facts.find((known) => known.id === item.id) ?? item)
    pictures = pictures.filter((item) => sync.pictures.find((known) => known.sha256 === item.sha256)?.state !== 'stored')
  }
  for (let at = 0; at < steps; at += 1) {
    now += Math.floor(luck() * 3_000)
    const what = luck()
    if (what < 0.06) {
      const seq = stored.length + 1
      const names = luck() < 0.4 ? [`s${String(seq)}`, `o${String(seq)}`] : []
      stored = [...stored, fact(seq, { notBefore: luck() < 0.3 ? now + 5_000 : 0, pictures: names })]
      pictures = [...pictures, ...names.map((name) => picture(name, name.startsWith('s') ? 'small' : 'original', seq))]
      reload()
    } else if (what < 0.1) {
      sync = EMPTY // a crash: only storage remains
      reload()
    } else if (what < 0.14) {
      sync = step(sync, { kind: 'nudged' })
    } else if (!sync.flight) {
      const request = next(sync, now)
      if (request.kind === 'wait') now = Math.max(now, request.until)
      else if (request.kind !== 'rest') {
        if (request.kind === 'push') {
          const seqs = request.ids.map((id) => stored.find((item) => item.id === id)?.seq ?? 0)
          holds(seqs.every((seq, i) => i === 0 || seq > (seqs[i - 1] ?? 0)), 'device order')
          holds(request.ids.length <= LARGEST_BATCH, 'batch size')
          holds(request.ids.every((id) => (stored.find((item) => item.id === id)?.notBefore ?? 0) <= now), 'rest')
        }
        sync = step(sync, { kind: 'sent', request })
      }
    } else {
      const flight = sync.flight
      const fate = luck()
      let said: Answer = failure(pick(TROUBLES))
      if (fate > 0.3) {
        if (flight.kind === 'push') said = office.push(flight.ids, stored)
        else if (flight.kind === 'ask') {
          said = { kind: 'states', states: flight.sha256s.map((sha256) => ({ sha256, stored: office.pictures.has(sha256) })) }
        } else {
          holds(new Set(flight.sha256s.map((sha256) => sha256.charAt(0))).size === 1, 'one kind at a time')
          const reached = flight.sha256s.filter(() => luck() < 0.8)
          for (const sha256 of reached) {
            holds(office.verdicts.get(`e${sha256.slice(1)}`) === 'accepted', 'facts before pictures')
            office.pictures.add(sha256)
          }
          const failures = flight.sha256s.flatMap((sha256) => (reached.includes(sha256) ? [] : [{ sha256, trouble: pick(TROUBLES), retryAfterMs: null }]))
          said = { kind: 'put', states: reached.map((sha256) => ({ sha256, stored: true })), failures }
        }
        if (fate < 0.45) said = failure('unreachable') // the office took it, the answer was lost
      }
      const before = sync
      sync = step(sync, { kind: 'answered', answer: said, now, luck: luck() })
      for (const item of before.facts) {
        const after = sync.facts.find((known) => known.id === item.id)?.state
        if (item.state !== 'waiting' && item.state !== 'held') holds(after === item.state, 'settled stays settled')
        if (after === 'accepted' || after === 'refused') holds(office.verdicts.get(item.id) === after, 'own verdict')
      }
      if (luck() < 0.9) persist() // else: a crash between the answer and writing it down
    }
  }
  return { office, sync, stored, pictures }
}

describe('any interleaving', () => {
  // 40 lives of 500 steps: half from a fixed seed, half from one that every run draws anew and names.
  const drawn = Math.floor(Math.random() * 2 ** 30)
  const seeds = Array.from({ length: 20 }, (_, at) => [1_000 + at, drawn + at]).flat()

  it.each(seeds)('loses nothing, applies nothing twice and ends visible (seed %i)', (seed) => {
    const life = live(seed, 500)
    const { office, stored } = life
    const { pictures } = life
    // The weather clears: everything that can leave does.
    let now = Number.MAX_SAFE_INTEGER / 2
    let sync = step(step(EMPTY, { kind: 'loaded', facts: stored.map((item) => (item.state === 'held' ? { ...item, state: 'waiting' } : item)), pictures }), { kind: 'nudged' })
    for (let guard = 0; guard < 5_000 && hasWork(sync); guard += 1) {
      const request = next(sync, now)
      if (request.kind === 'wait') {
        now = request.until
        continue
      }
      if (request.kind === 'rest') break
      sync = step(sync, { kind: 'sent', request })
      let said: Answer
      if (request.kind === 'push') said = office.push(request.ids, stored)
      else if (request.kind === 'ask') said = { kind: 'states', states: request.sha256s.map((sha256) => ({ sha256, stored: office.pictures.has(sha256) })) }
      else {
        for (const sha256 of request.sha256s) office.pictures.add(sha256)
        said = { kind: 'put', states: request.sha256s.map((sha256) => ({ sha256, stored: true })), failures: [] }
      }
      sync = answer(sync, said, now)
    }

    expect(new Set(office.applied).size).toBe(office.applied.length)
    expect([...office.verdicts.keys()].sort()).toEqual(stored.map((item) => item.id).sort())
    for (const item of sync.facts) expect(['accepted', 'refused']).toContain(item.state)
    const named = sync.facts.filter((item) => item.state === 'accepted').flatMap((item) => item.pictures)
    expect(named.filter((sha256) => !office.pictures.has(sha256))).toEqual([])
  })
})
