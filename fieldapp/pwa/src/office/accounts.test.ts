import { expect, it } from 'vitest'
import { byKind } from './accounts'

it('groups accounts by kind in their order, owners by name, zero balances included', () => {
  const account = (kind: string, name: string, balance_cents = 0) => ({ kind, account: name, balance_cents, owner_id: null })

  const groups = byKind([account('agent_cash', 'Verdi', 5), account('claims', 'Banca'), account('agent_cash', 'Bianchi')])

  expect(groups.map((group) => [group.kind, group.accounts.map((one) => one.account)])).toEqual([
    ['agent_cash', ['Bianchi', 'Verdi']],
    ['claims', ['Banca']],
  ])
})
