import { describe, expect, it } from 'vitest'
import { instantAt } from './zone'

describe('an hour where the visits are', () => {
  it.each([
    ['2026-11-26', '08:45', '2026-11-26T07:45:00.000Z'], // winter
    ['2026-07-01', '08:45', '2026-07-01T06:45:00.000Z'], // summer
    ['2026-10-25', '12:00', '2026-10-25T11:00:00.000Z'], // the day clocks go back
    ['2026-03-29', '12:00', '2026-03-29T10:00:00.000Z'], // the day clocks go forward
    ['2026-03-29', '01:30', '2026-03-29T00:30:00.000Z'], // just before they do
  ])('%s %s is %s', (day, time, instant) => {
    expect(instantAt(day, time, 'Europe/Rome').toISOString()).toBe(instant)
  })
})
