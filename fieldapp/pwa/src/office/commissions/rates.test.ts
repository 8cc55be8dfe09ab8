import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { speak } from '../../text'
import { percent, typedRate } from './rates'

describe('a typed rate', () => {
  it.each([
    ['12,5', 1_250],
    ['12,50 %', 1_250],
    [' 10 ', 1_000],
    ['10%', 1_000],
    ['0,01', 1],
    ['100', 10_000],
    ['100,00', 10_000],
  ])('%s is read', (typed, rate_bp) => {
    expect(typedRate(typed)).toEqual({ rate_bp })
  })

  it.each([
    ['1.234,5', 'too_much'], // thousands, as Italians write them
    ['150 %', 'too_much'],
    ['100,01', 'too_much'],
    ['99999999999999999999', 'too_much'],
    ['0', 'nothing'],
    ['0,00 %', 'nothing'],
    ['-5', 'negative'],
    ['−5', 'negative'],
    ['12.5', 'unreadable'], // a point where Italians write a comma
    ['1,234.50', 'unreadable'],
    ['12,345', 'unreadable'], // a third decimal is not rounded away
    ['1e1', 'unreadable'],
    ['dieci', 'unreadable'],
    ['', 'unreadable'],
    ['%', 'unreadable'],
  ])('%s is refused as %s', (typed, wrong) => {
    expect(typedRate(typed)).toEqual({ wrong })
  })

  it('is shown as it would be typed', () => {
    for (const bp of [1, 10, 99, 100, 105, 1_250, 9_999, 10_000]) expect(typedRate(percent(bp))).toEqual({ rate_bp: bp })
    expect(percent(1_250)).toBe('12,5')
  })
})

describe('in English', () => {
  beforeAll(() => speak('en', {}))
  afterAll(() => speak('it', {}))

  it('a point parts the decimals, and a comma the thousands', () => {
    expect(typedRate('12.5 %')).toEqual({ rate_bp: 1_250 })
    expect(typedRate('12,5')).toEqual({ wrong: 'unreadable' })
    expect(typedRate('1,234.5')).toEqual({ wrong: 'too_much' })
    expect(percent(1_250)).toBe('12.5')
  })
})
