import { describe, expect, it } from 'vitest'
import { leastPopulation, readComuni, readStreets } from './ground'

const feature = (type: string, coordinates: unknown, name = 'Lodi') => ({ features: [{ geometry: { type, coordinates }, properties: { name } }] })

describe('the ground of a map', () => {
  it('takes streets of one line or of several', () => {
    expect(readStreets(feature('LineString', [[9, 45], [9.1, 45]]))).toHaveLength(1)
    expect(readStreets(feature('MultiLineString', [[[9, 45], [9.1, 45]], [[9, 46], [9, 47]]]))).toHaveLength(2)
  })

  it('writes the name of a comune in its middle', () => {
    const [comune] = readComuni(feature('Polygon', [[[9, 45], [9.2, 45], [9.2, 45.2], [9, 45.2]]]))

    expect(comune?.name).toBe('Lodi')
    expect(comune?.at.map((degree) => Math.round(degree * 10) / 10)).toEqual([9.1, 45.1])
  })

  it.each([
    [null], // nothing came
    ['{}'], // text instead of values
    [{ features: 'x' }], // no list
    [feature('Polygon', [[['a', 'b']]])], // no numbers
    [{ features: [{ geometry: null, properties: null }] }], // nowhere
  ])('leaves out what it cannot read (%#)', (value) => {
    expect(readComuni(value)).toEqual([])
    expect(readStreets(value)).toEqual([])
  })

  it('writes more names the nearer one looks', () => {
    const least = [8, 10, 11, 12].map(leastPopulation)

    expect(least).toEqual(least.toSorted((a, b) => b - a))
    expect(least.at(-1)).toBe(0)
  })
})
