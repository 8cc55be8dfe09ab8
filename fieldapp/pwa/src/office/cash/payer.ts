/** Who paid, as it is asked at the desk; the phone asks it at the door (`agent/money/payer.ts`). */
import type { CAPACITIES } from '../../domain/receipt.ts'
import type { PAYER_DOCUMENTS } from '../../domain/visit.ts'

export interface DeskPayer {
  readonly other: boolean
  readonly name: string
  readonly capacity: (typeof CAPACITIES)[number] | ''
  /** Asked only where somebody saw one. */
  readonly document: (typeof PAYER_DOCUMENTS)[number] | ''
  readonly agrees: boolean
}

export const DEBTOR_PAID: DeskPayer = { other: false, name: '', capacity: '', document: '', agrees: false }

/** Name and capacity of somebody else; null where the debtor paid, or where they are not said yet. */
export function namedPayer({ other, name, capacity }: DeskPayer) {
  const said = name.trim().replace(/\s+/g, ' ')
  return other && said !== '' && capacity !== '' ? { name: said, capacity } : null
}

/** The same with the document that was shown. */
export function seenPayer(typed: DeskPayer) {
  const named = namedPayer(typed)
  const { document, agrees } = typed
  return named && document !== '' ? { ...named, document, debtor_agrees: agrees } : null
}
