import { describe, expect, it } from 'vitest'
import type { Unplanned } from '../api/shapes'
import { aRoute, aStop } from './board/builders'
import { sceneOf } from './routeScene'

const aside = (practice_id: string, lat_e6: number | null = 1): Unplanned => ({
  practice_id, practice_number: practice_id, debtor_name: practice_id, comune: 'Lodi', lat_e6, lon_e6: lat_e6, prize_cents: 100, reason: 'not_worth', details: {},
})
const UNPLANNED = [aside('far'), aside('near'), aside('nowhere', null)]
const routes = [aRoute('anna', [aStop('1', '09:00')])]
const dots = (chosen: Parameters<typeof sceneOf>[2]): [string, string][] =>
  sceneOf(routes, UNPLANNED, chosen).places.filter((one) => UNPLANNED.some(({ practice_id }) => practice_id === one.id)).map((one) => [one.id, one.tone])

describe('what lies in no lane', () => {
  it('steps back on the map, where it has a position', () => {
    expect(dots({ agent: null, stop: null })).toEqual([['far', 'faded'], ['near', 'faded']])
  })

  it('stands out once it is chosen', () => {
    expect(dots({ agent: null, stop: null, aside: 'near' })).toEqual([['far', 'faded'], ['near', 'chosen']])
  })

  it('is gone beside a chosen lane, but for the visit in the hand', () => {
    expect(dots({ agent: 'anna', stop: null })).toEqual([])
    expect(dots({ agent: 'anna', stop: null, aside: 'near' })).toEqual([['near', 'chosen']])
  })
})
