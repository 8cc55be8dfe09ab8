import type { ReceiptRow } from '../api/shapes'

export const PURSES = ['bank', 'office_cash', 'agent_cash'] as const
export type Purse = (typeof PURSES)[number]

/**
 * What somebody may do about a receipt. Whoever took the money neither voids it nor gives it back in cash; what leaves the
 * bank is on its statement, so that needs no second person.
 */
export function actsOf(receipt: Pick<ReceiptRow, 'taken_by'>, personId: string | null): { ownHand: boolean; purses: readonly Purse[] } {
  const ownHand = Boolean(receipt.taken_by) && receipt.taken_by === personId
  return { ownHand, purses: ownHand ? ['bank'] : PURSES }
}
