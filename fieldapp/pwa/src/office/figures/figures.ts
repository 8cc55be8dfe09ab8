/** What figures say in words, and what follows from them. Pure. */
import type { FigureBasis, FigureCells, FiguresPage } from '../../api/shapes'
import { dayAfter } from '../../desk/route'
import { t } from '../../text'

export const BYS = ['creditor', 'area', 'age', 'hour', 'weekday', 'squad', 'agent'] as const
export type By = (typeof BYS)[number]
/** What may be asked: named agents only where a basis stands. */
export const asked = (basis: FigureBasis | null): readonly By[] => BYS.filter((by) => by !== 'agent' || basis !== null)

export const GROUNDS = ['union_agreement', 'inspectorate'] as const
export type Ground = (typeof GROUNDS)[number]

export const COLUMNS = ['visits', 'reached', 'promises', 'recovered', 'per_visit', 'km', 'per_km', 'plan'] as const
export type Column = (typeof COLUMNS)[number] | 'planned'
/** Of a team or an agent only what was planned and done is told: money and promises belong to a practice. */
const OF_WHO_WENT: readonly Column[] = ['visits', 'reached', 'km', 'planned', 'plan']
export const columnsOf = (by: By): readonly Column[] => (by === 'squad' || by === 'agent' ? OF_WHO_WENT : COLUMNS)

/** The name of a group. */
export function groupName(by: By, key: string, name: string): string {
  if (key === 'unknown') return t('figures.unknown')
  switch (by) {
    case 'creditor':
    case 'area':
    case 'agent':
      return name || key
    case 'squad':
      return key === 'rest' ? t('figures.squad.rest') : name
    case 'age':
      return t(`figures.age.${key as '0'}`)
    case 'weekday':
      return t(`figures.weekday.${key as '1'}`)
    case 'hour':
      return key === 'other' ? t('figures.hour.other') : t('figures.hour', { from: `${Number(key)}:00`, to: `${Number(key) + 2}:00` })
  }
}

/** Whole percent; null where there is nothing to be a part of. */
export const percent = (part: number, whole: number): number | null => (whole === 0 ? null : Math.round((100 * part) / whole))

/** Cents for each of `count`, to the cent; null where there is none. */
export const each = (cents: number, count: number): number | null => (count === 0 ? null : Math.round(cents / count))

/** Cents for each kilometre; null below a hundred metres. */
export const eachKm = (cells: FigureCells): number | null => (cells.metres < 100 ? null : Math.round((1_000 * cells.recovered_cents) / cells.metres))

/** How much of the most recovered group this one is, for a line beside the number. */
export const share = (cells: FigureCells, page: FiguresPage): number =>
  Math.max(0, cells.recovered_cents) / Math.max(1, ...page.rows.map((row) => row.cells.recovered_cents))

/** First and last day of what people ask for most; `today` as `2026-11-26`. */
export function periods(today: string): Record<'this_month' | 'last_month' | 'last_week', readonly [string, string]> {
  const first = `${today.slice(0, 8)}01`
  const before = dayAfter(first, -1)
  return { last_week: [dayAfter(today, -6), today], this_month: [first, today], last_month: [`${before.slice(0, 8)}01`, before] }
}
