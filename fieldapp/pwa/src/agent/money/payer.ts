/**
 * Who pays, as it is asked at the door. Only where the debtor was met: a third person who is there alone is told of no
 * debt, so cannot pay one. Pure; `domain/visit.ts` says what the report holds.
 */
import type { Act } from '../../domain/conduct.ts'
import type { OtherPayer } from '../../domain/visit.ts'

/** What was typed and tapped so far; `other` false: the debtor pays. */
export interface TypedPayer {
  readonly other: boolean
  readonly name: string
  readonly capacity: OtherPayer['capacity'] | null
  readonly document: OtherPayer['document'] | null
  /** The debtor, who is there, wants this person to pay (art. 1180 c.c.). */
  readonly agreed: boolean
}

export type PayerQuestion = 'name' | 'capacity' | 'document' | 'agreed'

export const DEBTOR_PAYS: TypedPayer = { other: false, name: '', capacity: null, document: null, agreed: false }

/** Money that was taken already, as a sheet of paper says, is the payer's also where the debtor did not agree. */
export type Moment = 'at_the_door' | 'on_paper'

/** The questions about somebody else that still have no answer. */
export function unanswered({ other, name, capacity, document, agreed }: TypedPayer, moment: Moment = 'at_the_door'): readonly PayerQuestion[] {
  if (!other) return []
  return [
    ...(tidy(name) === '' ? (['name'] as const) : []),
    ...(capacity === null ? (['capacity'] as const) : []),
    ...(document === null ? (['document'] as const) : []),
    ...(agreed || moment === 'on_paper' ? [] : (['agreed'] as const)),
  ]
}

/** The payer as the report names them; null where the debtor pays, or where a question is open. */
export function payerOf(typed: TypedPayer, moment: Moment = 'at_the_door'): OtherPayer | null {
  const { capacity, document, agreed } = typed
  if (!typed.other || capacity === null || document === null || unanswered(typed, moment).length > 0) return null
  return { name: tidy(typed.name), capacity, document, debtor_agrees: agreed }
}

/** The payer of a report as they were typed; without one the debtor paid. */
export const typedAs = (payer: OtherPayer | undefined): TypedPayer =>
  payer ? { other: true, name: payer.name, capacity: payer.capacity, document: payer.document, agreed: payer.debtor_agrees } : DEBTOR_PAYS

/** What the rules of conduct are told; a document that was not asked for yet is no refusal. */
export function payerKind({ other, document }: TypedPayer): Extract<Act, { kind: 'payment' }>['payer'] {
  if (!other) return 'debtor'
  return document === 'none' ? 'other_unidentified' : 'other_identified'
}

const tidy = (name: string): string => name.trim().replace(/\s+/g, ' ')
