/** How today runs, as the stream tells it: pure reading, nothing is reckoned here. */
import type { DayAlert, ExpectedStop, RunningDay } from '../../api/shapes'
import type { What } from './told'

/** Seconds behind the plan from which a time is shown beside the published one. */
const WORTH_SAYING_S = 300

/** What is known after `told`: of the same version only the lanes that changed are told. */
export function merged(before: RunningDay | null, told: RunningDay): RunningDay {
  if (before?.day !== told.day || before.version !== told.version) return told
  const changed = new Map(told.lanes.map((lane) => [lane.agent_id, lane] as const))
  const kept = before.lanes.map((lane) => changed.get(lane.agent_id) ?? lane)
  const known = new Set(before.lanes.map((lane) => lane.agent_id))
  return { ...told, lanes: [...kept, ...told.lanes.filter((lane) => !known.has(lane.agent_id))] }
}

/** Open visits that will be reached noticeably later than published, or too late, by stop. */
export const lateStops = (day: RunningDay | null): ReadonlyMap<string, ExpectedStop> =>
  new Map((day?.lanes ?? []).flatMap((lane) => lane.stops.filter((stop) => stop.missed || stop.late_s >= WORTH_SAYING_S).map((stop) => [stop.stop_id, stop] as const)))

/** Seconds behind, by agent, of those who are noticeably behind. */
export const behindBy = (day: RunningDay | null): ReadonlyMap<string, number> =>
  new Map((day?.lanes ?? []).filter((lane) => lane.behind_s >= WORTH_SAYING_S).map((lane) => [lane.agent_id, lane.behind_s] as const))

/** What a dispatcher most likely tells when planning again because of an alert. */
export const whatToTell = (alert: DayAlert): What =>
  alert.kind === 'must_missed' ? 'urgent' : alert.kind === 'late' ? 'held_up' : 'agent_away'
