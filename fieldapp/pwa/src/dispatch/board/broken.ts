/** Rules that a lane breaks, as a person reads them. */
import type { BoardLane } from '../../api/shapes'
import { reasonInWords } from '../../desk/describe'

export interface BrokenRule {
  readonly practice_id: string | null
  /** The debtor whose visit breaks it; '' where the whole lane does. */
  readonly name: string
  readonly words: string
}

export const brokenRules = (lane: BoardLane | undefined): readonly BrokenRule[] =>
  (lane?.broken ?? []).map((one) => ({
    practice_id: one.practice_id ?? null,
    name: lane?.route.stops.find((stop) => stop.practice_id === one.practice_id)?.debtor_name ?? '',
    words: reasonInWords(one.code, one.details),
  }))

export const NONE_BROKEN: ReadonlyMap<string, readonly BrokenRule[]> = new Map()

/** By agent, of the lanes that break any. */
export const brokenByAgent = (lanes: readonly BoardLane[]): ReadonlyMap<string, readonly BrokenRule[]> =>
  new Map(lanes.filter((lane) => lane.broken.length > 0).map((lane) => [lane.agent_id, brokenRules(lane)]))
