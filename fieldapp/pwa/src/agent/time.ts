/** The wall clock where the visits are. */
import { localOf } from '../domain/calendar.ts'

export const ZONE = 'Europe/Rome'

/** Minutes that the wall clock is ahead of UTC at an instant. */
export function utcOffsetMin(at: Date, zone = ZONE): number {
  const local = localOf(at, zone)
  const asUtc = Date.parse(`${local.on}T00:00:00Z`) + local.s * 1000
  return Math.round((asUtc - Math.floor(at.getTime() / 1000) * 1000) / 60_000)
}

/** The instant at which the wall clock shows `2026-11-26`, `17:30`; null when that is no time. */
export function instantOf(day: string, hour: string, zone = ZONE): string | null {
  const asUtc = new Date(`${day}T${hour}:00.000Z`)
  if (Number.isNaN(asUtc.getTime())) return null
  // The offset at the guess may be the one of the other side of a change of the clocks: ask again at the result.
  const first = new Date(asUtc.getTime() - utcOffsetMin(asUtc, zone) * 60_000)
  return new Date(asUtc.getTime() - utcOffsetMin(first, zone) * 60_000).toISOString()
}

export const dayAt = (at: Date, zone = ZONE): string => localOf(at, zone).on

/** `17:30`, as `instantOf` reads it. */
export const hourAt = (at: string, zone = ZONE): string =>
  new Date(Date.parse(at) + utcOffsetMin(new Date(at), zone) * 60_000).toISOString().slice(11, 16)
