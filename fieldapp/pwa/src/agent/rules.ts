/** What the rules of conduct say of an act, from what the day carries; the service judges last. */
import { judge, readRuleset, type Act, type AddressFacts, type AgentFacts, type Finding, type PracticeFacts, type Ruleset } from '../domain/conduct.ts'
import { handedOver, unseenBy, type Payment } from './day'
import { dayAt } from './time'
import type { DayBundle, StopCard } from './shapes'

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

/** What the rules say of `act` at this stop, money that the service has not seen yet included. */
export function rule(
  act: Act,
  { stop, ruleset, payments, fetchedMs }: {
    stop: StopCard
    ruleset: Ruleset | null
    payments: readonly Payment[]
    fetchedMs: number
  },
): Ruling {
  const known = stop.practice.conduct_facts as Partial<KnownToday>
  if (!ruleset || !known.practice) return NOTHING
  const unseen = unseenBy(payments, fetchedMs).filter((item) => item.payment.method === 'cash')
  const own = unseen.filter((item) => item.practiceId === stop.practice.id)
  const on = dayAt(new Date(act.at))
  const practice: PracticeFacts = {
    // A day that was stored before the app's update may lack what came later.
    ...LATER,
    ...known.practice,
    cash_received: [
      ...known.practice.cash_received,
      ...own.map((item) => ({ on, cents: item.payment.amount_cents, instalment: isInstalment(item) })),
    ],
  }
  // The stamp duty lies in the same pocket.
  const held = unseen.reduce((sum, item) => sum + handedOver(item.payment), 0)
  const agent = known.agent ? { ...known.agent, cash_held_cents: known.agent.cash_held_cents + held } : null
  const address = known.addresses?.[stop.address.id] ?? null
  const verdict = judge({ act, practice, address, agent }, ruleset, new Date(act.at))
  return { findings: verdict.findings, forbidden: verdict.forbidden }
}
