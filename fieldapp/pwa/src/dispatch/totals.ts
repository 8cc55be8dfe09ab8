/** Sums over the routes of a day and groupings of what was left out. Pure. */
import type { Candidate, Route, Unplanned } from '../api/shapes'
import { keyOf } from './territory'

export interface Totals {
  readonly visits: number
  readonly prize_cents: number
  readonly travel_s: number
  readonly distance_m: number
  readonly cost_cents: number
  readonly agents: number
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((total, item) => total + of(item), 0)

export const totalsOf = (routes: readonly Route[]): Totals => ({
  visits: sum(routes, (route) => route.stops.length),
  prize_cents: sum(routes, (route) => route.prize_cents),
  travel_s: sum(routes, (route) => route.travel_s),
  distance_m: sum(routes, (route) => route.distance_m),
  cost_cents: sum(routes, (route) => route.travel_cost_cents),
  agents: routes.filter((route) => route.stops.length > 0).length,
})

export interface ReasonGroup {
  readonly reason: string
  readonly prize_cents: number
  readonly items: readonly Unplanned[]
}

/** Unplanned visits by their reason, the costliest reason first, the worthiest visit first. */
export function byReason(unplanned: readonly Unplanned[]): readonly ReasonGroup[] {
  const groups = new Map<string, Unplanned[]>()
  for (const one of unplanned) groups.set(one.reason, [...(groups.get(one.reason) ?? []), one])
  return [...groups]
    .map(([reason, items]) => ({
      reason,
      prize_cents: sum(items, (item) => item.prize_cents),
      items: items.toSorted((a, b) => b.prize_cents - a.prize_cents),
    }))
    .toSorted((a, b) => b.prize_cents - a.prize_cents || a.reason.localeCompare(b.reason))
}

export type Standing = 'free' | 'asks' | 'blocked' | 'aside' | 'nowhere'

/** Lawful, but only a person puts it into a lane: held by another day, or forbidden by a dispatcher (`SET_ASIDE` of the service). */
const SET_ASIDE: ReadonlySet<string> = new Set(['planned.on_another_day', 'visit.forbidden'])
const setAside = (candidate: Candidate): boolean => candidate.findings.some((finding) => SET_ASIDE.has(finding.code))

/** How a candidate stands: nowhere on the map, forbidden by a rule, waiting for approval, set aside, or free to be planned. */
export function standingOf(candidate: Candidate): Standing {
  if (candidate.lat_e6 === null || candidate.lon_e6 === null) return 'nowhere'
  if (candidate.findings.some((finding) => finding.severity === 'forbids')) return 'blocked'
  if (!candidate.allowed) return candidate.findings.length > 0 ? 'asks' : 'blocked'
  return setAside(candidate) ? 'aside' : 'free'
}

/** Whether the planner would take it: the service lets it, nothing sets it aside, and it stands somewhere. */
export const plannable = (candidate: Candidate): boolean => candidate.allowed && candidate.lat_e6 !== null && !setAside(candidate)

export interface Wanted {
  readonly words: string
  readonly standing: Standing | null
  /** Their names; empty: of all creditors. */
  readonly creditors: readonly string[]
  /** Comuni, as `territory` names them; empty: everywhere. */
  readonly areas?: readonly string[]
}

/** The candidates that the filters leave, each word of the search somewhere in the row. */
export function sift(candidates: readonly Candidate[], wanted: Wanted): readonly Candidate[] {
  const words = wanted.words.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return candidates.filter((one) => {
    if (wanted.standing !== null && standingOf(one) !== wanted.standing) return false
    if (wanted.creditors.length > 0 && !wanted.creditors.includes(one.creditor_name)) return false
    if (wanted.areas && wanted.areas.length > 0 && !wanted.areas.includes(keyOf(one))) return false
    const text = `${one.practice_number} ${one.debtor_name} ${one.comune} ${one.street} ${one.creditor_name}`.toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}
