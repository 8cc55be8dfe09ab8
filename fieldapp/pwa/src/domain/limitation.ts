/** The limitation clock on the phone: until when a line may be asked for, and what a signature does. */

/** A line with something owed on it; the twin of `SignedLine` in `domain/limitation.py`. */
export interface SignedLine {
  readonly title: string
  readonly runs_from: string
  readonly years: number
  readonly barred_on: string
}

export interface EffectWords {
  readonly limitation: string
  readonly limitation_line: string
  readonly limitation_barred: string
}

/** Outcomes whose signed text owns the debt, so that the term begins again (art. 2944 c.c.). */
export const ACKNOWLEDGING: ReadonlySet<string> = new Set([
  'PLAN_SIGNED', 'PROMISE_TO_PAY', 'PAID_PARTIAL', 'SETTLEMENT_PROPOSED',
])

/** The first day after a term of years: it ends with the same day of the month, or the month's last (art. 2963 c.c.). */
export function barredFrom(runsFrom: string, years: number): string {
  const [year, month, day] = runsFrom.split('-').map(Number) as [number, number, number]
  const until = new Date(Date.UTC(year + years, month - 1, day))
  // 29 February of a year without one has become 1 March, which is the day after already.
  const leapt = until.getUTCMonth() !== month - 1
  return new Date(until.getTime() + (leapt ? 0 : 86_400_000)).toISOString().slice(0, 10)
}

/** What a signer is told before an acknowledgement, line by line; nothing where no line may be claimed any more. */
export function effectOfSigning(lines: readonly SignedLine[], on: string, words: EffectWords): string[] {
  const open = lines.filter((line) => on < line.barred_on)
  if (open.length === 0) return []
  return [
    words.limitation,
    ...open.map((line) => {
      const then = on >= line.runs_from ? barredFrom(on, line.years) : line.barred_on
      return fill(words.limitation_line, { title: line.title, now: figures(line.barred_on), then: figures(then) })
    }),
    ...lines
      .filter((line) => line.barred_on <= on)
      .map((line) => fill(words.limitation_barred, { title: line.title, since: figures(line.barred_on) })),
  ]
}

const figures = (iso: string): string => iso.split('-').reverse().join('/')

const fill = (sentence: string, values: Readonly<Record<string, string>>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
