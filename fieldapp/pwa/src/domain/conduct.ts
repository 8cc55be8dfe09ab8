/**
 * Rules of conduct on the phone: the same evaluation as `domain/conduct` on the server, which judges last.
 *
 * The ruleset is data that the service sends; golden cases (`tests/golden/conduct.json`) hold both to one answer.
 */
import type { Calendar } from './calendar.ts'
import { CHECKS, type Case, type Numbers } from './conductChecks.ts'
import { localOf } from './calendar.ts'
import { Refused, attempt, isObject, type Details, type Result } from './reading.ts'

export type Severity = 'warns' | 'asks_approval' | 'forbids'
export type ActKind = 'visit' | 'call' | 'message' | 'letter' | 'payment'
export type DebtorKind = 'consumer' | 'firm'

export type Act =
  | { readonly kind: 'visit'; readonly at: string; readonly duration_s: number }
  | { readonly kind: 'call'; readonly at: string }
  | { readonly kind: 'message'; readonly at: string; readonly tells_debt: boolean }
  | { readonly kind: 'letter'; readonly at: string }
  | {
      readonly kind: 'payment'
      readonly at: string
      readonly method: string
      readonly amount_cents: number
      /** The stamp duty that the debtor bears, handed over beside the amount. */
      readonly duty_cents: number
      readonly instalment: boolean
      readonly payer: 'debtor' | 'other_identified' | 'other_unidentified'
      readonly cheque: {
        readonly payee: 'creditor' | 'agency' | 'agent' | 'other'
        readonly non_transferable: boolean
      } | null
    }

export interface Contact {
  readonly on: string
  readonly channel: 'visit' | 'call' | 'message' | 'letter'
  readonly reached: boolean
  readonly counts: boolean
}

export interface PracticeFacts {
  readonly creditor: string
  readonly debtor_kind: DebtorKind
  readonly placement_starts_on: string
  readonly placement_ends_on: string
  readonly states: readonly string[]
  readonly oldest_due_on: string | null
  readonly letters: readonly { readonly level: number; readonly sent_on: string }[]
  readonly contacts: readonly Contact[]
  readonly happened: readonly { readonly outcome: string; readonly on: string }[]
  readonly appointments: readonly { readonly from_at: string; readonly to_at: string; readonly outside_hours: boolean }[]
  readonly cash_received: readonly { readonly on: string; readonly cents: number; readonly instalment: boolean }[]
  readonly electronic_consent: boolean
  /** From this day on no line of the practice may be claimed. */
  readonly time_barred_on: string | null
  /** What a person of the office approved, and for which days. */
  readonly approvals: readonly { readonly rule: string; readonly from_on: string; readonly to_on: string }[]
}

export interface AddressFacts {
  readonly kind: 'home' | 'workplace' | 'other'
  readonly state: 'confirmed' | 'doubtful' | 'rejected'
  readonly comune: string
  readonly province: string
  readonly given_by_debtor: boolean
}

export interface AgentFacts {
  readonly notified_on: string | null
  readonly licence_ends_on: string | null
  readonly provinces: readonly string[]
  readonly badge_ends_on: string | null
  readonly qualification_ends_on: string | null
  readonly cash_held_cents: number
  readonly cash_limit_cents: number | null
}

/** What the service knows; the phone adds the act (`{ ...facts, act }`). */
export interface KnownFacts {
  readonly practice: PracticeFacts
  readonly address: AddressFacts | null
  readonly agent: AgentFacts | null
}

export interface Facts extends KnownFacts {
  readonly act: Act
}

export type ParameterValue = number | boolean | string | readonly string[]

export interface Rule {
  readonly id: string
  readonly check: string
  readonly severity: Severity
  readonly acts: readonly ActKind[]
  readonly valid_from: string
  readonly valid_to: string | null
  readonly scope: {
    readonly creditors: readonly string[] | null
    readonly debtor: DebtorKind | null
    readonly country: string
  }
  readonly parameters: Readonly<Record<string, ParameterValue>>
  readonly overrides: string | null
  readonly quiet: boolean
  readonly source: string
  readonly to_be_confirmed: boolean
  readonly texts: Readonly<Record<string, string>>
  readonly approvers: readonly string[]
}

export interface Ruleset {
  readonly v: 1
  readonly name: string
  readonly zone: string
  readonly rules: readonly Rule[]
  readonly calendar: Calendar
}

