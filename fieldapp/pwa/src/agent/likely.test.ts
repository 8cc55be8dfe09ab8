import { describe, expect, it } from 'vitest'
import { likelyDays } from './likely'

const days = (today: string, more: { past?: boolean; until?: string } = {}): string[] =>
  likelyDays(today, { past: false, ...more }).map((day) => day.on)

describe('likely days', () => {
  it.each([
    ['a Monday', '2026-11-23', ['2026-11-24', '2026-11-27', '2026-11-30']],
    ['a Friday: the next one', '2026-11-27', ['2026-11-28', '2026-12-04', '2026-11-30']],
    ['a Thursday: tomorrow is Friday, said once', '2026-11-26', ['2026-11-27', '2026-11-30']],
    ['the last of the month: the end of the next', '2026-11-30', ['2026-12-01', '2026-12-04', '2026-12-31']],
  ])('after %s', (_, today, expected) => {
    expect(days(today)).toEqual(expected)
  })

  it('none lies beyond the end of the placement', () => {
    expect(days('2026-11-23', { until: '2026-11-25' })).toEqual(['2026-11-24'])
  })

  it('look back where something has happened already', () => {
    expect(days('2026-11-23', { past: true })).toEqual(['2026-11-23', '2026-11-22', '2026-11-16'])
  })
})
