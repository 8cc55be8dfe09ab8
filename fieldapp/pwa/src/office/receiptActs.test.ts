import { expect, test } from 'vitest'
import { actsOf, PURSES } from './receiptActs'

test('whoever took the money gives it back through the bank alone, a colleague from every purse', () => {
  expect(actsOf({ taken_by: 'me' }, 'me')).toEqual({ ownHand: true, purses: ['bank'] })
  expect(actsOf({ taken_by: 'her' }, 'me')).toEqual({ ownHand: false, purses: PURSES })
  expect(actsOf({ taken_by: null }, null)).toEqual({ ownHand: false, purses: PURSES })
})
