/**
 * The catalogue of visit outcomes and the questions asked of what an agent typed.
 *
 * Forms are built from `CATALOGUE`; labels stand in `text/outcomes.*.json` under `outcome.<CODE>`,
 * `outcome.field.<name>`, `outcome.choice.<field>.<code>`. Twin of `domain/outcomes.py` and `domain/captured.py`.
 */
import { localOf } from './calendar.ts'
import catalogue from './generated/outcomes.json' with { type: 'json' }
import { Refused, isDay, isInstant, isObject, isWhole, lengthOf, printable } from './reading.ts'

export type Group = 'met' | 'not_met' | 'address' | 'interrupted'
export type Met = 'debtor' | 'third_party' | 'nobody'
export type FieldType = 'date' | 'amount' | 'count' | 'choice' | 'text_short' | 'photo' | 'notice' | 'window'
export type Need = 'no' | 'allowed' | 'required'
export type Delivery = 'letterbox_sealed' | 'handed_to_debtor' | 'handed_sealed'

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly required: boolean
  readonly choices: readonly string[]
  readonly earliest: 'any' | 'today' | 'placement_end'
  readonly latest: 'any' | 'today' | 'placement_end'
  readonly longest: number
  readonly neutral: boolean
}

export interface Outcome {
  readonly code: string
  readonly group: Group
  readonly met: readonly Met[]
  readonly fields: readonly Field[]
  readonly payment: Need
  readonly signature: Need
  readonly next_step: string
  readonly next_days: number
  readonly sets_state: string | null
  readonly address_becomes: string | null
  readonly task: { readonly kind: string; readonly team: string; readonly days: number } | null
  readonly reached: boolean
  readonly counts: boolean
  readonly cools_off: boolean
  /** 1 to 5 for the five most used, 0 for the rest. */
  readonly common: number
  /** It ends a visit in whatever state it is: money, signature and agreement given before stay. */
  readonly cuts_short: boolean
  /** It says something of a door or an address, so it cannot end a meeting at another place. */
  readonly at_the_address: boolean
}

export type Captured = Readonly<Record<string, unknown>>

export interface Placement {
  readonly starts_on: string
  readonly ends_on: string
}

export const CATALOGUE = catalogue.outcomes as readonly Outcome[]
export const DELIVERIES = catalogue.deliveries as Readonly<Record<Met, readonly Delivery[]>>
export const NEXT_STEPS: readonly string[] = catalogue.next_steps
export const GROUPS: readonly Group[] = ['met', 'not_met', 'address', 'interrupted']

const ZONE = 'Europe/Rome'
const LARGEST_CENTS = 999_999_999
const LARGEST_COUNT = 999
const ALL_DELIVERIES: readonly unknown[] = ['letterbox_sealed', 'handed_to_debtor', 'handed_sealed']
const NOTICE_NUMBER = /^[A-Z0-9][A-Z0-9/-]{0,23}$/
const DIGEST = /^[0-9a-f]{64}$/
const WORD = String.raw`[\p{L}\p{N}_]`
// Words and figures by which a neighbour would learn of a debt.
const DEBT_WORDS = new RegExp(
  String.raw`€|[0-9][.,][0-9]{2}(?![0-9])|(?<!${WORD})(?:eur|euro|debit[oi]|debitor[ei]|credit[oi]|creditor[ei]` +
    String.raw`|pagament[oi]|paga|pagare|rat[ae]|insolut[oi]|recupero|esattor[ei]|fattur[ae]|prestit[oi]|debt|debts` +
    String.raw`|owe|owes|loan|payment|invoice|dette|dettes|cr[eé]ance|facture|paiement)(?!${WORD})`,
  'iu',
)

export function outcomeOf(code: string): Outcome | undefined {
  return CATALOGUE.find((entry) => entry.code === code)
}

/** What may be said with this person there, the five most used first, then in the catalogue's order. */
export function outcomesWith(met: Met): Outcome[] {
  const rank = (entry: Outcome): number => entry.common || 99
  return CATALOGUE.filter((entry) => entry.met.includes(met)).sort((a, b) => rank(a) - rank(b))
}

