/** The days that people say at a door, one tap away. */
import { addDays, weekday } from '../domain/calendar.ts'

export interface LikelyDay {
  readonly name: 'today' | 'tomorrow' | 'yesterday' | 'friday' | 'month_end' | 'last'
  readonly on: string
}

const FRIDAY = 5

/** Up to four days after (or before) `today`, none beyond `until`. */
export function likelyDays(today: string, { past, until }: { past: boolean; until?: string | undefined }): LikelyDay[] {
  if (past) {
    return [
      { name: 'today', on: today },
      { name: 'yesterday', on: addDays(today, -1) },
      { name: 'last', on: addDays(today, -7) },
    ]
  }
  const toFriday = (FRIDAY - weekday(today) + 7) % 7
  const days: LikelyDay[] = [
    { name: 'tomorrow', on: addDays(today, 1) },
    { name: 'friday', on: addDays(today, toFriday === 0 ? 7 : toFriday) },
    { name: 'month_end', on: monthEnd(today) },
  ]
  const seen = new Set<string>()
  return days.filter(({ on }) => {
    const fits = on > today && (until === undefined || on <= until) && !seen.has(on)
    seen.add(on)
    return fits
  })
}

/** The last day of this month, or of the next one when it is today. */
function monthEnd(today: string): string {
  const [year = 0, month = 0] = today.split('-').map(Number)
  const end = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
  return end > today ? end : new Date(Date.UTC(year, month + 1, 0)).toISOString().slice(0, 10)
}
