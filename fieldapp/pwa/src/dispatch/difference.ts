/** What publishing a plan would change for the agents, compared with the version they hold. Pure. */
import type { Route } from '../api/shapes'

export interface Difference {
  readonly added: number
  readonly removed: number
  /** Visits that go to another agent. */
  readonly handed: number
  /** Visits of the same agent at another time (by five minutes or more). */
  readonly shifted: number
  readonly same: number
}

interface Held {
  readonly agent: string
  readonly at: number
}

const FIVE_MINUTES = 5 * 60_000

const byPractice = (routes: readonly Route[]): Map<string, Held> =>
  new Map(
    routes.flatMap((route) =>
      route.stops.map((stop): [string, Held] => [
        stop.practice_id,
        { agent: route.agent_id, at: Date.parse(stop.arrive_at) },
      ]),
    ),
  )

export function difference(before: readonly Route[], after: readonly Route[]): Difference {
  const held = byPractice(before)
  const planned = byPractice(after)
  let [added, handed, shifted, same] = [0, 0, 0, 0]
  for (const [practice, now] of planned) {
    const then = held.get(practice)
    if (!then) added += 1
    else if (then.agent !== now.agent) handed += 1
    else if (Math.abs(then.at - now.at) >= FIVE_MINUTES) shifted += 1
    else same += 1
  }
  const removed = [...held.keys()].filter((practice) => !planned.has(practice)).length
  return { added, removed, handed, shifted, same }
}

/** Nothing would change for anybody. */
export const isNothing = (change: Difference): boolean =>
  change.added + change.removed + change.handed + change.shifted === 0

/** What an agent's route becomes. */
export interface Touched {
  readonly agent_id: string
  readonly name: string
  readonly before: number
  readonly after: number
}

/** The agents whose phones would show something else: other visits, another order, or times five minutes apart. */
export function touched(before: readonly Route[], after: readonly Route[]): readonly Touched[] {
  const held = new Map(before.map((route) => [route.agent_id, route]))
  const planned = new Map(after.map((route) => [route.agent_id, route]))
  return [...new Map([...held, ...planned]).values()].flatMap(({ agent_id, agent_name }) => {
    const [then, now] = [held.get(agent_id)?.stops ?? [], planned.get(agent_id)?.stops ?? []]
    const alike = then.length === now.length && then.every((stop, i) => {
      const other = now[i]
      return other?.practice_id === stop.practice_id && Math.abs(Date.parse(other.arrive_at) - Date.parse(stop.arrive_at)) < FIVE_MINUTES
    })
    return alike ? [] : [{ agent_id, name: agent_name, before: then.length, after: now.length }]
  })
}
