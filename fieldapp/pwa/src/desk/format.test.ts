import { beforeAll, describe, expect, it } from 'vitest'
import { speak } from '../text'
import { count, daysBetween, distance, duration, hourOfDay, lateBy, size, valuesInWords } from './format'

beforeAll(() => speak('it', {}))

describe('figures of the desk', () => {
  it.each([
    [0, '0 min'],
    [2400, '40 min'],
    [3600, '1 h'],
    [5100, '1 h 25 min'],
    [3569, '59 min'],
    [3599, '1 h'], // rounds up to the hour, never to "60 min"
    [36_300, '10 h 05 min'],
  ])('write %i seconds as %s', (seconds, words) => expect(duration(seconds)).toBe(words))

  it.each([
    [850, '850 m'],
    [12_440, '12,4 km'],
    [1000, '1,0 km'],
  ])('write %i metres as %s', (meters, words) => expect(distance(meters)).toBe(words))

  it('write hours, sizes and counts', () => {
    expect(hourOfDay(30_600)).toBe('08:30')
    expect(lateBy(769)).toBe('+0:13')
    expect(lateBy(7170)).toBe('+2:00')
    expect(size(400)).toBe('1 kB')
    expect(size(1_240_000)).toBe('1,2 MB')
    expect(count(1234)).toBe('1.234')
  })

  it('count days over the change of summer time', () => {
    expect(daysBetween('2026-10-24', '2026-10-26')).toBe(2)
    expect(daysBetween('2026-11-26', '2026-11-25')).toBe(-1)
  })

  it('turn details into words by their names', () => {
    const words = valuesInWords({ owed_cents: 123_450, on: '2026-11-26', limit: 3, travel_s: 1200, of: ['a', 'b'], no: null })

    expect(words).toEqual({
      owed_cents: '1.234,50\u00a0€', on: '26/11/2026', limit: '3', travel_s: '20 min', of: 'a, b', no: '',
    })
  })
})
