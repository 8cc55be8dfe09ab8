/**
 * What two people agree on at the door: the plan or the settlement that is possible, the paper of it under the device's
 * signature, and which instalment a payment is for. Nothing is stored but the draft that holds the paper.
 */
import { planFields, sealAgreement, type AgreementPaper, type PlanPaper, type SignedAgreement } from '../../domain/agreement.ts'
import { attempt, Refused, type Result } from '../../domain/reading.ts'
import {
  affordable, laidOver, outside, repaymentPlan, settlementOutside,
  type Every, type Instalment, type OpenInstalment, type RepaymentPlan,
} from '../../domain/repaymentPlan.ts'
import { base64url, uuid7 } from '../../outbox/bytes'
import { drafts } from '../actions'
import { askableLines, owedCents, type Payment } from '../day'
import { approvedHere, planRuns, withAnswer, type Draft } from '../draft'
import { heading } from '../money/payment'
import { phone, serviceNow, storage } from '../phone.svelte'
import type { StopCard } from '../shapes'
import { dayAt } from '../time'

/** By what the debtor can pay each time, or by how often. */
export type Wish = { readonly by: 'amount'; readonly cents: number } | { readonly by: 'count'; readonly count: number }

export interface PlanWish {
  readonly wish: Wish
  readonly every: Every
  readonly firstCents: number
  readonly firstDueOn: string
}

/** The plan of a wish within the creditor's terms, or why there is none. */
export function possiblePlan(stop: StopCard, wish: PlanWish, unseen: readonly Payment[]): Result<RepaymentPlan> {
  return attempt(() => {
    const { terms } = stop.practice
    const ask = {
      debt_cents: owedCents(askableLines(stop.practice, unseen, dayAt(serviceNow()))), first_due_on: wish.firstDueOn, signed_on: dayAt(serviceNow()),
      every: wish.every, first_cents: wish.firstCents, yearly_rate_bp: terms.yearly_rate_bp,
    }
    const plan =
      wish.wish.by === 'count'
        ? repaymentPlan({ ...ask, count: wish.wish.count, each_cents: 0 })
        : affordable({ ...ask, count: 1, each_cents: wish.wish.cents }, terms)
    const [first] = outside(plan, terms)
    if (first) throw first
    return plan
  })
}

/** The settlement that may be proposed, or why not. */
export function possibleSettlement(
  stop: StopCard, { offerCents, payBy }: { offerCents: number; payBy: string }, unseen: readonly Payment[],
): Result<{ offerCents: number; debtCents: number; payBy: string }> {
  return attempt(() => {
    const debtCents = owedCents(askableLines(stop.practice, unseen, dayAt(serviceNow())))
    const [first] = settlementOutside({ offerCents, debtCents, payBy, signedOn: dayAt(serviceNow()) }, stop.practice.terms)
    if (first) throw first
    return { offerCents, debtCents, payBy }
  })
}

/** Put the plan on paper, under the device's signature; the form's answers follow from it. */
export async function writePlan(draft: Draft, plan: RepaymentPlan): Promise<Draft> {
  const { terms, plan: before } = draft.stop.practice
  const paper: PlanPaper = {
    ...(await headingOf(draft)),
    kind: 'repayment_plan',
    ...planFields(plan),
    broken_after_days: terms.broken_after_days,
    broken_after_instalments: terms.broken_after_instalments,
    replaces: before?.id ?? '',
  }
  return keep(draft, paper, {
    total_cents: typed(plan.total_cents), instalments: String(plan.instalments.length),
    first_due_on: plan.ask.first_due_on, every: plan.ask.every,
  })
}

export async function writeSettlement(
  draft: Draft, { offerCents, debtCents, payBy }: { offerCents: number; debtCents: number; payBy: string },
): Promise<Draft> {
  const paper: AgreementPaper = {
    ...(await headingOf(draft)), kind: 'settlement', debt_cents: debtCents, offer_cents: offerCents, pay_by: payBy,
  }
  return keep(draft, paper, { offer_cents: typed(offerCents), valid_until: payBy, authoriser: 'creditor' })
}

const headingOf = (draft: Draft) =>
  Promise.resolve({ v: 1 as const, id: uuid7(serviceNow().getTime()), ...heading(draft.stop) })

