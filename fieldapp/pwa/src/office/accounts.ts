/** Accounts of the trial balance, grouped as they are read. Pure. */
import type { AccountBalance } from '../api/shapes'

export interface AccountGroup {
  readonly kind: string
  readonly accounts: readonly AccountBalance[]
}

/** Accounts by kind in the order they come, the owner's name within; nothing is left out, zero included. */
export function byKind(accounts: readonly AccountBalance[]): readonly AccountGroup[] {
  const groups = new Map<string, AccountBalance[]>()
  for (const account of accounts) groups.set(account.kind, [...(groups.get(account.kind) ?? []), account])
  return [...groups].map(([kind, all]) => ({ kind, accounts: all.toSorted((a, b) => a.account.localeCompare(b.account)) }))
}

const OF_THE_AGENCY = new Set(['office_cash', 'office_cheques', 'cheques_at_bank', 'agency_bank', 'stamp_duty', 'links_in_transit'])

/** Whether one statement can show it: a row without an owner that is not the agency's stands for many practices. */
export const hasStatement = ({ kind, owner_id }: AccountBalance): boolean => owner_id !== null || OF_THE_AGENCY.has(kind)
