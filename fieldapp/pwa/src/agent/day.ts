/** What the day looks like from the phone: what is done, what is next, what is still owed after today. Pure. */
import { bodyOf, LEAVING, readEnvelope, type EnvelopeKind } from '../outbox/envelopes'
import type { StoredRecord } from '../outbox/storage'
import type { Met } from '../domain/outcomes.ts'
import type { Attachment, IdentifiedBy, OutsideThePlan, PaymentBody, Role } from '../domain/visit.ts'
import { inOrder } from './forecast'
import { distanceM } from '../domain/distance.ts'
import { dayAt } from './time'
import type { Draft } from './draft'
import { lifted } from '../domain/corrections.ts'
import type { DayBundle, DebtLineCard, PracticeCard, ReportCard, StopCard, PurseCard } from './shapes'

export type ItemState = 'waiting' | 'held' | 'accepted' | 'refused' | 'conflict'

/** One written envelope, as screens show it. */
export interface OutboxItem {
  readonly id: string
  readonly seq: number
  readonly kind: EnvelopeKind
  readonly state: ItemState
  readonly writtenMs: number
  readonly notBeforeMs: number
  /** In the phone's own order of events: when its verdict was written here. */
  readonly settledNo: number | null
  readonly code: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly flags: readonly string[]
  readonly pictures: readonly string[]
  readonly body: EnvelopeBody
}

export interface EnvelopeBody {
  /** What concerns the whole day has none. */
  readonly practice_id?: string | null
  readonly visit_id?: string | null
  readonly stop_id?: string | null
  readonly planned_day?: string | undefined
  /** Of what concerns the whole day. */
  readonly day?: string
  readonly at?: string
  /** Of a message that was read. */
  readonly message_id?: string
  /** Of a question that was answered. */
  readonly question_id?: string
  /** Of an alarm. */
  readonly danger_id?: string
  readonly outcome?: string
  /** Of a correction: why. */
  readonly reason?: string
  readonly with_visit_id?: string
  readonly unplanned?: OutsideThePlan | null
  readonly arrived_at?: string
  readonly left_at?: string
  readonly met?: { readonly who: Met; readonly identified_by: IdentifiedBy | null; readonly role?: Role | null }
  readonly captured?: Readonly<Record<string, unknown>> & { readonly reason?: string; readonly notice?: { readonly number: string } }
  readonly statement?: string | null
  readonly signature?: unknown
  readonly agreement?: unknown
  readonly payments?: readonly PaymentBody[]
  readonly attachments?: readonly Attachment[]
  readonly observations?: readonly string[]
}

export function readItem(record: StoredRecord): OutboxItem {
  const envelope = readEnvelope(record)
  const gone = record.state === LEAVING
  return {
    id: envelope.id, seq: envelope.seq, kind: envelope.kind, state: gone ? 'waiting' : (record.state as ItemState),
    writtenMs: envelope.written_ms, notBeforeMs: gone ? 0 : envelope.not_before_ms, settledNo: envelope.verdict ? (envelope.settled_no ?? 0) : null,
    code: envelope.verdict?.code ?? null, details: envelope.verdict?.details ?? {}, flags: envelope.verdict?.flags ?? [],
    pictures: envelope.pictures, body: bodyOf<EnvelopeBody>(envelope),
  }
}

export interface Payment {
  readonly practiceId: string
  readonly payment: PaymentBody
  /** In the phone's own order of events: when the service had confirmed it; null while it has not. */
  readonly settledNo: number | null
}

/** Money taken on this phone: in reports that were written, and in visits still open. */
export function paymentsOf(
  items: readonly OutboxItem[],
  drafts: readonly { readonly stop: StopCard; readonly payments: readonly PaymentBody[] }[],
): Payment[] {
  const written = items
    .filter((item) => item.kind === 'visit' && item.state !== 'refused')
    .flatMap((item) =>
      (item.body.payments ?? []).map((payment) => ({
        practiceId: item.body.practice_id ?? '', payment, settledNo: item.state === 'accepted' ? item.settledNo : null,
      })),
    )
  const open = drafts.flatMap((draft) =>
    draft.payments.map((payment) => ({ practiceId: draft.stop.practice.id, payment, settledNo: null })),
  )
  return [...written, ...open].filter((item) => item.payment.receipt !== null)
}

