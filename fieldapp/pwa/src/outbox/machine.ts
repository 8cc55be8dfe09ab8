/**
 * Sync as a pure state machine: what to send next, and what an answer changes. No clock, no network, no storage.
 *
 * Invariants, each with its test:
 *  1. One request at a time; a few pictures that go side by side are one.
 *  2. Facts are sent in device order; one that rests (it can still be undone) is never overtaken.
 *  3. A fact leaves `waiting` only by a verdict for its own id, or as `held` when the service cannot take its shape.
 *  4. What is settled (accepted, refused, conflict, stored) stays settled.
 *  5. A failed request settles nothing: it only makes the next one later.
 *  6. A picture travels after the fact that names it was accepted, and only if the service lacks it.
 *  7. Facts before small pictures before originals.
 *  8. Waiting is bounded: no quiet time is longer than LONGEST_WAIT_MS, and a nudge ends it.
 *  9. One bad item costs only itself: a refused batch is halved until the bad one stands alone.
 * 10. A clock that is set forward or back makes nothing wait longer than it would have.
 * 11. What was once chosen to leave is never taken back, whatever the clock says afterwards.
 * 12. An urgent fact (an alarm) leaves first and alone, overtaking what rests; while it waits, no pause is long.
 * 22. A picture that broke off is asked after, and goes on from where the office holds it.
 */
import type { Trouble } from './wire'

export const LARGEST_BATCH = 20
export const LARGEST_QUESTION = 200
/** Pictures side by side: while one waits for the network's answer the others use the line. */
export const SIDE_BY_SIDE = { small: 6, original: 2 } as const
export const FIRST_WAIT_MS = 2_000
export const LONGEST_WAIT_MS = 300_000
/** Between two tries while somebody in danger waits to be heard. */
export const URGENT_WAIT_MS = 3_000
/** No longer than this can anything be taken back. */
export const LONGEST_REST_MS = 60_000

/** Whether `until` is still ahead; further ahead than it can be means that the phone's clock was set back. */
const isAhead = (until: number, now: number, longest: number): boolean => until > now && until - now <= longest

/** Whether a fact written with that instant can still be undone. */
export const rests = (notBefore: number, now: number): boolean => isAhead(notBefore, now, LONGEST_REST_MS)

export type FactState = 'waiting' | 'held' | 'accepted' | 'refused' | 'conflict'
export type PictureState = 'waiting' | 'missing' | 'held' | 'stored'

export interface Fact {
  readonly id: string
  readonly seq: number
  readonly state: FactState
  /** Milliseconds of the phone's clock before which it can still be undone. */
  readonly notBefore: number
  readonly pictures: readonly string[]
  /** Before everything else: somebody is in danger. */
  readonly urgent?: boolean
}

export interface Picture {
  readonly sha256: string
  readonly part: 'small' | 'original'
  readonly seq: number
  readonly state: PictureState
  /** How much of it the office said it holds; what breaks off goes on from there. */
  readonly offset?: number
}

export type Request =
  | { readonly kind: 'push'; readonly ids: readonly string[] }
  | { readonly kind: 'ask'; readonly sha256s: readonly string[] }
  | { readonly kind: 'put'; readonly sha256s: readonly string[] }

export interface VerdictSaid {
  readonly id: string
  readonly verdict: 'accepted' | 'duplicate' | 'conflict' | 'refused'
}

export interface PictureSaid {
  readonly sha256: string
  readonly stored: boolean
  /** How much of it is in the office while it is not whole. */
  readonly offset?: number
}

/** What one picture of several met. */
export interface PutFailure {
  readonly sha256: string
  readonly trouble: Trouble
  readonly retryAfterMs: number | null
}

export type Answer =
  | { readonly kind: 'verdicts'; readonly verdicts: readonly VerdictSaid[]; readonly missing: readonly string[] }
  | { readonly kind: 'states'; readonly states: readonly PictureSaid[] }
  | { readonly kind: 'put'; readonly states: readonly PictureSaid[]; readonly failures: readonly PutFailure[] }
  | { readonly kind: 'failed'; readonly trouble: Trouble; readonly retryAfterMs: number | null }

