/**
 * Forms of a visit that are filled in over its page (a payment, a plan, a settlement, where to send a paper), as typed so
 * far. They lie in the visit's draft, sealed as it is, until they are finished or given up, so that a reload or a lock in the middle costs
 * nothing. Pure.
 */
import type { Answer } from '../domain/payments.ts'
import type { SendBy } from '../domain/paperRequest.ts'
import type { Every } from '../domain/repaymentPlan.ts'
import type { Draft } from './draft'
import type { TypedPayer } from './money/payer'

export interface TypedPayment {
  readonly method: string
  readonly amount: string
  readonly answers: Readonly<Record<string, Answer>>
  readonly payer: TypedPayer
  /** The debt that the debtor declared to pay. */
  readonly chosenLine?: string | null
}

export interface TypedPlan {
  readonly by: 'amount' | 'count'
  readonly each: string
  readonly count: string
  readonly every: Every
  readonly first: string
  readonly firstOn: string
}

export interface TypedSettlement {
  readonly offer: string
  readonly payBy: string
}

/** Which paper of the visit the office shall send, and where to. That the debtor agrees is asked anew. */
export interface TypedSending {
  /** A payment's by its place in the visit. */
  readonly of: number | 'agreement'
  readonly channel: SendBy | null
  readonly address: string
}

export interface Unfinished {
  readonly payment?: TypedPayment
  readonly plan?: TypedPlan
  readonly settlement?: TypedSettlement
  readonly sending?: TypedSending
}

/** The draft with this form as it stands now. */
export const withUnfinished = (draft: Draft, part: Unfinished): Draft => ({ ...draft, unfinished: { ...draft.unfinished, ...part } })

/** The draft once this form is finished, or given up. */
export function withoutUnfinished(draft: Draft, name: keyof Unfinished): Draft {
  if (!draft.unfinished?.[name]) return draft
  const rest: Unfinished = Object.fromEntries(Object.entries(draft.unfinished).filter(([other]) => other !== name))
  return { ...draft, unfinished: rest }
}
