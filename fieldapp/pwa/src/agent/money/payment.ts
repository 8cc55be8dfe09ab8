/**
 * One payment at the door: what it would settle, what the rules say, and its receipt under the device's own number.
 * Nothing here is shown or stored; `take` writes number, chain, receipt and draft in one transaction.
 */
import { allocate, LEGAL_ORDER, ranked, totalOf, type Allocation, type Part } from '../../domain/allocation.ts'
import { compactIban } from '../../domain/epc.ts'
import type { AnnouncementMemo, TransferMemo } from '../../domain/paper.ts'
import { checkedPayment, paymentMethod, type Answers, type PaymentMethod } from '../../domain/payments.ts'
import { buildReceipt, GENESIS, stampDuty, type ReceiptDraft, type StampDuty, type StampRule } from '../../domain/receipt.ts'
import { attempt, Refused, type Result } from '../../domain/reading.ts'
import type { OtherPayer, PaymentBody } from '../../domain/visit.ts'
import { drafts } from '../actions'
import { askableLines, owedCents, type Payment } from '../day'
import { debtorOf } from '../describe'
import type { Draft } from '../draft'
import { phone, serviceNow, storage } from '../phone.svelte'
import { tookDraft } from '../reread'
import { rule, type Ruling } from '../rules'
import type { AgencyCard, CreditorCard, DebtLineCard, PersonCard, StopCard } from '../shapes'
import { dayAt, utcOffsetMin } from '../time'
import { issue, refuseTooMany } from './issue'
import { DEBTOR_PAYS, payerKind, payerOf, type Moment, type TypedPayer } from './payer'

/** What both people look at before the button is held. */
export interface Offer {
  readonly method: PaymentMethod
  readonly amountCents: number
  readonly answers: Answers
  readonly lines: readonly DebtLineCard[]
  readonly allocation: Allocation
  readonly residualCents: number
  readonly stampDuty: StampDuty
  readonly handedOverCents: number
  /** The instalment of a signed plan that the money is for. */
  readonly instalment: InstalmentOf | null
  /** Null where the debtor pays. */
  readonly payer: OtherPayer | null
  /** The debt that the debtor declared to pay; null where the creditor's order is followed. */
  readonly chosenLine: string | null
}

export interface InstalmentOf {
  readonly number: number
  readonly of: number
}

interface Asked {
  readonly stop: StopCard
  readonly amountCents: number
  readonly method: string
  readonly answers: Answers
  readonly instalment?: InstalmentOf | null
  readonly payer?: TypedPayer
  readonly moment?: Moment
  readonly chosenLine?: string | null
  /** When the money was taken, where that is not now: it was written on paper. */
  readonly at?: Date
  /** A stamp duty that was not asked for at the door is not the debtor's afterwards. */
  readonly dutyTaken?: boolean
}

const STAMP_RULE = 'payment.stamp_duty'

/** The payment as it would be, or why it cannot be taken; the rules of conduct are asked apart (`ruling`). */
export function offer(
  { stop, amountCents, method: code, answers, instalment = null, payer = DEBTOR_PAYS, moment = 'at_the_door', chosenLine = null, at = serviceNow(), dutyTaken = true }: Asked, unseen: readonly Payment[],
): Result<Offer> {
  return attempt(() => {
    const method = paymentMethod(code)
    const { practice } = stop
    const checked = checkedPayment(method, amountCents, answers, {
      today: dayAt(at), agent_name: agent().name,
      payees: [practice.creditor.cheque_payee, agency().legal_name, agency().name], cheque_clause_from_cents: 100_000,
    })
    if (checked.kind === 'refused') throw checked.refusal
    const lines = askableLines(practice, unseen, dayAt(at))
    const owed = owedCents(lines)
    if (amountCents > owed) throw new Refused('pay.more_than_owed', { owed_cents: owed })
    const parts = practice.creditor.allocation_order as readonly Part[]
    const choice = method.counts_as_payment && choicesOf(practice.creditor, lines).some((line) => line.id === chosenLine) ? chosenLine : null
    const allocation = allocate(amountCents, lines, ranked({ ...LEGAL_ORDER, parts }, lines, dayAt(at)), choice)
    const duty = method.counts_as_payment ? dutyOn(amountCents, stop, { on: dayAt(at), taken: dutyTaken }) : NO_DUTY
    return {
      method, amountCents, answers: checked.value, lines, allocation, residualCents: owed - amountCents, stampDuty: duty,
      handedOverCents: amountCents + onTop(duty),
      instalment: method.counts_as_payment && instalment ? { number: instalment.number, of: instalment.of } : null,
      payer: method.counts_as_payment ? payerOf(payer, moment) : null,
      chosenLine: choice,
    }
  })
}