/** What one rule says; its words stand in the catalogues under `code`. */
export interface Finding {
  readonly rule: string
  readonly code: string
  readonly severity: Severity
  readonly details: Details
}

export interface Verdict {
  readonly findings: readonly Finding[]
  /** Some rule forbids the act; nobody can lift it. */
  readonly forbidden: boolean
  /** Nothing forbids it, but a person with the right has to approve. */
  readonly needsApproval: boolean
  /** The act may go ahead; warnings are shown. */
  readonly allowed: boolean
}

/**
 * The ruleset that the service sent. A rule whose check this app does not know is refused
 * (`rules.unknown_check`): skipping it would allow what a newer rule forbids, so the app asks for its update.
 */
export function readRuleset(plain: unknown): Result<Ruleset> {
  return attempt(() => {
    if (!isObject(plain) || plain['v'] !== 1 || !Array.isArray(plain['rules']) || !isObject(plain['calendar'])) {
      throw new Refused('rules.field_malformed', { field: 'v' })
    }
    for (const rule of plain['rules'] as Rule[]) {
      if (!Object.hasOwn(CHECKS, rule.check)) {
        throw new Refused('rules.unknown_check', { rule: rule.id, check: rule.check })
      }
    }
    return plain as unknown as Ruleset
  })
}

/** What the rules in force on the act's local day say of it, in the order of the ruleset. */
export function judge(facts: Facts, ruleset: Ruleset, now: Date): Verdict {
  const judged = caseOf(facts, ruleset, now)
  const findings: Finding[] = []
  for (const rule of ruleset.rules) {
    if (rule.overrides !== null || !rule.acts.includes(facts.act.kind)) continue
    if (!inForce(rule, judged.on) || !speaksAbout(rule, facts.practice)) continue
    const { severity, parameters } = resolved(rule, judged, ruleset)
    const check = CHECKS[rule.check]
    if (!check) continue // `readRuleset` refuses such a set
    const stands = severity === 'asks_approval' && approved(judged, rule.id) ? 'warns' : severity
    for (const [code, details] of check(judged, parameters)) findings.push({ rule: rule.id, code, severity: stands, details })
  }
  const forbidden = findings.some((finding) => finding.severity === 'forbids')
  const approval = findings.some((finding) => finding.severity === 'asks_approval')
  return { findings, forbidden, needsApproval: !forbidden && approval, allowed: !forbidden && !approval }
}

const approved = ({ facts, on }: Case, rule: string): boolean =>
  facts.practice.approvals.some((item) => item.rule === rule && item.from_on <= on && on <= item.to_on)

function caseOf(facts: Facts, ruleset: Ruleset, now: Date): Case {
  const at = new Date(facts.act.at)
  const start = localOf(at, ruleset.zone)
  const stays = facts.act.kind === 'visit' ? facts.act.duration_s : 0
  const endsAt = new Date(at.getTime() + stays * 1000)
  const end = stays ? localOf(endsAt, ruleset.zone) : start
  return { facts, calendar: ruleset.calendar, now, on: start.on, startS: start.s, endOn: end.on, endS: end.s, at, endsAt }
}

const inForce = (rule: Rule, on: string): boolean => rule.valid_from <= on && (rule.valid_to === null || on <= rule.valid_to)

const speaksAbout = (rule: Rule, practice: PracticeFacts): boolean =>
  (rule.scope.creditors === null || rule.scope.creditors.includes(practice.creditor)) &&
  (rule.scope.debtor === null || rule.scope.debtor === practice.debtor_kind)

/** The rule with the numbers of whoever overrides it, the narrowest last. */
function resolved(rule: Rule, judged: Case, ruleset: Ruleset): { severity: Severity; parameters: Numbers } {
  let { severity } = rule
  let parameters = { ...rule.parameters }
  let id = rule.id
  const seen = new Set<string>()
  while (!seen.has(id)) {
    seen.add(id)
    const narrower = ruleset.rules.find(
      (other) => other.overrides === id && inForce(other, judged.on) && speaksAbout(other, judged.facts.practice),
    )
    if (!narrower) break
    parameters = { ...parameters, ...narrower.parameters }
    severity = narrower.severity
    id = narrower.id
  }
  return { severity, parameters }
}
