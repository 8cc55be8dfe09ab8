import { describe, expect, it } from 'vitest'
import { countedCents, DENOMINATIONS } from './pieces.ts'

describe('a count of notes and coins', () => {
  it('adds up in whole cents', () => {
    expect(countedCents({ 10_000: 1, 5_000: 1, 200: 1, 1: 3 })).toBe(15_203)
  })

  it.each([null, undefined, -1, 1.5, NaN])('takes %s for none', (number) => {
    expect(countedCents({ 5_000: number })).toBe(0)
  })

  it('knows every piece once, the largest first', () => {
    expect([...DENOMINATIONS].toSorted((a, b) => b - a)).toEqual([...DENOMINATIONS])
    expect(countedCents(Object.fromEntries(DENOMINATIONS.map((cents) => [cents, 1])))).toBe(88_888)
  })
})
