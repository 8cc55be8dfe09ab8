/** What the rules of conduct say of an act, from what the day carries; the service judges last. */
import { judge, readRuleset, type Act, type AddressFacts, type AgentFacts, type Finding, type PracticeFacts, type Ruleset } from '../domain/conduct.ts'
import { outcomeOf } from '../domain/outcomes.ts'
import { asCorrected, handedOver, ownWord, unseenBy, unseenItems, type OutboxItem, type Payment } from './day'
import { dayAt } from './time'
import type { DayBundle, ReportCard, StopCard } from './shapes'

export interface Ruling {
  readonly findings: readonly Finding[]
  readonly forbidden: boolean
}

interface KnownToday {
  readonly practice: PracticeFacts
  readonly agent: AgentFacts | null
  readonly addresses: Readonly<Record<string, AddressFacts>>
}

const LATER = { time_barred_on: null, approvals: [] }
const NOTHING: Ruling = { findings: [], forbidden: false }

/** The rules as they came with the day; null when this app does not understand them. */
export function rulesetOf(bundle: DayBundle): Ruleset | null {
  const read = readRuleset(bundle.ruleset)
  return read.kind === 'ok' ? read.value : null
}

/** The receipt says so, and it is signed. */
const isInstalment = ({ payment }: Payment): boolean =>
  (payment.receipt?.value['wording'] as { kind?: unknown } | undefined)?.kind === 'instalment'

/** What the phone knows beside the facts of the day that was asked for at `askedNo`. */
export interface Known {
  readonly ruleset: Ruleset | null
  readonly stops: readonly StopCard[]
  readonly payments: readonly Payment[]
  readonly items: readonly OutboxItem[]
  readonly askedNo: number
  /** The agent's reports of the last days, as that day carries them. */
  readonly reports: readonly ReportCard[]
}

/** What the rules say of `act` at this stop, counting what this phone did that the service has not seen yet. */
export function rule(act: Act, stop: StopCard, phone: Known): Ruling {
  const known = stop.practice.conduct_facts as Partial<KnownToday>
  if (!phone.ruleset || !known.practice) return NOTHING
  const cash = unseenBy(phone.payments, phone.askedNo).filter((item) => item.payment.method === 'cash')
  const together = ofOneDebtor(stop, phone.stops)
  const sameCreditor = (id: string): boolean => together.get(id) === stop.practice.creditor.id
  const made = unseenItems(asCorrected(phone.items, phone.reports), phone.askedNo).filter((item) => together.has(item.body.practice_id ?? ''))
  const on = localDay(act.at)
  const practice: PracticeFacts = {
    // A day that was stored before the app's update may lack what came later.
    ...LATER,
    ...known.practice,
    contacts: [...known.practice.contacts, ...contactsOf(made, stop.practice.id)],
    happened: [...happenedIn([...made, ...newWord(phone).filter(({ body }) => together.has(body.practice_id ?? ''))], stop.practice.id), ...known.practice.happened],
    cash_received: [
      ...known.practice.cash_received,
      ...cash
        .filter((item) => sameCreditor(item.practiceId))
        .map((item) => ({ on, cents: handedOver(item.payment), instalment: isInstalment(item) })),
    ],
  }
  // The stamp duty lies in the same pocket.
  const held = cash.reduce((sum, item) => sum + handedOver(item.payment), 0)
  const agent = known.agent ? { ...known.agent, cash_held_cents: known.agent.cash_held_cents + held } : null
  const address = known.addresses?.[stop.address.id] ?? null
  const verdict = judge({ act, practice, address, agent }, phone.ruleset, new Date(act.at))
  return { findings: verdict.findings, forbidden: verdict.forbidden }
}

/** The practice and those of the same debtor on this phone, each with its creditor. */
function ofOneDebtor({ practice }: StopCard, stops: readonly StopCard[]): ReadonlyMap<string, string> {
  const joined = stops.filter((other) => practice.debtor_group && other.practice.debtor_group === practice.debtor_group)
  return new Map([practice, ...joined.map((other) => other.practice)].map((one) => [one.id, one.creditor.id] as const))
}

/**
 * Visits and calls as the service will count them. A visit that is reported for two creditors is one contact: as this
 * practice's own report says, else as one that met the debtor.
 */
function contactsOf(items: readonly OutboxItem[], practiceId: string): PracticeFacts['contacts'][number][] {
  const made = new Map<string, { readonly own: boolean; readonly contact: PracticeFacts['contacts'][number] }>()
  for (const { id, kind, body } of items) {
    const own = body.practice_id === practiceId
    if (kind === 'contact' && body.at) made.set(id, { own, contact: { on: localDay(body.at), channel: 'call', reached: false, counts: true } })
    if (kind !== 'visit' || !body.arrived_at) continue
    const outcome = outcomeOf(body.outcome ?? '')
    const visit = body.with_visit_id ?? body.visit_id ?? id
    const reached = !!outcome?.reached || body.met?.who === 'debtor'
    const before = made.get(visit)
    if (before && !own && (before.own || !reached)) continue
    made.set(visit, { own, contact: { on: localDay(body.arrived_at), channel: 'visit', reached, counts: outcome?.counts ?? true } })
  }
  return [...made.values()].map(({ contact }) => contact)
}

/** What somebody wants of us altogether, whichever debt they were asked about. */
const OF_THE_PERSON: readonly string[] = ['ASKED_TO_LEAVE']

const happenedIn = (items: readonly OutboxItem[], practiceId: string): PracticeFacts['happened'] =>
  items.flatMap(({ body: { outcome, arrived_at, practice_id } }) =>
    outcome && arrived_at && (practice_id === practiceId || OF_THE_PERSON.includes(outcome)) ? [{ outcome, on: localDay(arrived_at) }] : [],
  )

/**
 * What the agent's own corrections say happened that the day's facts need not know of, on the day of the visit: of a report
 * of any day, for these facts hold how it ended before. One that waits for the office already keeps us from the person.
 */
function newWord({ items, reports, askedNo }: Known): OutboxItem[] {
  const arrived = new Map([
    ...reports.map(({ visit_id, arrived_at }) => [visit_id, arrived_at] as const),
    ...items.flatMap(({ kind, body }) => (kind === 'visit' && body.visit_id && body.arrived_at ? [[body.visit_id, body.arrived_at] as const] : [])),
  ])
  const { holds, waits } = ownWord(items, reports)
  return unseenItems([...holds, ...waits.filter(({ body }) => OF_THE_PERSON.includes(body.outcome ?? ''))], askedNo).flatMap((item) => {
    const at = arrived.get(item.body.visit_id ?? '') ?? item.body.at
    return at ? [{ ...item, body: { ...item.body, arrived_at: at } }] : []
  })
}

const localDay = (at: string): string => dayAt(new Date(at))
