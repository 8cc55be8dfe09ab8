/**
 * Payment methods as the service's catalogue has them, and what a payment typed at the door must hold.
 * The twin of `domain/payments.py`, which writes `generated/payments.json`.
 */
import catalogue from './generated/payments.json'
import { LARGEST_CENTS } from './money.ts'
import { Refused, attempt, isDay, lengthOf, printable, type Result } from './reading.ts'

/** What was typed into one field: text (dates as `2026-11-26`), or yes and no. */
export type Answer = string | boolean
export type Answers = Readonly<Record<string, Answer>>
export type FieldKind = 'text' | 'code' | 'date' | 'flag'
export type PaperKind = 'receipt' | 'receipt_subject_to_clearance' | 'transfer_memo' | 'bulletin_memo' | 'link_memo'
export type HeldIn = 'agent_cash' | 'card_in_transit' | 'cheques_in_hand' | 'links_in_transit' | 'agency_bank'

export interface PaymentField {
  readonly name: string
  readonly kind: FieldKind
  readonly required: boolean
  readonly longest: number
}

/** How a payment that is only announced goes on: nothing is posted until the office sees it. */
export interface Announced {
  /** The field with its day: to come, or behind us where `past`. */
  readonly on: string
  readonly past: boolean
  /** The field by which the office finds it. */
  readonly reference: string | null
  readonly booked_as: string
}

export interface PaymentMethod {
  readonly code: string
  readonly paper: PaperKind
  readonly debits: HeldIn | null
  readonly fields: readonly PaymentField[]
  /** False for an announcement: no number, no posting, a promise only. */
  readonly counts_as_payment: boolean
  /** False for what only the office sees happen: the phone does not offer it. */
  readonly at_the_door: boolean
  readonly announced: Announced | null
}

export interface PaymentRules {
  /** The local date, `2026-11-26`. */
  readonly today: string
  readonly agent_name: string
  /** The names a cheque may bear: the creditor's payee, the agency; null where only the paper is at hand. */
  readonly payees: readonly string[] | null
  /** From this sum a cheque must say "non trasferibile" (art. 49 d.lgs. 231/2007). */
  readonly cheque_clause_from_cents: number
}

/** JSON files have no literal types: a test holds that every entry is of these kinds. */
export const METHODS = catalogue as readonly PaymentMethod[]

/** The entry of the catalogue. Throws `payment.method_unknown`. */
export function paymentMethod(code: string): PaymentMethod {
  const found = METHODS.find((method) => method.code === code)
  if (!found) throw new Refused('payment.method_unknown', { method: code })
  return found
}

/**
 * The answers as the paper will hold them: trimmed, codes in capitals, empty optional ones left out.
 *
 * Refusals: `payment.amount_out_of_range`, `.field_missing`, `.field_unknown`, `.field_invalid` (details: field),
 * `.card_number_given`, `.transfer_date_past`, `.stamp_date_to_come`, or one of the cheque rules.
 */
export const checkedPayment = (
  method: PaymentMethod, amountCents: number, answers: Answers, rules: PaymentRules,
): Result<Answers> => attempt(() => check(method, amountCents, answers, rules))

function check(method: PaymentMethod, amountCents: number, answers: Answers, rules: PaymentRules): Answers {
  if (!Number.isSafeInteger(amountCents) || amountCents < 1 || amountCents > LARGEST_CENTS) {
    throw new Refused('payment.amount_out_of_range', { cents: amountCents })
  }
  const known = new Set(method.fields.map(({ name }) => name))
  const unknown = Object.keys(answers).filter((name) => !known.has(name)).sort()[0]
  if (unknown !== undefined) throw new Refused('payment.field_unknown', { field: unknown })
  const checked: Record<string, Answer> = {}
  for (const field of method.fields) {
    const answer = checkedAnswer(field, answers[field.name] ?? '')
    if (answer !== '') checked[field.name] = answer
  }
  if (method.code === 'cheque') checkCheque(checked, amountCents, rules)
  if (method.announced) checkAnnounced(method.announced, String(checked[method.announced.on]), rules.today)
  return checked
}

function checkAnnounced({ on, past }: Announced, day: string, today: string): void {
  if (!past && day < today) throw new Refused('payment.transfer_date_past', { [on]: day })
  if (past && day > today) throw new Refused('payment.stamp_date_to_come', { [on]: day })
}

function checkedAnswer(field: PaymentField, answer: Answer): Answer {
  const details = { field: field.name }
  if (field.kind === 'flag') {
    if (typeof answer !== 'boolean') throw new Refused('payment.field_missing', details)
    return answer
  }
  if (typeof answer === 'boolean') throw new Refused('payment.field_invalid', details)
  const trimmed = answer.trim()
  if (trimmed === '') {
    if (field.required) throw new Refused('payment.field_missing', details)
    return ''
  }
  const text = field.kind === 'code' ? trimmed.toUpperCase() : trimmed
  const wellFormed = lengthOf(text) <= field.longest && printable(text) && !/[\n\t]/.test(text)
  if (!wellFormed || !fits(field.kind, text)) throw new Refused('payment.field_invalid', details)
  // A card number must never be kept (PCI DSS 3.2): whoever types it into any field is stopped here.
  if (field.kind !== 'date' && looksLikeCardNumber(text)) throw new Refused('payment.card_number_given', details)
  return text
}

function fits(kind: FieldKind, text: string): boolean {
  if (kind === 'code') return /^[A-Z0-9]+(?:[-/ ][A-Z0-9]+)*$/.test(text)
  return kind === 'date' ? isDay(text) : true
}

function looksLikeCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, '')
  if (!/^[0-9]{13,19}$/.test(digits)) return false
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const doubled = Number(digit) * (at % 2 === 1 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}

function checkCheque(answers: Answers, amountCents: number, rules: PaymentRules): void {
  const [datedOn, payee] = [String(answers['dated_on']), String(answers['payee'])]
  // A cheque dated ahead is no means of payment but a disguised promise (art. 31 r.d. 1736/1933).
  if (datedOn > rules.today) throw new Refused('payment.cheque_post_dated', { dated_on: datedOn })
  if (sameName(payee) === sameName(rules.agent_name)) throw new Refused('payment.cheque_payee_is_agent', { payee })
  if (rules.payees !== null && !rules.payees.map(sameName).includes(sameName(payee))) {
    throw new Refused('payment.cheque_payee_unknown', { payee })
  }
  if (amountCents >= rules.cheque_clause_from_cents && answers['non_transferable'] !== true) {
    throw new Refused('payment.cheque_transferable', { from_cents: rules.cheque_clause_from_cents })
  }
}

/** A name without case, dots, commas and the order of its words: `Verdi, Anna` is `ANNA VERDI`. */
const sameName = (name: string): string =>
  name.toLowerCase().replace(/[.,]/g, '').trim().split(/\s+/).sort().join(' ')
