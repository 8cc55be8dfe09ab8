/** The timeline of a practice: visits with the facts that came with them, everything else in between. Pure. */
import type { AttemptCard, EntryRow, PracticeFile, TimelineItem, VisitRow } from '../api/shapes'

export type SpineItem =
  | { readonly kind: 'visit'; readonly at: string; readonly visit: VisitRow; readonly facts: readonly TimelineItem[] }
  | { readonly kind: 'fact'; readonly at: string; readonly fact: TimelineItem }
  | { readonly kind: 'contact'; readonly at: string; readonly contact: AttemptCard }

export interface SpineDay {
  /** ISO day where the visits are. */
  readonly day: string
  readonly items: readonly SpineItem[]
}

/**
 * Days newest first, and within a day the newest first. A fact that names a visit of the file stands inside that
 * visit (the newest last, as it happened); `dayOf` tells the local day of an instant.
 */
export function spineOf(file: Pick<PracticeFile, 'visits' | 'timeline' | 'earlier_contacts'>, dayOf: (at: string) => string): readonly SpineDay[] {
  const inside = new Map<string, TimelineItem[]>(file.visits.map((visit) => [visit.id, []]))
  const loose: SpineItem[] = []
  for (const fact of file.timeline) {
    const visit = fact.body['visit_id']
    const home = typeof visit === 'string' ? inside.get(visit) : undefined
    if (home) home.push(fact)
    else loose.push({ kind: 'fact', at: fact.at, fact })
  }
  const visits = file.visits.map(
    (visit): SpineItem => ({
      kind: 'visit',
      at: visit.arrived_at,
      visit,
      facts: (inside.get(visit.id) ?? []).toSorted((a, b) => a.number - b.number),
    }),
  )
  // A contact that was written down at the desk is told by its fact too: it stands there once.
  const told = new Set(file.earlier_contacts.map((contact) => `${contact.channel} ${Date.parse(contact.at)}`))
  const once = loose.filter((item) => item.kind !== 'fact' || item.fact.kind !== 'contact.made' || !told.has(`${String(item.fact.body['channel'])} ${Date.parse(item.at)}`))
  const elsewhere = file.earlier_contacts.map((contact): SpineItem => ({ kind: 'contact', at: contact.at, contact }))
  const sorted = [...visits, ...once, ...elsewhere].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
  const days = new Map<string, SpineItem[]>()
  for (const item of sorted) {
    const day = dayOf(item.at)
    days.set(day, [...(days.get(day) ?? []), item])
  }
  return [...days].map(([day, items]) => ({ day, items }))
}

/** Stable within one file, for lists and for lighting up what is new. */
export function keyOf(item: SpineItem): string {
  switch (item.kind) {
    case 'visit':
      return item.visit.id
    case 'fact':
      return `fact ${item.fact.number}`
    case 'contact':
      return `contact ${item.contact.channel} ${item.contact.outcome} ${item.at}`
  }
}

/** What has come in since the file was read before: numbers of facts, ids of visits and receipts. */
export function newSince(before: PracticeFile | null, after: PracticeFile): ReadonlySet<string> {
  if (before === null) return new Set()
  const known = keysOf(before)
  return new Set([...keysOf(after)].filter((key) => !known.has(key)))
}

const keysOf = (file: PracticeFile): ReadonlySet<string> =>
  new Set([
    ...file.timeline.map((fact) => `fact ${fact.number}`),
    ...file.visits.map((visit) => visit.id),
    ...file.receipts.map((receipt) => receipt.id),
    ...file.entries.map((entry) => entry.id),
    ...file.promises.map((promise) => promise.id),
    ...file.tasks.map((task) => `${task.id} ${task.state}`),
  ])

/** Sums of what is left, by kind; they add up to the whole. A part that was overpaid lowers no other. */
export const owedByKind = (lines: PracticeFile['debt_lines']) => ({
  principal_cents: lines.reduce((sum, line) => sum + Math.max(0, line.principal_cents), 0),
  interest_cents: lines.reduce((sum, line) => sum + Math.max(0, line.interest_cents), 0),
  costs_cents: lines.reduce((sum, line) => sum + Math.max(0, line.costs_cents), 0),
})

/**
 * What an entry moves for the practice: the change of its claims, without sign. An entry that touches no claim
 * counts its debits.
 */
export function entryAmount(entry: Pick<EntryRow, 'postings'>): number {
  const claims = entry.postings.filter((posting) => posting.account_kind.startsWith('claim_'))
  if (claims.length > 0) return Math.abs(claims.reduce((sum, posting) => sum + posting.amount_cents, 0))
  return entry.postings.reduce((sum, posting) => sum + Math.max(0, posting.amount_cents), 0)
}
