import { describe, expect, it } from 'vitest'
import { countOf, readRuns, writeRuns } from './runs'

describe('numbers of forms as people write them', () => {
  it.each([
    ['', []],
    ['7', [[7, 7]]],
    ['2, 6-10', [[2, 2], [6, 10]]],
    ['2 6 - 10', [[2, 2], [6, 10]]], // blanks around the dash
    ['2;6–10', [[2, 2], [6, 10]]], // a long dash, a semicolon
  ])('reads %j', (text, runs) => {
    expect(readRuns(text)).toEqual(runs)
  })

  it.each(['10-6', '0', 'due', '1-2-3', '-4', '1234567'])('does not guess at %j', (text) => {
    expect(readRuns(text)).toBeNull()
  })

  it('writes what it reads, and counts it', () => {
    expect(writeRuns([[2, 2], [6, 10]])).toBe('2, 6-10')
    expect(countOf([[2, 2], [6, 10]])).toBe(6)
  })
})
