import { beforeAll, describe, expect, test } from 'vitest'
import { speak } from '../text'
import italian from '../text/desk.it.json'
import { inTrouble, travelInWords, type TravelTold } from './travelTold'

beforeAll(() => speak('it', italian))

const told = (given: Partial<TravelTold>): TravelTold => ({ engine: 'osrm', pairs: 600, instead: 0, trouble: null, by_hour: false, hours_unknown: 0, ...given })

describe('where the times of a plan come from', () => {
  test('is said of the great circle too', () => {
    expect(travelInWords(told({ engine: 'great_circle' }))).toMatch(/linea d'aria/)
  })

  test('by road is no trouble, nor are ways that are too long to be asked', () => {
    expect(travelInWords(told({}))).toContain('per strada (OSRM)')
    expect(inTrouble(told({ instead: 20 }))).toBe(false)
    expect(travelInWords(told({ instead: 20 }))).toContain('oltre la distanza')
  })

  test.each(['away', 'late', 'refused', 'nonsense', 'too_many'] as const)('a server that failed (%s) is named, with how much is estimated', (trouble) => {
    expect(inTrouble(told({ instead: 600, trouble }))).toBe(true)
    expect(travelInWords(told({ instead: 600, trouble }))).toMatch(/OSRM.*tutti i tempi/)
    expect(travelInWords(told({ instead: 150, trouble }))).toMatch(/OSRM.*25 %/)
  })

  test('times that change with the hour are said to, and hours for which there are none are trouble', () => {
    expect(travelInWords(told({ engine: 'great_circle' }))).not.toContain("l'ora")
    expect(travelInWords(told({ engine: 'great_circle', by_hour: true }))).toContain("Cambiano con l'ora")
    expect(inTrouble(told({ by_hour: true }))).toBe(false)
    expect(inTrouble(told({ by_hour: true, hours_unknown: 2 }))).toBe(true)
    expect(travelInWords(told({ by_hour: true, hours_unknown: 2 }))).toMatch(/Per 2 delle ore/)
  })

  test('one pair in a thousand is not "0 %", and all but one not "100 %"', () => {
    expect(travelInWords(told({ pairs: 1000, instead: 1, trouble: 'late' }))).toContain(' 1 %')
    expect(travelInWords(told({ pairs: 1000, instead: 999, trouble: 'late' }))).toContain(' 99 %')
  })
})