/** Whether a text names amounts or debts, which nobody but the debtor may read or overhear. */
export const hasDebtWords = (text: string): boolean => DEBT_WORDS.test(text)

/** The first thing in `captured` that no form of this outcome can have produced. */
export function captureShape(outcome: Outcome, captured: Captured): Refused | null {
  for (const [name, value] of Object.entries(captured)) {
    const field = outcome.fields.find((known) => known.name === name)
    if (!field) return new Refused('visit.capture_unknown', { field: name.slice(0, 60) })
    if (!shaped(field, value)) return new Refused('visit.capture_malformed', { field: name })
  }
  return null
}

/** Everything that is missing or makes no sense, in the order of the form; empty when all is well. */
export function checkCapture(
  outcome: Outcome,
  captured: Captured,
  { now, placement, met }: { now: Date; placement: Placement; met: Met },
): Refused[] {
  const known = new Set(outcome.fields.map((field) => field.name))
  const found = Object.keys(captured)
    .filter((name) => !known.has(name))
    .map((name) => new Refused('visit.capture_unknown', { field: name.slice(0, 60) }))
  const today = localOf(now, ZONE).on
  for (const field of outcome.fields) {
    const value = captured[field.name] ?? null
    if (value === null) {
      if (field.required) found.push(new Refused('visit.capture_missing', { field: field.name }))
    } else if (!shaped(field, value)) {
      found.push(new Refused('visit.capture_malformed', { field: field.name }))
    } else {
      const problem = sense(field, value, { today, placement, met })
      if (problem) found.push(problem)
    }
  }
  return found
}

function shaped(field: Field, value: unknown): boolean {
  switch (field.type) {
    case 'date':
      return isDay(value)
    case 'amount':
      return isWhole(value, 1, LARGEST_CENTS)
    case 'count':
      return isWhole(value, 1, LARGEST_COUNT)
    case 'choice':
      return typeof value === 'string' && field.choices.includes(value)
    case 'text_short':
      return (
        typeof value === 'string' && value !== '' && value === value.trim() && lengthOf(value) <= field.longest &&
        printable(value) && !/[\n\t]/.test(value)
      )
    case 'photo':
      return typeof value === 'string' && DIGEST.test(value)
    case 'notice':
      return (
        hasExactly(value, ['number', 'delivery']) && typeof value['number'] === 'string' &&
        NOTICE_NUMBER.test(value['number']) && ALL_DELIVERIES.includes(value['delivery'])
      )
    case 'window':
      return hasExactly(value, ['from', 'to']) && isInstant(value['from']) && isInstant(value['to'])
  }
}

function hasExactly(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return isObject(value) && Object.keys(value).length === names.length && names.every((name) => name in value)
}

interface Context {
  readonly today: string
  readonly placement: Placement
  readonly met: Met
}

function sense(field: Field, value: unknown, context: Context): Refused | null {
  switch (field.type) {
    case 'date':
      return within(field, String(value), context)
    case 'window': {
      const { from, to } = value as { from: string; to: string }
      if (from >= to) return new Refused('visit.window_reversed', { field: field.name })
      return within(field, localOf(new Date(from), ZONE).on, context)
    }
    case 'notice': {
      const { delivery } = value as { delivery: Delivery }
      if (DELIVERIES[context.met].includes(delivery)) return null
      return new Refused('visit.delivery_not_open', { field: field.name, met: context.met })
    }
    case 'text_short':
      return field.neutral && hasDebtWords(String(value)) ? new Refused('visit.debt_words', { field: field.name }) : null
    default:
      return null
  }
}

function within(field: Field, on: string, { today, placement }: Context): Refused | null {
  const details = { field: field.name, on }
  if (field.earliest === 'today' && on < today) return new Refused('visit.date_too_early', details)
  if (field.latest === 'today' && on > today) return new Refused('visit.date_too_late', details)
  if (field.latest === 'placement_end' && on > placement.ends_on) {
    return new Refused('visit.after_placement', { ...details, ends_on: placement.ends_on })
  }
  return null
}
