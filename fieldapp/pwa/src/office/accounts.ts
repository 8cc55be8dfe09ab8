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
