/**
 * The receipt as a value: built at the door, spelled once, digested, signed with the phone's own key.
 * The twin of `domain/receipts.py`, which reads the same bytes and takes nothing on trust.
 */
import { sha256Hex } from '../outbox/bytes.ts'
import { totalOf } from './allocation.ts'
import { italianWords } from './amountWords.ts'
import { canonicalBytes, canonicalText } from './canonical.ts'
import { compactIban } from './epc.ts'
import { LARGEST_CENTS } from './money.ts'
import { checkedPayment, paymentMethod, type Answers } from './payments.ts'
import { Refused, attempt, isInstant, isWhole, lengthOf, printable, type Result } from './reading.ts'

export interface Agency {
  readonly name: string
  readonly vat: string
  readonly licence: string
  readonly address: string
  readonly phone: string
}

export interface PaperCreditor {
  readonly name: string
  readonly iban: string
}

export interface PaperAgent {
  readonly name: string
  readonly number: string
}

/** As what somebody other than the debtor pays. */
export const CAPACITIES = [
  'relative', 'cohabitant', 'acquaintance', 'representative', 'guarantor', 'co_obligor', 'other',
] as const

/** Who handed the money over on the debtor's behalf (adempimento del terzo, art. 1180 c.c.). */
export interface Payer {
  readonly name: string
  readonly capacity: (typeof CAPACITIES)[number]
}

export interface SettledLine {
  readonly title: string
  readonly principal_cents: number
  readonly interest_cents: number
  readonly costs_cents: number
}

export interface Wording {
  readonly kind: 'part_payment' | 'final_payment' | 'instalment'
  /** Instalment `number` of `of`; both 0 otherwise. */
  readonly number: number
  readonly of: number
}

export interface StampDuty {
  readonly due_cents: number
  readonly charged_to: 'debtor' | 'creditor' | 'none'
  readonly reason: 'over_threshold' | 'up_to_threshold' | 'subject_to_vat' | 'exempt'
  readonly authorisation: string
}

export interface StampRule {
  readonly due_cents: number
  readonly above_cents: number
  readonly charged_to: StampDuty['charged_to']
  readonly authorisation: string
}

export interface ReceiptValue {
  /** 2 where somebody other than the debtor paid, and only then. */
  readonly v: 1 | 2
  readonly kind: 'receipt' | 'receipt_subject_to_clearance'
  readonly series: string
  readonly number: number
  /** UTC to the millisecond; `utc_offset_min` was Italy's then, so that the paper shows the same hour for ever. */
  readonly issued_at: string
  readonly utc_offset_min: number
  readonly place: string
  readonly agency: Agency
  readonly creditor: PaperCreditor
  readonly debtor: string
  readonly practice: string
  readonly lines: readonly SettledLine[]
  readonly amount_cents: number
  readonly amount_in_words: string
  readonly method: { readonly code: string; readonly answers: Answers }
  readonly wording: Wording
  readonly residual_cents: number
  readonly stamp_duty: StampDuty
  readonly agent: PaperAgent
  readonly device: string
  readonly prev_digest: string
  readonly payer?: Payer
}

/** What the person at the door decides; the rest follows from it and from the chain. */
export type ReceiptDraft = Omit<ReceiptValue, 'v' | 'kind' | 'series' | 'number' | 'amount_in_words' | 'prev_digest'>

/** Where the device's series stands: the number to use and the digest of the receipt before, empty for none. */
export interface ChainPlace {
  readonly series: string
  readonly number: number
  readonly chain_head: string
}

export interface SealedReceipt {
  readonly value: ReceiptValue
  readonly text: string
  readonly digest: string
  readonly signature: Uint8Array<ArrayBuffer>
}

/** What the first receipt of a series names as its predecessor. */
export const GENESIS = '0'.repeat(64)

/** The receipt of `draft` at `place`; refused when it contradicts itself, with the codes of `domain/receipts.py`. */
export function buildReceipt(draft: ReceiptDraft, place: ChainPlace): Result<ReceiptValue> {
  return attempt(() => {
    const { paper } = paymentMethod(draft.method.code)
    if (paper !== 'receipt' && paper !== 'receipt_subject_to_clearance') throw new Refused('receipt.method_differs_from_kind')
    const value: ReceiptValue = {
      ...draft,
      v: draft.payer ? 2 : 1,
      kind: paper,
      series: place.series,
      number: place.number,
      amount_in_words: italianWords(draft.amount_cents),
      prev_digest: place.chain_head === '' ? GENESIS : place.chain_head,
    }
    checkReceipt(value)
    return value
  })
}

/** Spell, digest and sign. The key stays where it is: it cannot be read out of the browser. */
export async function sealReceipt(value: ReceiptValue, key: CryptoKey): Promise<SealedReceipt> {
  const content = canonicalBytes(value)
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, content)
  return {
    value, text: canonicalText(value), digest: await sha256Hex(content), signature: new Uint8Array(signature),
  }
}

/** `A7`, 147 as `A7-000147`. */
export const receiptName = ({ series, number }: Pick<ReceiptValue, 'series' | 'number'>): string =>
  `${series}-${String(number).padStart(6, '0')}`

/** What the debtor handed over: the amount, and the stamp duty where the debtor bears it. */
export const handedOverCents = (value: Pick<ReceiptValue, 'amount_cents' | 'stamp_duty'>): number =>
  value.amount_cents + (value.stamp_duty.charged_to === 'debtor' ? value.stamp_duty.due_cents : 0)