export interface Sync {
  readonly facts: readonly Fact[]
  readonly pictures: readonly Picture[]
  readonly flight: Request | null
  /** What the last request met; null after a good one. */
  readonly trouble: Trouble | null
  readonly failures: number
  readonly quietUntil: number
  readonly batch: number
}

export type Event =
  | { readonly kind: 'loaded'; readonly facts: readonly Fact[]; readonly pictures: readonly Picture[] }
  | { readonly kind: 'nudged' }
  | { readonly kind: 'sent'; readonly request: Request }
  /** The request was broken off for something urgent: nothing is settled by it and nothing waits for it. */
  | { readonly kind: 'broken_off' }
  /** `luck` in [0, 1) spreads phones that failed together. */
  | { readonly kind: 'answered'; readonly answer: Answer; readonly now: number; readonly luck: number }

export type Next = Request | { readonly kind: 'wait'; readonly until: number } | { readonly kind: 'rest' }

export const EMPTY: Sync = {
  facts: [], pictures: [], flight: null, trouble: null, failures: 0, quietUntil: 0, batch: LARGEST_BATCH,
}

/** What to do now. */
export function next(sync: Sync, now: number): Next {
  if (sync.flight) return { kind: 'rest' }
  if (!hasWork(sync)) return { kind: 'rest' }
  if (isAhead(sync.quietUntil, now, LONGEST_WAIT_MS)) return { kind: 'wait', until: sync.quietUntil }
  const ready = readyFacts(sync, now)
  if (ready.length) return { kind: 'push', ids: ready.slice(0, sync.batch).map((fact) => fact.id) }
  const due = duePictures(sync)
  const unknown = due.filter((picture) => picture.state === 'waiting')
  if (unknown.length) {
    return { kind: 'ask', sha256s: [...new Set(unknown.map((picture) => picture.sha256))].slice(0, LARGEST_QUESTION) }
  }
  const first = due.find((picture) => picture.part === 'small') ?? due[0]
  if (first) {
    const alike = due.filter((picture) => picture.part === first.part).map((picture) => picture.sha256)
    return { kind: 'put', sha256s: [...new Set(alike)].slice(0, Math.min(sync.batch, SIDE_BY_SIDE[first.part])) }
  }
  const [resting] = waitingFacts(sync)
  return resting ? { kind: 'wait', until: resting.notBefore } : { kind: 'rest' }
}

/** The state after an event. */
export function step(sync: Sync, event: Event): Sync {
  switch (event.kind) {
    case 'loaded':
      return load(sync, event.facts, event.pictures)
    case 'nudged':
      return {
        ...sync,
        quietUntil: 0,
        facts: sync.facts.map((fact) => (fact.state === 'held' ? { ...fact, state: 'waiting' } : fact)),
        pictures: sync.pictures.map((item) => (item.state === 'held' ? { ...item, state: 'waiting' } : item)),
      }
    case 'sent':
      return sync.flight ? sync : { ...sync, flight: event.request }
    case 'broken_off':
      return unsure({ ...sync, flight: null }, sync.flight?.kind === 'put' ? sync.flight.sha256s : [])
    case 'answered':
      return sync.flight ? answered({ ...sync, flight: null }, sync.flight, event) : sync
  }
}

/** Whether anything is still on its way. */
export function hasWork(sync: Sync): boolean {
  return sync.facts.some((fact) => fact.state === 'waiting') || duePictures(sync).length > 0
}

const waitingFacts = (sync: Sync): Fact[] =>
  sync.facts.filter((fact) => fact.state === 'waiting').sort((a, b) => a.seq - b.seq)