/**
 * Payments that the day's figures need not know of: they were settled here after the day was asked for. Numbers of one
 * counter (`inOrderOfEvents`) and no clock: one that is put right between the two would count a payment twice.
 */
export const unseenBy = (payments: readonly Payment[], askedNo: number): Payment[] =>
  payments.filter((item) => item.settledNo === null || item.settledNo > askedNo)

/** What was written here and counts, and the day's facts need not know of, as of payments. */
export const unseenItems = (items: readonly OutboxItem[], askedNo: number): OutboxItem[] =>
  items.filter((item) => item.state !== 'refused' && (item.state !== 'accepted' || item.settledNo === null || item.settledNo > askedNo))

/** What remains owed by line after the payments on this phone. */
export function openLines(practice: PracticeCard, unseen: readonly Payment[]): DebtLineCard[] {
  const taken = unseen.filter((item) => item.practiceId === practice.id).flatMap((item) => item.payment.allocation)
  return practice.debt_lines.map((line) => {
    const off = taken.filter((part) => part.debt_line_id === line.id)
    const less = (owed: number, key: 'principal_cents' | 'interest_cents' | 'costs_cents'): number =>
      Math.max(0, owed - off.reduce((sum, part) => sum + part[key], 0))
    return {
      ...line,
      principal_cents: less(line.principal_cents, 'principal_cents'),
      interest_cents: less(line.interest_cents, 'interest_cents'),
      costs_cents: less(line.costs_cents, 'costs_cents'),
    }
  })
}

/** Whether a line may not be asked for any more on `day`; it stays on the screen, marked. */
export const isBarred = (line: DebtLineCard, day: string): boolean => !!line.limitation && line.limitation.barred_on <= day

/** What may be asked for on `day`: the open lines that are not time-barred. */
export const askableLines = (practice: PracticeCard, unseen: readonly Payment[], day: string): DebtLineCard[] =>
  openLines(practice, unseen).filter((line) => !isBarred(line, day))

export const lineTotal = (line: { principal_cents: number; interest_cents: number; costs_cents: number }): number =>
  line.principal_cents + line.interest_cents + line.costs_cents

export const owedCents = (lines: readonly DebtLineCard[]): number => lines.reduce((sum, line) => sum + lineTotal(line), 0)

/** What was agreed on with the debtor for `day`, where something was: the first of it. */
export function appointmentOf(stop: StopCard, day: string, dayOf: (at: string) => string): { readonly from_at: string; readonly to_at: string } | null {
  const known = stop.practice.conduct_facts as { readonly practice?: { readonly appointments?: readonly { readonly from_at: string; readonly to_at: string }[] } }
  const today = (known.practice?.appointments ?? []).filter((one) => dayOf(one.from_at) === day)
  return today.sort((a, b) => Date.parse(a.from_at) - Date.parse(b.from_at))[0] ?? null
}

/** The newest of the agent's own corrections that the office is not known to have; in the order they were written. */
const newCorrections = (items: readonly OutboxItem[], known: ReadonlySet<string>): OutboxItem[] =>
  items.filter((item) => item.kind === 'visit_correction' && item.state !== 'refused' && item.state !== 'conflict' && !known.has(item.id)).sort((a, b) => a.seq - b.seq)

/**
 * What was reported as it stands: as the office had it when the day was fetched (`reports`), and as the agent's own later
 * corrections say it, but for one that lifts a protection, which the office decides. The report stays as it was written.
 */
export function asCorrected(items: readonly OutboxItem[], reports: readonly ReportCard[] = []): readonly OutboxItem[] {
  const { said } = standing(items, reports)
  if (said.size === 0) return items
  return items.map((item) => {
    const now = item.kind === 'visit' ? said.get(item.body.visit_id ?? '') : undefined
    return now ? { ...item, body: { ...item.body, ...now } } : item
  })
}

/** The agent's own last corrections of reports: one that holds, and one that the office still has to decide. */
export function ownWord(items: readonly OutboxItem[], reports: readonly ReportCard[]): { readonly holds: readonly OutboxItem[]; readonly waits: readonly OutboxItem[] } {
  const { holds, waits } = standing(items, reports)
  return { holds: [...holds.values()], waits: [...waits.values()] }
}