/** The duty on a receipt; `exemption` is of the debt, empty for none. D.P.R. 642/1972, tariff art. 13. */
export function stampDuty(
  amountCents: number, rule: StampRule, exemption: '' | 'subject_to_vat' | 'exempt' = '',
): StampDuty {
  const none = (reason: StampDuty['reason']): StampDuty => ({
    due_cents: 0, charged_to: 'none', reason, authorisation: '',
  })
  if (exemption !== '') return none(exemption)
  if (rule.charged_to === 'none' || rule.due_cents === 0) return none('exempt')
  if (amountCents <= rule.above_cents) return none('up_to_threshold')
  const { due_cents, charged_to, authorisation } = rule
  return { due_cents, charged_to, reason: 'over_threshold', authorisation }
}

/** `text` when it is trimmed, short enough and reads as it is stored. Throws `paper.malformed` naming the place. */
export function checkText(text: string, at: string, longest = 200, emptyAllowed = false): void {
  const wellFormed = text === text.trim() && lengthOf(text) <= longest && printable(text) && !/[\n\t]/.test(text)
  if (!wellFormed || (text === '' && !emptyAllowed)) throw new Refused('paper.malformed', { at })
}

/** Hold the instant, the offset and the place of a paper to their forms. Throws `paper.malformed`. */
export function checkHeading(paper: Pick<ReceiptValue, 'issued_at' | 'utc_offset_min' | 'place'>): void {
  const { issued_at, utc_offset_min, place } = paper
  if (!isInstant(issued_at) || !issued_at.startsWith('20') || !isWhole(utc_offset_min, -840, 840)) {
    throw new Refused('paper.malformed', { at: 'issued_at' })
  }
  checkText(place, 'place', 80)
}

export function checkAgency(agency: Agency): void {
  for (const at of ['name', 'vat', 'licence', 'address', 'phone'] as const) checkText(agency[at], `agency.${at}`)
}

/** The day and the hour on the wall when the paper was made: `2026-11-26T10:42`. */
export const wallClock = (paper: Pick<ReceiptValue, 'issued_at' | 'utc_offset_min'>): string =>
  new Date(Date.parse(paper.issued_at) + paper.utc_offset_min * 60_000).toISOString().slice(0, 16)

/** Throws the refusals of `domain/receipts.py` in the same order. */
export function checkReceipt(value: ReceiptValue): void {
  checkAgency(value.agency)
  checkText(value.creditor.name, 'creditor.name', 120)
  if (compactIban(value.creditor.iban) !== value.creditor.iban) throw new Refused('paper.malformed', { at: 'creditor.iban' })
  checkText(value.agent.name, 'agent.name', 120)
  checkText(value.agent.number, 'agent.number', 20)
  for (const line of value.lines) checkLine(line)
  checkWording(value.wording)
  checkText(value.stamp_duty.authorisation, 'stamp_duty.authorisation', 200, true)
  checkHeading(value)
  checkText(value.debtor, 'debtor', 160)
  checkText(value.practice, 'practice', 60)
  const named = /^[0-9a-f]{64}$/.test(value.prev_digest) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value.device)
  if (!named) throw new Refused('paper.malformed', { at: 'device, prev_digest' })
  checkName(value)
  if ((value.v === 2) !== (value.payer !== undefined)) throw new Refused('receipt.version_unknown', { version: value.v })
  if (value.payer) checkPayer(value.payer)
  checkMoney(value)
  checkMethod(value)
}

export function checkName({ series, number }: Pick<ReceiptValue, 'series' | 'number'>): void {
  if (!/^[A-Z0-9]{1,8}$/.test(series) || !isWhole(number, 1, 999_999)) {
    throw new Refused('paper.malformed', { at: 'series, number' })
  }
}

export function checkPayer({ name, capacity }: Payer): void {
  checkText(name, 'payer.name', 120)
  if (!CAPACITIES.includes(capacity)) throw new Refused('paper.malformed', { at: 'payer.capacity' })
}

function checkLine(line: SettledLine): void {
  checkText(line.title, 'lines[].title')
  const parts = [line.principal_cents, line.interest_cents, line.costs_cents]
  if (!parts.every((cents) => isWhole(cents, 0, 100 * LARGEST_CENTS)) || totalOf(line) === 0) {
    throw new Refused('receipt.line_empty', { title: line.title })
  }
}

function checkWording({ kind, number, of }: Wording): void {
  const good = kind === 'instalment' ? isWhole(of, 1, 999) && isWhole(number, 1, of) : number === 0 && of === 0
  if (!good) throw new Refused('receipt.instalment_number_wrong')
}

function checkMoney(value: ReceiptValue): void {
  if (!isWhole(value.amount_cents, 1, LARGEST_CENTS) || !isWhole(value.residual_cents, 0, 100 * LARGEST_CENTS)) {
    throw new Refused('payment.amount_out_of_range', { cents: value.amount_cents })
  }
  const settled = value.lines.reduce((sum, line) => sum + totalOf(line), 0)
  if (settled !== value.amount_cents) throw new Refused('receipt.lines_differ_from_amount')
  const final = value.wording.kind === 'final_payment'
  if (value.wording.kind !== 'instalment' && final !== (value.residual_cents === 0)) {
    throw new Refused('receipt.wording_differs_from_residual')
  }
}

function checkMethod(value: ReceiptValue): void {
  const checked = checkedPayment(paymentMethod(value.method.code), value.amount_cents, value.method.answers, {
    today: wallClock(value).slice(0, 10),
    agent_name: value.agent.name,
    payees: null,
    cheque_clause_from_cents: 100_000,
  })
  if (checked.kind === 'refused') throw checked.refusal
  if (canonicalText(checked.value) !== canonicalText(value.method.answers)) {
    throw new Refused('paper.malformed', { at: 'method.answers' })
  }
}