function readyFacts(sync: Sync, now: number): Fact[] {
  const waiting = waitingFacts(sync)
  const urgent = waiting.filter((fact) => fact.urgent)
  if (urgent.length) return urgent
  const resting = waiting.findIndex((fact) => rests(fact.notBefore, now))
  return resting < 0 ? waiting : waiting.slice(0, resting)
}

function duePictures(sync: Sync): Picture[] {
  const named = new Set(sync.facts.filter((fact) => fact.state === 'accepted').flatMap((fact) => fact.pictures))
  return sync.pictures
    .filter((item) => (item.state === 'waiting' || item.state === 'missing') && named.has(item.sha256))
    .sort((a, b) => a.seq - b.seq)
}

/** Storage is where new work comes from; what this machine has settled since is not undone by an older reading. */
function load(sync: Sync, facts: readonly Fact[], pictures: readonly Picture[]): Sync {
  const knownFacts = new Map(sync.facts.map((fact) => [fact.id, fact]))
  const knownPictures = new Map(sync.pictures.map((item) => [item.sha256, item]))
  return {
    ...sync,
    facts: facts.map((fact) => {
      const known = knownFacts.get(fact.id)
      return known && known.state !== 'waiting' ? { ...fact, state: known.state } : fact
    }),
    pictures: pictures.map((item) => {
      const known = knownPictures.get(item.sha256)
      if (!known || known.state === 'waiting') return item
      return { ...item, state: known.state, ...(known.offset ? { offset: known.offset } : {}) }
    }),
  }
}

function answered(sync: Sync, flight: Request, event: Extract<Event, { kind: 'answered' }>): Sync {
  const { answer } = event
  if (answer.kind === 'failed') return failedAt(sync, flight, answer, event)
  const good: Sync = { ...sync, trouble: null, failures: 0, quietUntil: 0, batch: LARGEST_BATCH }
  if (answer.kind === 'verdicts' && flight.kind === 'push') return judged(good, flight.ids, answer, event)
  if (answer.kind === 'states' && flight.kind === 'ask') {
    const said = new Map(answer.states.map((item) => [item.sha256, item]))
    return withPictures(good, (item) => {
      if (item.state !== 'waiting' || !flight.sha256s.includes(item.sha256)) return item
      const here = said.get(item.sha256)
      if (here?.stored === true) return { ...item, state: 'stored' }
      // A hash that the answer leaves out is asked for as if it were missing: sending twice harms nobody.
      return { ...item, state: 'missing', ...(here?.offset ? { offset: here.offset } : {}) }
    })
  }
  if (answer.kind === 'put' && flight.kind === 'put') return taken(good, flight.sha256s, answer, event)
  return failedAt(sync, flight, { kind: 'failed', trouble: 'not_understood', retryAfterMs: null }, event)
}

/** What became of these pictures on the way is not known: the office is asked how much it holds before they go on. */
function unsure(sync: Sync, sent: readonly string[]): Sync {
  return withPictures(sync, (item) => {
    if (item.state !== 'missing' || !sent.includes(item.sha256)) return item
    const { sha256, part, seq } = item
    return { sha256, part, seq, state: 'waiting' }
  })
}

/** Each picture has an answer of its own; one that has none goes again. */
function taken(
  sync: Sync,
  sent: readonly string[],
  answer: Extract<Answer, { kind: 'put' }>,
  { now, luck }: { now: number; luck: number },
): Sync {
  const said = new Map(answer.states.filter((item) => sent.includes(item.sha256)).map((item) => [item.sha256, item]))
  const misfits = new Set(answer.failures.filter(({ sha256, trouble }) => sent.includes(sha256) && isMisfit(trouble)).map((item) => item.sha256))
  const settled = withPictures(sync, (item) => {
    const here = said.get(item.sha256)
    if (here?.stored === false && here.offset) return { ...item, state: 'missing', offset: here.offset }
    if (here) return { ...item, state: here.stored ? 'stored' : 'held' }
    return misfits.has(item.sha256) ? { ...item, state: 'held' } : item
  })
  const after = unsure(settled, sent.filter((sha256) => !said.has(sha256)))
  const failure = answer.failures.find(({ trouble }) => !isMisfit(trouble))
  if (failure) return quiet(after, failure.trouble, failure.retryAfterMs, now, luck)
  if (said.size + misfits.size === 0) return quiet(after, 'not_understood', null, now, luck)
  return misfits.size ? { ...after, trouble: answer.failures[0]?.trouble ?? null } : after
}

