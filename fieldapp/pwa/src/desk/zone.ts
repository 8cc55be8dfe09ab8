/** Hours of the place where the visits are, as instants. Pure. */

/** The instant at which clocks in `zone` show `day` (`2026-11-26`) and `time` (`08:45`). */
export function instantAt(day: string, time: string, zone: string): Date {
  const wanted = Date.parse(`${day}T${time}:00Z`)
  // Twice, because the offset of the first guess may be that of the other side of a summer-time change.
  const first = wanted - offsetMs(new Date(wanted), zone)
  return new Date(wanted - offsetMs(new Date(first), zone))
}

function offsetMs(at: Date, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(at)
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '00'
  const shown = Date.parse(`${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}:${of('second')}Z`)
  return shown - Math.trunc(at.getTime() / 1000) * 1000
}
