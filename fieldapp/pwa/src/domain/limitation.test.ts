import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/limitation.json' with { type: 'json' }
import words from '../text/signed.it.json' with { type: 'json' }
import { barredFrom, effectOfSigning } from './limitation.ts'

describe('the day equals the golden case', () => {
  for (const { name, runs_from, years, barred_on } of golden.cases) {
    it(name, () => expect(barredFrom(runs_from, years)).toBe(barred_on))
  }
})

describe('the signer is told what the golden case says', () => {
  for (const { name, on, lines, text } of golden.effects) {
    it(name, () => expect(effectOfSigning(lines, on, words)).toEqual(text))
  }
})
