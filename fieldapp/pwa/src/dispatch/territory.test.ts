import { describe, expect, it } from 'vitest'
import { areasOf, readAreas, sceneOfAreas, toggled, toggledProvince, writeAreas } from './territory'

const at = (province: string, comune: string, lat_e6: number | null = 0, lon_e6: number | null = 0) => ({ province, comune, lat_e6, lon_e6 })
const AREAS = areasOf([at('MI', 'Melegnano'), at('LO', 'Lodi', 10, 20), at('LO', 'Lodi', 20, 40), at('LO', 'Lodi', null, null), at('LO', 'Codogno', null, null), at('', '')])

describe('territory', () => {
  it('counts candidates by comune and stands in the middle of those that have a position', () => {
    expect(AREAS.map((one) => [one.key, one.n])).toEqual([['LO:Codogno', 1], ['LO:Lodi', 3], ['MI:Melegnano', 1]])
    expect(AREAS[1]?.middle).toEqual({ lat_e6: 15, lon_e6: 30 })
    expect(AREAS[0]?.middle).toBeNull()
  })

  it('takes a whole province, and lets all of it go again', () => {
    const all = toggledProvince(['LO:Lodi', 'MI:Melegnano'], AREAS, 'LO')

    expect(all.toSorted()).toEqual(['LO:Codogno', 'LO:Lodi', 'MI:Melegnano'])
    expect(toggledProvince(all, AREAS, 'LO')).toEqual(['MI:Melegnano'])
    expect(toggled(toggled([], 'LO:Lodi'), 'LO:Lodi')).toEqual([])
  })

  it('reads from the address what it wrote, and nothing that is not there', () => {
    expect(readAreas(writeAreas(['MI:Melegnano', 'LO:Lodi']), AREAS)).toEqual(['LO:Lodi', 'MI:Melegnano'])
    expect(readAreas('XX:Atlantide', AREAS)).toEqual([])
    expect(writeAreas([])).toBeNull()
  })

  it('draws what has a position, and what is chosen differently', () => {
    expect(sceneOfAreas(AREAS, ['LO:Lodi']).places.map((place) => [place.id, place.tone])).toEqual([['LO:Lodi', 'chosen'], ['MI:Melegnano', 'plain']])
  })
})