/** The debts of which the debtor may declare that one is paid (art. 1193 c.c.); none where there is nothing to choose. */
export const choicesOf = (creditor: CreditorCard, lines: readonly DebtLineCard[]): readonly DebtLineCard[] =>
  creditor.debtor_chooses && lines.length > 1 ? lines : []

/** What the rules of conduct say of taking it. */
export function ruling({ stop, amountCents, method, answers, instalment = null, payer = DEBTOR_PAYS, at = serviceNow(), dutyTaken = true }: Asked): Ruling {
  const payee = String(answers['payee'] ?? '')
  const cheque =
    method === 'cheque'
      ? {
          payee: payee === agency().legal_name || payee === agency().name ? ('agency' as const) : ('creditor' as const),
          non_transferable: answers['non_transferable'] === true,
        }
      : null
  return rule(
    {
      kind: 'payment', at: at.toISOString(), method, amount_cents: amountCents, instalment: instalment !== null,
      duty_cents: paymentMethod(method).counts_as_payment ? onTop(dutyOn(amountCents, stop, { on: dayAt(at), taken: dutyTaken })) : 0,
      payer: payerKind(payer), cheque,
    },
    stop,
    phone.known,
  )
}

/** What the debtor hands over beside the amount. */
const onTop = (duty: StampDuty): number => (duty.charged_to === 'debtor' ? duty.due_cents : 0)

const NO_DUTY: StampDuty = { due_cents: 0, charged_to: 'none', reason: 'exempt', authorisation: '' }

function dutyOn(amountCents: number, { practice }: StopCard, { on, taken }: { on: string; taken: boolean }): StampDuty {
  const { creditor } = practice
  const inForce = phone.ruleset?.rules.filter(
    (known) =>
      (known.id === STAMP_RULE || known.overrides === STAMP_RULE) && known.valid_from <= on &&
      (known.valid_to === null || on <= known.valid_to) &&
      (known.scope.creditors === null || known.scope.creditors.includes(creditor.id)),
  )
  const numbers: Record<string, unknown> = Object.assign({}, ...(inForce ?? []).map((known) => known.parameters))
  const held: StampRule = {
    due_cents: Number(numbers['due_cents'] ?? 200),
    above_cents: Number(numbers['above_cents'] ?? 7_747),
    charged_to: creditor.stamp_duty_charged_to === 'debtor' && !taken ? 'creditor' : creditor.stamp_duty_charged_to,
    authorisation: creditor.stamp_duty_authorisation ?? '',
  }
  const exemption = creditor.stamp_duty_reason
  return stampDuty(amountCents, held, exemption === 'subject_to_vat' || exemption === 'exempt' ? exemption : '')
}

/**
 * The receipt as far as it is known while both look at the amount, to draw it once beforehand: neither its number nor
 * its digest and signature are those that it will have. Null for what takes no number.
 */
export function foreseen(stop: StopCard, made: Offer): PaymentBody | null {
  if (!made.method.counts_as_payment) return null
  const built = buildReceipt(receiptDraft(stop, made), { series: phone.counters?.receipt?.series ?? 'A1', number: 1, chain_head: '' })
  if (built.kind === 'refused') return null
  return paymentBody(made, { value: { ...built.value }, digest: GENESIS, signature: '' })
}

/**
 * Money was handed over: the receipt gets its number, its place in the chain and its signature, once and for all. It is
 * stored when this resolves; who asked shows it and then tells the rest of the app (`wrote`).
 */
export async function take(draft: Draft, made: Offer): Promise<Draft> {
  const pair = await storage.keyPair()
  if (!pair) throw new Error('this device has no key')
  const done = await issue(drafts, draft, {
    content: receiptDraft(draft.stop, made), payment: (receipt) => paymentBody(made, receipt), key: pair.privateKey,
  })
  tookDraft(done)
  return done
}

