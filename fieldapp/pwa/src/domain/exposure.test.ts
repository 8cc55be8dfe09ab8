import { expect, it } from 'vitest'
import { exposure } from './exposure.ts'

it.each([
  { cash_cents: 0, limit_cents: 0, kind: 'low', percent: 0 },
  { cash_cents: -500, limit_cents: 300_000, kind: 'low', percent: 0 },
  { cash_cents: 239_999, limit_cents: 300_000, kind: 'low', percent: 79 },
  { cash_cents: 240_000, limit_cents: 300_000, kind: 'near', percent: 80 },
  { cash_cents: 300_000, limit_cents: 300_000, kind: 'near', percent: 100 },
  { cash_cents: 300_001, limit_cents: 300_000, kind: 'over', percent: 100 },
  // A purse that may hold nothing holds something.
  { cash_cents: 1, limit_cents: 0, kind: 'over', percent: 999 },
])('$cash_cents of $limit_cents is $kind', ({ kind, percent, ...purse }) => {
  expect(exposure(purse)).toEqual({ kind, percent })
})
