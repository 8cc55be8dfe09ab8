/** Durations, distances and sizes as the desk writes them; money and days come from `text`. */
import { dayInFigures, instant, money, numberFormat, t } from '../text'

export const count = (n: number): string => numberFormat('count', { useGrouping: 'always' }).format(n)

/** `1 h 25 min`, `40 min`; whole minutes, rounded. */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  const h = Math.floor(minutes / 60)
  const min = minutes % 60
  if (h === 0) return `${min} min`
  return min === 0 ? `${h} h` : `${h} h ${String(min).padStart(2, '0')} min`
}

/** `+0:13`: the same minutes as `duration` writes. */
export function lateBy(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return `+${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}

/** `850 m`, `12,4 km` */
export function distance(meters: number): string {
  if (meters < 1000) return `${Math.round(meters)} m`
  const km = numberFormat('km', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  return `${km.format(meters / 1000)} km`
}

/** Seconds after local midnight as `08:30`. */
export function hourOfDay(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** `3 kB`, `1,2 MB` */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`
  return `${numberFormat('MB', { maximumFractionDigits: 1 }).format(bytes / 1e6)} MB`
}

/** Whole days from `from` to `to` (ISO days); negative when `to` is past. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T12:00:00Z`) - Date.parse(`${from}T12:00:00Z`)) / 86_400_000)

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/

/** A detail of a refusal or a reason as a person reads it: cents as money, days and instants in figures. */
export function valueInWords(name: string, value: unknown): string {
  if (typeof value === 'number') return name.endsWith('_cents') ? money(value) : name.endsWith('_s') ? duration(value) : count(value)
  if (typeof value === 'string') {
    if (name === 'skill' || name === 'skills') return t(`skill.${value}`)
    if (ISO_DAY.test(value)) return dayInFigures(value)
    return ISO_INSTANT.test(value) ? instant(value) : value
  }
  if (Array.isArray(value)) return value.map((one) => valueInWords(name, one)).join(', ')
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value)
}

/** All details at once, ready to fill placeholders. */
export const valuesInWords = (details: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(details).map(([name, value]) => [name, valueInWords(name, value)]))