/** A transfer announced: no number, no posting, a promise with its date. */
export async function announce(draft: Draft, made: Offer): Promise<Draft> {
  refuseTooMany(draft)
  const payments = [...draft.payments, paymentBody({ ...made, allocation: NOWHERE }, null)]
  const announced = await drafts.write(draft, { ...draft, payments })
  tookDraft(announced)
  return announced
}

const NOWHERE: Allocation = { lines: [], over_cents: 0 }

export function paymentBody(made: Offer, receipt: PaymentBody['receipt']): PaymentBody {
  return {
    method: made.method.code,
    amount_cents: made.amountCents,
    fields: made.answers,
    allocation: made.allocation.lines.map(({ id, principal_cents, interest_cents, costs_cents }) => ({
      debt_line_id: id, principal_cents, interest_cents, costs_cents,
    })),
    stamp_duty: { cents: made.stampDuty.due_cents, charged_to: made.stampDuty.charged_to, reason: made.stampDuty.reason },
    receipt,
    ...(made.payer ? { payer: made.payer } : {}),
    ...(made.chosenLine ? { chosen_line: made.chosenLine } : {}),
  }
}

export function receiptDraft(stop: StopCard, made: Offer, at = serviceNow()): ReceiptDraft {
  const titles = new Map(made.lines.map((line) => [line.id, line.title.trim()]))
  return {
    ...heading(stop, at),
    lines: made.allocation.lines
      .filter((line) => totalOf(line) > 0)
      .map(({ id, principal_cents, interest_cents, costs_cents }) => ({
        title: titles.get(id) ?? id, principal_cents, interest_cents, costs_cents,
      })),
    amount_cents: made.amountCents,
    method: { code: made.method.code, answers: made.answers },
    wording: made.instalment
      ? { kind: 'instalment', ...made.instalment }
      : { kind: made.residualCents === 0 ? 'final_payment' : 'part_payment', number: 0, of: 0 },
    residual_cents: made.residualCents,
    stamp_duty: made.stampDuty,
    ...(made.payer ? { payer: { name: made.payer.name, capacity: made.payer.capacity } } : {}),
  }
}

/** The memo of a payment that is only announced; a value like the receipt, but it proves nothing. `link`: to pay by. */
export function memoOf(stop: StopCard, payment: PaymentBody, link = ''): TransferMemo | AnnouncementMemo {
  const { paper, announced } = paymentMethod(payment.method)
  const on = String(payment.fields[announced?.on ?? ''] ?? dayAt(serviceNow()))
  const common = { ...heading(stop), v: 1, amount_cents: payment.amount_cents } as const
  if (paper === 'link_memo') return { ...common, kind: paper, on, reference: link }
  if (paper === 'bulletin_memo') {
    return { ...common, kind: paper, on, reference: String(payment.fields[announced?.reference ?? ''] ?? '') }
  }
  return {
    ...common,
    kind: 'transfer_memo',
    bic: stop.practice.creditor.bic,
    remittance: `Pratica ${stop.practice.practice_number}`,
    expected_on: on,
  }
}

/** Who, when, where, for whom: what every paper of this device begins with. */
export function heading(stop: StopCard, at = serviceNow()) {
  const { practice, address } = stop
  const own = agency()
  return {
    issued_at: at.toISOString(),
    utc_offset_min: utcOffsetMin(at),
    place: address.comune,
    agency: {
      name: own.legal_name, vat: own.vat_number, licence: `${own.licence_number}, ${own.licence_authority}`,
      address: own.address, phone: own.phone,
    },
    creditor: { name: practice.creditor.name, iban: compactIban(practice.creditor.iban) },
    debtor: debtorOf(practice).trim(),
    practice: practice.practice_number,
    agent: { name: agent().name, number: agent().agent_number ?? '0' },
    device: phone.device?.device_id ?? '',
  }
}

function agency(): AgencyCard {
  const known = phone.bundle?.agency ?? phone.device?.agency
  if (!known) throw new Error('the agency is not known')
  return known
}

function agent(): PersonCard {
  const known = phone.bundle?.agent ?? phone.device?.person
  if (!known) throw new Error('the agent is not known')
  return known
}
