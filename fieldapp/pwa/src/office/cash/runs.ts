/** Numbers of forms as people write them: `2, 6-10`. Pure. */

export type Run = [first: number, last: number]

/** The runs that `text` spells, null where it spells none; nothing written is no form. */
export function readRuns(text: string): Run[] | null {
  const runs: Run[] = []
  const joined = text.replaceAll(/\s*[-–]\s*/g, '-')
  for (const part of joined.split(/[,;\s]+/).filter((piece) => piece !== '')) {
    const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part)
    if (!found) return null
    const first = Number(found[1])
    const last = Number(found[2] ?? found[1])
    if (first < 1 || last < first) return null
    runs.push([first, last])
  }
  return runs
}

export const writeRuns = (runs: readonly (readonly number[])[]): string =>
  runs.map(([first, last]) => (first === last ? String(first) : `${String(first)}-${String(last)}`)).join(', ')

export const countOf = (runs: readonly (readonly number[])[]): number =>
  runs.reduce((sum, [first, last]) => sum + ((last ?? 0) - (first ?? 0) + 1), 0)
