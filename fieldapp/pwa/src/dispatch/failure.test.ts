import { beforeAll, expect, test } from 'vitest'
import { speak } from '../text'
import words from '../text/desk.it.json'
import { failureInWords } from './failure'

beforeAll(() => speak('it', words))

test('a plan that was given up says that nothing changed and what may be done', () => {
  expect(failureInWords('GivenUp')).toBe(words['plan.failure.GivenUp'])
})

test('a fault of ours is told in words, its name in brackets', () => {
  expect(failureInWords('ArithmeticError')).toBe(`${words['plan.failed_words']} (ArithmeticError)`)
})

test('without a reason the words stand alone', () => {
  expect(failureInWords(null)).toBe(words['plan.failed_words'])
})