function standing(
  items: readonly OutboxItem[], reports: readonly ReportCard[],
): { readonly said: ReadonlyMap<string, Said>; readonly holds: ReadonlyMap<string, OutboxItem>; readonly waits: ReadonlyMap<string, OutboxItem> } {
  const said = new Map<string, Said>(
    reports.map(({ visit_id, outcome, met, identified_by, role, captured }) => [
      visit_id, { outcome, met: { who: met, identified_by: identified_by as IdentifiedBy | null, role: role as Role | null }, captured },
    ]),
  )
  const first = new Map(items.flatMap(({ kind, body }) => (kind === 'visit' ? [[body.visit_id ?? '', body.outcome ?? '']] : [])))
  const holds = new Map<string, OutboxItem>()
  const waits = new Map<string, OutboxItem>()
  for (const item of newCorrections(items, new Set(reports.flatMap(({ corrected_by }) => corrected_by)))) {
    const { visit_id, outcome, met, captured } = item.body
    if (!visit_id || !outcome || !met) continue
    const before = said.get(visit_id)?.outcome ?? first.get(visit_id) ?? ''
    // The agent's newest word takes the place of one that waits.
    waits.delete(visit_id)
    if (lifted(before, outcome).length > 0) waits.set(visit_id, item)
    else {
      said.set(visit_id, { outcome, met, captured: captured ?? {} })
      holds.set(visit_id, item)
    }
  }
  return { said, holds, waits }
}

type Said = Required<Pick<EnvelopeBody, 'outcome' | 'met' | 'captured'>>

/** A day that an older app has fetched brings none. */
export const reportsIn = (bundle: DayBundle | null): readonly ReportCard[] => (bundle?.reports as readonly ReportCard[] | undefined) ?? []

export interface DayOfStops {
  readonly next: StopCard | null
  readonly ahead: readonly StopCard[]
  readonly done: readonly { readonly stop: StopCard; readonly outcome: string | null }[]
  readonly total: number
  /** Near visits outside the route that nobody has begun, from the nearest on. */
  readonly reserve: readonly StopCard[]
}

/**
 * The day in order, the agent's own where there is one: an open visit is in hand and stays first, whatever was published meanwhile. A visit of the reserve
 * belongs to the day once it has begun.
 */
export function dayOf(
  bundle: DayBundle, items: readonly OutboxItem[], openStopIds: readonly string[], order: readonly string[] | null = null,
): DayOfStops {
  const outcomes = new Map(
    asCorrected(items, reportsIn(bundle))
      .filter((item) => item.kind === 'visit' && item.state !== 'refused')
      .map((item) => [item.body.stop_id ?? '', item.body.outcome ?? null] as const),
  )
  const isDone = (stop: StopCard): boolean => stop.done || outcomes.has(stop.stop_id)
  const untouched = (stop: StopCard): boolean => stop.reserve && !isDone(stop) && !openStopIds.includes(stop.stop_id)
  const all = [...bundle.stops].sort((a, b) => a.position - b.position)
  const stops = all.filter((stop) => !untouched(stop))
  const waiting = inOrder(stops.filter((stop) => !isDone(stop)), order)
  const open = waiting.find((stop) => openStopIds.includes(stop.stop_id))
  const next = open ?? waiting[0] ?? null
  return {
    next,
    ahead: waiting.filter((stop) => stop !== next),
    done: stops.filter(isDone).map((stop) => ({ stop, outcome: outcomes.get(stop.stop_id) ?? null })),
    total: stops.length,
    reserve: nearestFirst(all.filter(untouched), lastPlace(all, items) ?? next),
  }
}

/** The whole day as it is made: what is done as it was planned, then what is left as "Oggi" lists it. */
export const inCourse = ({ next, ahead, done }: DayOfStops): StopCard[] => [...done.map(({ stop }) => stop), ...(next ? [next] : []), ...ahead]

/** A sheet was opened at this door and nothing was copied from it yet: the day goes on as if it had not been. */
export const isUntouched = ({ paper, arrived_at, pictures }: Pick<Draft, 'paper' | 'arrived_at' | 'pictures'>): boolean =>
  !!paper && arrived_at === null && pictures.length === 0 && paper.number + paper.check + paper.from + paper.to + paper.amount === ''

/** The newest report on this phone, whatever became of it. */
export const lastReport = (items: readonly OutboxItem[]): OutboxItem | null =>
  items.filter((item) => item.kind === 'visit').reduce<OutboxItem | null>((a, b) => (a && a.seq > b.seq ? a : b), null)