async function keep(draft: Draft, paper: AgreementPaper, answers: Readonly<Record<string, string>>): Promise<Draft> {
  const pair = await storage.keyPair()
  if (!pair) throw new Error('this device has no key')
  const agreement = await sealAgreement(paper, pair.privateKey, base64url)
  const written = Object.entries(answers).reduce<Draft>(
    (latest, [name, value]) => withAnswer(latest, name, value), { ...draft, agreement },
  )
  return drafts.write(draft, written)
}

/** As a person would type it: `1234,50`. */
const typed = (cents: number): string => `${String(Math.trunc(cents / 100))},${String(cents % 100).padStart(2, '0')}`

// --- instalments ------------------------------------------------------------------------------------------------

export interface NextInstalment {
  readonly number: number
  readonly of: number
  readonly dueOn: string
  /** What is still missing of it. */
  readonly openCents: number
  /** What is missing of it and of all that are due by now: more than that is no instalment but a payment on account. */
  readonly fitsCents: number
}

/** The instalment that so much money is for; null where it is more than any that is due. */
export const asInstalment = (next: NextInstalment | null, amountCents: number): NextInstalment | null =>
  next && amountCents <= next.fitsCents ? next : null

/** A plan that was signed in this visit. */
export const signedPlan = (draft: Draft): PlanPaper | null =>
  draft.signature && !draft.signature.refused && draft.agreement?.value.kind === 'repayment_plan' ? draft.agreement.value : null

/** The instalment that money taken now is for; null where the payment is none. */
export function instalmentFor(draft: Draft, unseen: readonly Payment[]): NextInstalment | null {
  const signed = signedPlan(draft)
  if (draft.outcome === 'PLAN_SIGNED') return signed && following(signed.instalments.map(unpaid), taken(draft, unseen, signed.issued_at))
  return draft.outcome === 'PAID_INSTALMENT' ? nextOf(draft.stop, unseen) : null
}

/** The next open instalment of the plan that the practice had when the day was fetched. */
export function nextOf(stop: StopCard, unseen: readonly Payment[]): NextInstalment | null {
  const { plan } = stop.practice
  if (!plan || !planRuns(stop)) return null
  const own = unseen.filter((item) => item.practiceId === stop.practice.id)
  return following(plan.instalments, own.reduce((sum, item) => sum + item.payment.amount_cents, 0))
}

const unpaid = (item: Instalment): OpenInstalment => ({ ...item, paid_cents: 0 })

/** What was taken for this practice since the plan was written. */
const taken = (draft: Draft, unseen: readonly Payment[], since: string): number =>
  unseen
    .filter((item) => item.practiceId === draft.stop.practice.id)
    .filter(({ payment }) => String(payment.receipt?.value['issued_at'] ?? '') >= since)
    .reduce((sum, { payment }) => sum + payment.amount_cents, 0)

function following(instalments: readonly OpenInstalment[], paidCents: number): NextInstalment | null {
  const open = laidOver(instalments, paidCents).filter((item) => item.paid_cents < item.cents)
  const [first] = open
  if (!first) return null
  const missing = (item: OpenInstalment): number => item.cents - item.paid_cents
  const today = dayAt(serviceNow())
  return {
    number: first.number, of: instalments.length, dueOn: first.due_on, openCents: missing(first),
    fitsCents: open.filter((item) => item === first || item.due_on <= today).reduce((sum, item) => sum + missing(item), 0),
  }
}

/** The settlement of this practice that the creditor has approved and that may still be paid. */
export function approvedSettlement(stop: StopCard): NonNullable<StopCard['practice']['settlement']> | null {
  const { settlement } = stop.practice
  return settlement?.state === 'approved' && settlement.pay_by >= dayAt(serviceNow()) ? settlement : null
}

/** The settlement that money taken now pays: approved a moment ago and signed, or before this visit. */
export function settlementOf(draft: Draft): { readonly id: string; readonly offer_cents: number; readonly pay_by: string } | null {
  const here = draft.signature?.refused === false ? approvedHere(draft) : null
  return here ?? (draft.outcome === 'SETTLEMENT_PAID' ? approvedSettlement(draft.stop) : null)
}

export function refusedOf<T>(made: Result<T> | null): Refused | null {
  return made?.kind === 'refused' ? made.refusal : null
}

export const unseenNow = (): readonly Payment[] => phone.unseen
export type { SignedAgreement }
