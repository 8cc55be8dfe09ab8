import { expect, it } from 'vitest'
import { byKind, hasStatement } from './accounts'

it('groups accounts by kind in their order, owners by name, zero balances included', () => {
  const account = (kind: string, name: string, balance_cents = 0) => ({ kind, account: name, balance_cents, owner_id: null })

  const groups = byKind([account('agent_cash', 'Verdi', 5), account('claims', 'Banca'), account('agent_cash', 'Bianchi')])

  expect(groups.map((group) => [group.kind, group.accounts.map((one) => one.account)])).toEqual([
    ['agent_cash', ['Bianchi', 'Verdi']],
    ['claims', ['Banca']],
  ])
})

it.each([
  ['agent_cash', 'p', true],
  ['agency_bank', null, true],
  ['links_in_transit', null, true],
  ['claim_principal', null, false],
] as const)('%s of %s opens to a statement: %s', (kind, owner_id, expected) => {
  expect(hasStatement({ kind, account: '', balance_cents: 0, owner_id })).toBe(expected)
})
