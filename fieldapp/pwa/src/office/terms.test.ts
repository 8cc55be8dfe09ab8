import { describe, expect, it } from 'vitest'
import { speak } from '../text'
import { DEFAULTS, readTerms, typedTerms } from './terms'

const typed = typedTerms(DEFAULTS)

describe('terms of a creditor', () => {
  it('come back from the form as they went in', () => {
    const odd = { ...DEFAULTS, yearly_rate_bp: 455, least_first_bp: 1_005, least_instalment_cents: 123_456 }

    expect(readTerms(typedTerms(odd))).toEqual({ terms: odd, wrong: [] })
  })

  it.each([
    ['most_months', ''], ['most_months', '12,5'], ['most_months', '-5'], ['least_instalment_cents', '12.50'],
    ['least_instalment_cents', '0'], ['yearly_rate_bp', '4.5'], ['settlement_least_bp', 'tutto'], ['least_first_bp', '10,005'],
  ] as const)('name what does not read, and round nothing: %s %s', (name, text) => {
    expect(readTerms({ ...typed, [name]: text }).wrong).toEqual([name])
  })

  it.each([['it', '4,55', '4.55'], ['en', '4.55', '4,55'], ['fr', '4,55', '4.55']] as const)('are shares as %s writes them', (spoken, right, wrong) => {
    speak(spoken, {})
    const odd = { ...DEFAULTS, yearly_rate_bp: 455 }

    expect(typedTerms(odd).yearly_rate_bp).toBe(right)
    expect(readTerms({ ...typedTerms(DEFAULTS), yearly_rate_bp: right })).toEqual({ terms: odd, wrong: [] })
    expect(readTerms({ ...typedTerms(DEFAULTS), yearly_rate_bp: wrong }).wrong).toEqual(['yearly_rate_bp'])
    speak('it', {})
  })
})
