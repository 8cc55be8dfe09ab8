/** Patron saints' days as the service reads them (`MM-DD`, `easter+50`, `05-tue1`), and what a form makes of them. */
export type Feast =
  | { readonly kind: 'fixed'; readonly month: number; readonly day: number }
  | { readonly kind: 'easter'; readonly days: number }
  | { readonly kind: 'weekday'; readonly month: number; readonly weekday: number; readonly nth: number }

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const LONGEST = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

const two = (n: number): string => String(n).padStart(2, '0')

/** The feast as a rule file writes it; null when there is no such day in every year. */
export function writeFeast(feast: Feast): string | null {
  switch (feast.kind) {
    case 'fixed': {
      const longest = LONGEST[feast.month - 1]
      return longest !== undefined && feast.day >= 1 && feast.day <= longest ? `${two(feast.month)}-${two(feast.day)}` : null
    }
    case 'easter':
      return feast.days !== 0 && Math.abs(feast.days) <= 99 ? `easter${feast.days > 0 ? '+' : ''}${feast.days}` : null
    case 'weekday':
      return feast.nth >= 1 && feast.nth <= 4 ? `${two(feast.month)}-${WEEKDAYS[feast.weekday] ?? 'mon'}${feast.nth}` : null
  }
}

/** A written feast back; null where it is one that this form cannot show (a day after a weekday). */
export function readFeast(text: string): Feast | null {
  const fixed = /^(\d\d)-(\d\d)$/.exec(text)
  if (fixed) return { kind: 'fixed', month: Number(fixed[1]), day: Number(fixed[2]) }
  const easter = /^easter([+-]\d{1,2})$/.exec(text)
  if (easter) return { kind: 'easter', days: Number(easter[1]) }
  const weekday = /^(\d\d)-([a-z]{3})([1-4])$/.exec(text)
  const at = WEEKDAYS.findIndex((name) => name === weekday?.[2])
  return weekday && at >= 0 ? { kind: 'weekday', month: Number(weekday[1]), weekday: at, nth: Number(weekday[3]) } : null
}
