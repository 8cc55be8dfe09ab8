/** Teams as the desk chooses by them: who is in which on a day, and those in none. Pure. */
import type { Squads } from '../api/shapes'
import { t } from '../text'

/** Stands for agents in no team. */
export const NOBODYS = 'none'

export interface Group {
  /** A team's id, or `none`. */
  readonly id: string
  readonly name: string
  readonly agents: ReadonlySet<string>
}

/** As the reader knows it. */
export const nameOf = (group: Group): string => (group.id === NOBODYS ? t('squads.none') : group.name)

/** The teams that hold any of these agents, by name, and last those in none; empty where nobody is in any. */
export function groupsOf(view: Squads | null, agents: Iterable<string>): readonly Group[] {
  const places = new Map(view?.agents.map((one) => [one.person_id, one.squad_id]))
  const held = new Map<string, Set<string>>()
  for (const agent of agents) {
    const group = places.get(agent) ?? NOBODYS
    held.set(group, (held.get(group) ?? new Set()).add(agent))
  }
  const teams = (view?.squads ?? []).filter((one) => held.has(one.id)).toSorted((a, b) => a.name.localeCompare(b.name))
  if (teams.length === 0) return []
  const outside = held.get(NOBODYS)
  return [
    ...teams.map(({ id, name }) => ({ id, name, agents: held.get(id) ?? new Set<string>() })),
    ...(outside ? [{ id: NOBODYS, name: '', agents: outside }] : []),
  ]
}
