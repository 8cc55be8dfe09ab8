/** What can be told of a day in motion, of whom, and what a form of it still lacks. Pure. */
import type { DaySums, Happened, Route } from '../../api/shapes'

export type What = Happened['kind']

export const OF_AGENTS: readonly What[] = ['agent_away', 'held_up', 'agent_back']
export const WHATS: readonly What[] = ['agent_away', 'held_up', 'cancelled', 'urgent', 'moved', 'agent_back']

export const ofAgent = (what: What): boolean => OF_AGENTS.includes(what)

/** The later word on an agent or a visit takes the place of the earlier one. */
export const aboutSame = (a: Happened, b: Happened): boolean =>
  ofAgent(a.kind) === ofAgent(b.kind) && (ofAgent(a.kind) ? a.agent_id === b.agent_id : a.practice_id === b.practice_id)

export interface Form {
  readonly what: What
  readonly agent: string
  readonly practice: string
  readonly from: string
  readonly to: string
}

/** The form as the service wants it; null while something is missing. `at` makes an instant of `HH:MM`. */
export function happenedOf(form: Form, at: (time: string) => string): Happened | null {
  const clean = { agent_id: null, practice_id: null, until: null, from_at: null, to_at: null }
  if (ofAgent(form.what)) {
    if (form.agent === '' || (form.what === 'held_up' && form.to === '')) return null
    return { ...clean, kind: form.what, agent_id: form.agent, until: form.what === 'held_up' ? at(form.to) : null }
  }
  if (form.practice === '') return null
  if (form.what !== 'moved') return { ...clean, kind: form.what, practice_id: form.practice }
  if (form.from === '' || form.to === '' || form.from > form.to) return null
  return { ...clean, kind: form.what, practice_id: form.practice, from_at: at(form.from), to_at: at(form.to) }
}

export interface Offered {
  readonly agent: string
  readonly visits: readonly { readonly practice: string; readonly name: string }[]
}

/** The visits of which something can be told: those that have not begun, and those held in reserve, by agent. */
export const offered = (routes: readonly Route[]): readonly Offered[] =>
  routes
    .map((route) => ({
      agent: route.agent_name,
      visits: [...route.stops, ...route.in_reserve]
        .filter((stop) => stop.state === 'planned')
        .map((stop) => ({ practice: stop.practice_id, name: `${stop.debtor_name}, ${stop.comune}` })),
    }))
    .filter((one) => one.visits.length > 0)

/** How many agents get another day: each of them has to be told. */
export const agentsTouched = (changes: readonly { from_agent: string | null; to_agent: string | null }[]): readonly string[] =>
  [...new Set(changes.flatMap((one) => [one.from_agent, one.to_agent]).filter((name) => name !== null))].toSorted()

/** Two days side by side, as rows of a table. */
export const sumRows = (before: DaySums, after: DaySums): readonly { name: keyof DaySums; was: number; is: number }[] =>
  (['prize_cents', 'visits', 'distance_m', 'travel_s', 'away_s', 'cost_cents'] as const).map((name) => ({
    name,
    was: before[name],
    is: after[name],
  }))
