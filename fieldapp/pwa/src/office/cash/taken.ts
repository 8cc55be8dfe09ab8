/** Money that a debtor gave in person, as a desk writes it down. */
import { METHODS } from '../../domain/payments.ts'
import { readAmount } from '../../text/amounts'
import { DEBTOR_PAID, type DeskPayer } from './payer'

export const WAYS = ['cash', 'cheque', 'card'] as const
export const IDENTIFIED = ['document', 'birth_date', 'known', 'declared'] as const

export interface Taken {
  readonly typed: string
  readonly method: (typeof WAYS)[number]
  readonly answers: Readonly<Record<string, string | boolean>>
  readonly identifiedBy: (typeof IDENTIFIED)[number]
  readonly payer: DeskPayer
}

export const NOTHING_TAKEN: Taken = { typed: '', method: 'cash', answers: {}, identifiedBy: 'document', payer: DEBTOR_PAID }

/** What is asked of money that came this way. */
export const fieldsOf = (method: Taken['method']) => METHODS.find((one) => one.code === method)?.fields ?? []

/** Cents of the amount; null where what was typed is none. */
export function centsTaken({ typed }: Taken): number | null {
  const read = readAmount(typed)
  return read.kind === 'ok' ? read.value : null
}

/** The answers that its method asks for, those that were not given as empty. */
export const answersTaken = ({ method, answers }: Taken): Record<string, string | boolean> =>
  Object.fromEntries(fieldsOf(method).map(({ name, kind }) => [name, answers[name] ?? (kind === 'flag' ? false : '')]))
