/** Messages on the board: what became of each copy. Pure. */
import type { DayMessages, MessageCopyRow, MessageRow } from '../../api/shapes'

/** Characters that the service takes. */
export const LONGEST = 500

export interface Standing {
  readonly word: 'sent' | 'fetched' | 'read' | 'withdrawn'
  readonly at: string | null
}

/** Read is read, also where it was withdrawn before the phone could say so. */
export function standingOf(copy: MessageCopyRow): Standing {
  if (copy.read_at) return { word: 'read', at: copy.read_at }
  if (copy.withdrawn_at) return { word: 'withdrawn', at: copy.withdrawn_at }
  if (copy.fetched_at) return { word: 'fetched', at: copy.fetched_at }
  return { word: 'sent', at: null }
}

const waits = (copy: MessageCopyRow): boolean => copy.read_at === null && copy.withdrawn_at === null

export const mayWithdraw = (row: MessageRow): boolean => row.copies.some(waits)

/** A reading says that the message was on the phone, too. */
export function countsOf(row: MessageRow): { n: number; read: number; fetched: number } {
  const read = row.copies.filter((copy) => copy.read_at !== null).length
  const fetched = row.copies.filter((copy) => copy.fetched_at !== null || copy.read_at !== null).length
  return { n: row.copies.length, read, fetched }
}

/** Copies of the day that nobody has read yet. */
export const unread = (day: DayMessages | null): number => day?.messages.flatMap((row) => row.copies).filter(waits).length ?? 0
