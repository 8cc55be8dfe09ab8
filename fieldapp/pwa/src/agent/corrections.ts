/** Putting right how a visit ended: of what is on this phone, and of the reports of the last days. Pure. */
import { AGENT_DAYS, lifted } from '../domain/corrections.ts'
import type { Met } from '../domain/outcomes.ts'
import { asCorrected, reportsIn, type EnvelopeBody, type OutboxItem } from './day'
import type { CorrectionRow, DayBundle, ReportCard } from './shapes'

/** How a visit ended, and why that is said now. */
export interface SaidInstead {
  readonly outcome: string
  readonly met: Met
  readonly identified_by: string | null
  readonly role: string | null
  readonly captured: Readonly<Record<string, string>>
  readonly reason: string
}

export type Bound = ReportCard['bound']

/** A report as it stands, whether this phone still holds it or the day carries it. */
export interface Report {
  readonly id: string
  readonly body: EnvelopeBody
  /** What hangs on it, so that the office has to act; null where its agent may put it right. */
  readonly bound: Bound
  readonly history: readonly Step[]
  /** The agent's own last word waits for the office: saying again what stands takes it back. */
  readonly waits: boolean
}

/** That it ended otherwise, and what became of that; `here`: not known to the office when the day was fetched. */
export interface Step {
  readonly id: string
  readonly state: CorrectionRow['state'] | 'here'
  /** Null for the agent's own word on this phone. */
  readonly by: string | null
  readonly at: string
  readonly reason: string
  readonly before: string
  readonly after: string
  /** It waits for a person of the office. */
  readonly waits: boolean
}

/** What hangs on a report on this phone. */
export function boundBy({ body }: Pick<OutboxItem, 'body'>): Bound {
  if (body.payments?.length) return 'money'
  if (body.signature) return 'signature'
  return body.agreement || body.outcome === 'PROMISE_TO_PAY' ? 'agreed' : null
}

export const isInTime = ({ body }: Pick<OutboxItem, 'body'>, nowMs: number): boolean => nowMs - Date.parse(body.arrived_at ?? '') <= AGENT_DAYS * 86_400_000

/** The reports on this phone and in its day that their agent may still say otherwise of, the newest first. */
export function reportsOf(bundle: DayBundle | null, items: readonly OutboxItem[], nowMs: number): Report[] {
  const cards = reportsIn(bundle)
  const carried = new Map(cards.map((card) => [card.visit_id, card]))
  const held = items.filter(({ kind, state }) => kind === 'visit' && state !== 'refused' && state !== 'conflict')
  const lying = new Set(held.map(({ body }) => body.visit_id ?? ''))
  const all = [...held, ...cards.filter(({ visit_id }) => !lying.has(visit_id)).map(asItem)]
  const standing = asCorrected([...all, ...items.filter(({ kind }) => kind === 'visit_correction')], cards)
  return standing
    .filter((item) => item.kind === 'visit' && isInTime(item, nowMs))
    .map((item) => {
      const card = carried.get(item.body.visit_id ?? '')
      const history = historyOf(item, items, card)
      return { id: item.id, body: item.body, bound: card ? card.bound : boundBy(item), history, waits: waitsFor(history, card) }
    })
    .sort((a, b) => Date.parse(b.body.arrived_at ?? '') - Date.parse(a.body.arrived_at ?? ''))
}

/** The report of the visit that was made at this stop. */
export const reportAt = (stopId: string, reports: readonly Report[]): Report | null => reports.find(({ body }) => body.stop_id === stopId) ?? null

function asItem(card: ReportCard): OutboxItem {
  const { visit_id, practice_id, stop_id, arrived_at, outcome, captured } = card
  return {
    id: visit_id, seq: 0, kind: 'visit', state: 'accepted', writtenMs: 0, notBeforeMs: 0, settledNo: null, code: null, details: {}, flags: [], pictures: [],
    body: { visit_id, practice_id, stop_id, arrived_at, outcome, captured, unplanned: card.unplanned as EnvelopeBody['unplanned'] ?? null },
  }
}

function waitsFor(history: readonly Step[], card: ReportCard | undefined): boolean {
  const own = history.filter(({ state }) => state === 'here').at(-1)
  return own ? own.waits : (card?.corrections ?? []).some(({ state, of_office }) => state === 'asked' && !of_office)
}

function historyOf({ body: { visit_id, outcome } }: OutboxItem, items: readonly OutboxItem[], card: ReportCard | undefined): Step[] {
  const known = (card?.corrections ?? []).map((row) => ({
    id: row.id, state: row.state, by: row.said_by, at: row.said_at, reason: row.reason, before: row.before.outcome, after: row.after.outcome,
    waits: row.state === 'asked',
  }))
  let before = card?.outcome ?? items.find(({ kind, body }) => kind === 'visit' && body.visit_id === visit_id)?.body.outcome ?? outcome ?? ''
  const own: Step[] = []
  for (const { id, kind, state, body } of [...items].sort((a, b) => a.seq - b.seq)) {
    if (kind !== 'visit_correction' || body.visit_id !== visit_id || state === 'refused' || card?.corrected_by.includes(id)) continue
    const after = body.outcome ?? ''
    const waits = lifted(before, after).length > 0
    own.push({ id, state: 'here', by: null, at: body.at ?? '', reason: body.reason ?? '', before, after, waits })
    if (!waits) before = after
  }
  return [...known, ...own]
}