const isMisfit = (trouble: Trouble): boolean => trouble === 'too_large' || trouble === 'not_understood'

function judged(
  sync: Sync,
  sent: readonly string[],
  answer: Extract<Answer, { kind: 'verdicts' }>,
  { now, luck }: { now: number; luck: number },
): Sync {
  const said = new Map(answer.verdicts.filter((item) => sent.includes(item.id)).map((item) => [item.id, item.verdict]))
  const missing = new Set(answer.missing)
  const facts = sync.facts.map((fact): Fact => {
    const verdict = said.get(fact.id)
    if (!verdict || fact.state !== 'waiting') return fact
    return { ...fact, state: verdict === 'duplicate' ? 'accepted' : verdict }
  })
  const judgedSync = withPictures({ ...sync, facts }, (item) =>
    item.state === 'waiting' && missing.has(item.sha256) ? { ...item, state: 'missing' } : item,
  )
  // An answer without a verdict for what was sent would be asked again at once, for ever.
  return sent.every((id) => said.has(id)) ? judgedSync : quiet(judgedSync, 'not_understood', null, now, luck)
}

function failedAt(
  sync: Sync,
  flight: Request,
  answer: Extract<Answer, { kind: 'failed' }>,
  { now, luck }: { now: number; luck: number },
): Sync {
  const several = flight.kind === 'push' ? flight.ids.length : flight.kind === 'put' ? flight.sha256s.length : 0
  if (isMisfit(answer.trouble) && several > 1) return { ...sync, trouble: answer.trouble, batch: Math.ceil(several / 2) }
  if (isMisfit(answer.trouble) && flight.kind === 'push') {
    const [only] = flight.ids
    const facts = sync.facts.map((fact): Fact => (fact.id === only ? { ...fact, state: 'held' } : fact))
    return { ...sync, facts, trouble: answer.trouble, batch: LARGEST_BATCH }
  }
  if (isMisfit(answer.trouble) && flight.kind === 'put') {
    const held = withPictures(sync, (item) => (flight.sha256s.includes(item.sha256) ? { ...item, state: 'held' } : item))
    return { ...held, trouble: answer.trouble, batch: LARGEST_BATCH }
  }
  const after = flight.kind === 'put' ? unsure(sync, flight.sha256s) : sync
  return quiet(after, answer.trouble, answer.retryAfterMs, now, luck)
}

/** Doubling waits with jitter; where a person must act first there is no point in asking often. */
function quiet(sync: Sync, trouble: Trouble, retryAfterMs: number | null, now: number, luck: number): Sync {
  const slow = trouble === 'not_allowed' || trouble === 'update_needed'
  const grown = Math.min(FIRST_WAIT_MS * 2 ** Math.min(sync.failures, 12), LONGEST_WAIT_MS)
  const longest = waitingFacts(sync).some((fact) => fact.urgent) ? URGENT_WAIT_MS : LONGEST_WAIT_MS
  const wait = Math.min(slow ? LONGEST_WAIT_MS : grown, longest) * (0.5 + luck / 2)
  const asked = Math.min(retryAfterMs ?? 0, LONGEST_WAIT_MS)
  return { ...sync, trouble, failures: sync.failures + 1, quietUntil: now + Math.max(wait, asked) }
}

function withPictures(sync: Sync, change: (item: Picture) => Picture): Sync {
  return { ...sync, pictures: sync.pictures.map(change) }
}
