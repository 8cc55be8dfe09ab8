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
