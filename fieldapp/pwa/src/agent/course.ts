/** The course of the day as the screens see it: what is left, in whose order, and when each door will be reached. */
import { dayOf, lastPlace, lastReport } from './day'
import { forecast, type Expected } from './forecast'
import { knownStops, phone } from './phone.svelte'
import type { StopCard } from './shapes'

/** The visits that nobody has reported yet, in the agent's order or, with `null`, in the office's. */
export function waitingStops(order: readonly string[] | null = phone.order): StopCard[] {
  if (!phone.bundle) return []
  const { next, ahead } = dayOf(phone.bundle, phone.items, phone.openStops, order)
  return [...(next ? [next] : []), ...ahead]
}

/** When each of them will be reached, as things stand now. */
export function expected(order: readonly StopCard[]): Expected[] {
  const { bundle } = phone
  if (!bundle) return []
  const ofTheDay = phone.items.filter((item) => item.body.planned_day === bundle.day)
  const report = lastReport(ofTheDay)
  const open = phone.drafts.find((draft) => draft.arrived_at !== null && draft.stop.stop_id === order[0]?.stop_id)
  return forecast(order, bundle.stops, {
    nowMs: phone.now.getTime(),
    last: report?.body.left_at ? { stop: lastPlace(knownStops(), ofTheDay), leftMs: Date.parse(report.body.left_at) } : null,
    inHand: open?.arrived_at ? { stopId: open.stop.stop_id, arrivedMs: Date.parse(open.arrived_at) } : null,
    shiftToMs: bundle.shift_to ? Date.parse(bundle.shift_to) : null,
  })
}
