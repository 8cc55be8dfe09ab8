/** Days with the windows that may be promised, as a table of hours. Pure. */
import type { AppointmentOffer, AppointmentOffers, AppointmentRow } from '../api/shapes'

export interface Week {
  readonly days: AppointmentOffers['days']
  /** The hours at which a window begins on some day, `09`. */
  readonly hours: readonly string[]
  /** The windows by day and hour. */
  readonly at: ReadonlyMap<string, AppointmentOffer>
  /** What the cheapest window of all costs, and at which hour the cheapest of each day begins, the earliest of equals. */
  readonly least: number | null
  readonly leastOf: ReadonlyMap<string, string>
}

/** A place of the table: an ISO day and the hour at which the window begins. */
export interface Cell {
  readonly day: string
  readonly hour: string
}

export const keyOf = (cell: Cell): string => `${cell.day} ${cell.hour}`

/** `hourOf` gives the wall clock of an instant (`10:00`) where the visits are. */
export function weekOf(offers: AppointmentOffers, hourOf: (at: string) => string): Week {
  const at = new Map<string, AppointmentOffer>()
  const hours = new Set<string>()
  const leastOf = new Map<string, string>()
  for (const { day, offers: windows } of offers.days) {
    const [first] = windows.toSorted((a, b) => a.cost_cents - b.cost_cents || Date.parse(a.from_at) - Date.parse(b.from_at))
    if (first) leastOf.set(day, hourOf(first.from_at).slice(0, 2))
    for (const one of windows) {
      const hour = hourOf(one.from_at).slice(0, 2)
      hours.add(hour)
      at.set(keyOf({ day, hour }), one)
    }
  }
  const least = at.size === 0 ? null : Math.min(...[...at.values()].map((one) => one.cost_cents))
  return { days: offers.days, hours: [...hours].sort(), at, least, leastOf }
}

/** The cheapest window, the earliest of those that cost the same. */
export function cheapest(week: Week): Cell | null {
  for (const { day } of week.days) {
    for (const hour of week.hours) {
      if (week.at.get(keyOf({ day, hour }))?.cost_cents === week.least) return { day, hour }
    }
  }
  return null
}

/** Rows of a day by their practice. */
export const byPractice = (rows: readonly AppointmentRow[]): ReadonlyMap<string, AppointmentRow> =>
  new Map(rows.map((row) => [row.practice_id, row]))

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
}

/** The next window from `from` in the direction of an arrow key; days and hours without one are passed over. */
export function stepFrom(week: Week, from: Cell, key: string): Cell | null {
  const step = STEPS[key]
  if (!step) return null
  let day = week.days.findIndex((one) => one.day === from.day) + step[0]
  let hour = week.hours.indexOf(from.hour) + step[1]
  for (; week.days[day] && week.hours[hour]; day += step[0], hour += step[1]) {
    const cell = { day: week.days[day]?.day ?? '', hour: week.hours[hour] ?? '' }
    if (week.at.has(keyOf(cell))) return cell
    if (step[0] === 0) continue
    // Sideways the same hour may be closed on that day: then the nearest one of it.
    const near = week.hours
      .filter((one) => week.at.has(keyOf({ day: cell.day, hour: one })))
      .sort((a, b) => Math.abs(Number(a) - Number(from.hour)) - Math.abs(Number(b) - Number(from.hour)))[0]
    if (near) return { day: cell.day, hour: near }
  }
  return null
}