/** Where the agent last reported a visit; a debtor met elsewhere leaves that open. */
export function lastPlace(stops: readonly StopCard[], items: readonly OutboxItem[]): StopCard | null {
  const body = lastReport(items)?.body
  const atTheDoor = (stop: StopCard): boolean => (body?.unplanned ? body.unplanned === 'address' && stop.practice.id === body.practice_id : stop.stop_id === body?.stop_id)
  return stops.find(atTheDoor) ?? null
}

function nearestFirst(stops: readonly StopCard[], from: StopCard | null): StopCard[] {
  const far = (stop: StopCard): number => metresBetween(from, stop) ?? Number.MAX_SAFE_INTEGER
  return [...stops].sort((a, b) => far(a) - far(b))
}

/** Metres as the crow flies, where both places are known. */
export function metresBetween(a: StopCard | null, b: StopCard): number | null {
  const [from, to] = [a?.address, b.address]
  if (!from || from.lat_e6 === null || from.lon_e6 === null || to.lat_e6 === null || to.lon_e6 === null) return null
  return distanceM({ lat_e6: from.lat_e6, lon_e6: from.lon_e6 }, { lat_e6: to.lat_e6, lon_e6: to.lon_e6 })
}

/** What a newer version of the same day brought and took away, but for what the agent has begun or done. */
export interface DayNews {
  readonly added: readonly StopCard[]
  readonly gone: readonly StopCard[]
  /** With an appointment that is new or stands at another hour. */
  readonly agreed: readonly StopCard[]
  /** Still to be visited, the appointment given up. */
  readonly freed: readonly StopCard[]
}

export function newsOf(before: DayBundle, after: DayBundle, begun: ReadonlySet<string>): DayNews | null {
  if (before.day !== after.day || before.version === 0 || before.version === after.version) return null
  const route = (bundle: DayBundle): StopCard[] => bundle.stops.filter((stop) => !stop.reserve && !begun.has(stop.stop_id))
  const [old, fresh] = [route(before), route(after)]
  const knownOf = (stops: StopCard[], other: StopCard): StopCard | undefined => stops.find((stop) => stop.practice.id === other.practice.id)
  const window = (stop: StopCard | undefined): string => {
    const agreed = stop && appointmentOf(stop, after.day, (at) => dayAt(new Date(at)))
    return agreed ? `${agreed.from_at} ${agreed.to_at}` : ''
  }
  const news: DayNews = {
    added: fresh.filter((stop) => !knownOf(old, stop)),
    gone: old.filter((stop) => !knownOf(fresh, stop)),
    agreed: fresh.filter((stop) => window(stop) !== '' && window(stop) !== window(knownOf(old, stop))),
    freed: fresh.filter((stop) => window(stop) === '' && window(knownOf(old, stop)) !== ''),
  }
  return Object.values(news).some((stops: readonly StopCard[]) => stops.length > 0) ? news : null
}

/** When the agent closed this day by hand, the last time; null while it goes on. */
export function closingOf(day: string, items: readonly OutboxItem[]): string | null {
  const closings = items.filter((item) => item.kind === 'day_closed' && item.state !== 'refused' && item.body.day === day)
  return closings.reduce<OutboxItem | null>((a, b) => (a && a.seq > b.seq ? a : b), null)?.body.at ?? null
}

/** Cents held by kind: what a person has in the pocket or on the terminal. */
export function heldByMethod(payments: readonly Payment[]): ReadonlyMap<string, { count: number; cents: number }> {
  const held = new Map<string, { count: number; cents: number }>()
  for (const { payment } of payments) {
    const known = held.get(payment.method) ?? { count: 0, cents: 0 }
    held.set(payment.method, { count: known.count + 1, cents: known.cents + handedOver(payment) })
  }
  return held
}

/** What the agent holds now: what the books said when the day was fetched, and what was taken since. */
export function purseNow(known: PurseCard | undefined, unseen: readonly Payment[]): ReadonlyMap<string, number> {
  const held = new Map([['cash', known?.cash_cents ?? 0], ['cheque', known?.cheques_cents ?? 0], ['card', known?.cards_cents ?? 0]])
  for (const [method, { cents }] of heldByMethod(unseen)) held.set(method, (held.get(method) ?? 0) + cents)
  return held
}

/** What was handed over: the amount, and the stamp duty where the debtor bears it. */
export const handedOver = (payment: PaymentBody): number =>
  payment.amount_cents + (payment.stamp_duty.charged_to === 'debtor' ? payment.stamp_duty.cents : 0)
