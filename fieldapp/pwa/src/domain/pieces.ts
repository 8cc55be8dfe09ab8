/** Notes and coins as they are counted on a table. */

/** In cents, the largest first. */
export const DENOMINATIONS = [50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1] as const

/** The sum of counted pieces; what is empty or no whole number counts as none. */
export const countedCents = (pieces: Readonly<Record<number, number | null | undefined>>): number =>
  DENOMINATIONS.reduce((sum, cents) => {
    const number = pieces[cents] ?? 0
    return sum + (Number.isSafeInteger(number) && number > 0 ? cents * number : 0)
  }, 0)
