/** Local days and hours where the visits are, and the calendar of holidays that the service sends. */

export interface Calendar {
  readonly from_on: string
  readonly to_on: string
  readonly national: readonly string[]
  readonly local: Readonly<Record<string, readonly string[]>>
}

/** A moment by the wall clock: the date and the seconds after midnight. */
export interface Local {
  readonly on: string
  readonly s: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** `at` (an instant) by the wall clock of `zone`; the phone's own zone plays no part. */
export function localOf(at: Date, zone: string): Local {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
      hour: '2-digit', minute: '2-digit', second: '2-digit',
    })
    formats.set(zone, format)
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const s = Number(part['hour']) * 3600 + Number(part['minute']) * 60 + Number(part['second'])
  return { on: `${part['year'] ?? ''}-${part['month'] ?? ''}-${part['day'] ?? ''}`, s }
}

const noon = (day: string): Date => new Date(`${day}T12:00:00Z`)
const DAY_MS = 86_400_000

export const addDays = (day: string, days: number): string =>
  new Date(noon(day).getTime() + days * DAY_MS).toISOString().slice(0, 10)

/** Whole days from `earlier` to `later`. */
export const daysBetween = (earlier: string, later: string): number =>
  Math.round((noon(later).getTime() - noon(earlier).getTime()) / DAY_MS)

/** 0 is Sunday, 6 is Saturday. */
export const weekday = (day: string): number => noon(day).getUTCDay()

export const covers = (calendar: Calendar, day: string): boolean => calendar.from_on <= day && day <= calendar.to_on

export const isNationalHoliday = (calendar: Calendar, day: string): boolean => calendar.national.includes(day)

export const knowsPatronOf = (calendar: Calendar, comune: string): boolean => Object.hasOwn(calendar.local, comune)

export const isLocalHoliday = (calendar: Calendar, day: string, comune: string): boolean =>
  knowsPatronOf(calendar, comune) && (calendar.local[comune]?.includes(day) ?? false)
