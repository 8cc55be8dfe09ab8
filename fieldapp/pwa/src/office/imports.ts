/** Imports: which report is newest, what its state means. Pure. */
import type { ImportReport } from '../api/shapes'

export const TONES = {
  reading: 'calm', read: 'wait', writing: 'calm', done: 'done', refused: 'act', failed: 'act', cancelled: 'calm',
} as const satisfies Record<ImportReport['state'], string>

export const ICONS = {
  reading: 'clock', read: 'hand', writing: 'clock', done: 'check', refused: 'warn', failed: 'warn', cancelled: 'close',
} as const satisfies Record<ImportReport['state'], string>

/** The service is at work on it. */
export const isMoving = (report: ImportReport): boolean => report.state === 'reading' || report.state === 'writing'

/** The report in its place, or first when it is new. Reports are listed newest first. */
export function mergeReport(reports: readonly ImportReport[], report: ImportReport): readonly ImportReport[] {
  return reports.some((one) => one.id === report.id)
    ? reports.map((one) => (one.id === report.id ? report : one))
    : [report, ...reports]
}

/** What stands in the file: accepted and rejected rows together, to the cent. */
export const fileTotal = (report: ImportReport) => ({
  rows: report.accepted + report.rejected,
  cents: report.accepted_cents + report.rejected_cents,
})

/** The layout that a creditor usually sends, if it is among the known ones. */
export const usualLayout = (wanted: string | undefined, known: readonly { readonly name: string }[]): string =>
  known.find((layout) => layout.name === wanted)?.name ?? known[0]?.name ?? ''

/** Why a row was rejected, without the line that stands beside it already ("Riga 5: ..."). */
export const besideItsLine = (reason: string, line: number): string => reason.replace(new RegExp(`^\\p{L}+ ${String(line)} ?: `, 'u'), '')
