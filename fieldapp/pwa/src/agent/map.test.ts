import { describe, expect, it } from 'vitest'
import { drawing, SIDE } from './map'
import { aStop } from './testing'

const at = (id: string, lat: number, lon: number, position: number): ReturnType<typeof aStop> => {
  const stop = aStop(id)
  return { ...stop, position, address: { ...stop.address, lat_e6: Math.round(lat * 1e6), lon_e6: Math.round(lon * 1e6) } }
}

describe('the drawing of the day', () => {
  it('keeps north up, east right and everything inside', () => {
    const { stops } = drawing([at('south', 45.2, 9.4, 1), at('north-east', 45.4, 9.7, 2)], null)
    const [south, north] = stops

    expect(north?.y).toBeLessThan(south?.y ?? 0)
    expect(north?.x).toBeGreaterThan(south?.x ?? SIDE)
    for (const { x, y } of stops) expect(Math.min(x, y, SIDE - x, SIDE - y)).toBeGreaterThan(0)
  })

  it('joins the doors in the order that it is given and leaves each the number of the published day, also where one has no place', () => {
    const [first, second] = [at('second planned', 45.2, 9.4, 2), at('first planned', 45.4, 9.7, 1)]
    const nowhere = { ...first, stop_id: 'nowhere', address: { ...first.address, lat_e6: null, lon_e6: null } }
    const { stops, way } = drawing([first, nowhere, second], null)

    expect(stops.map(({ stop, number }) => [stop.stop_id, number])).toEqual([['second planned', 2], ['first planned', 1]])
    expect(way).toBe(stops.map(({ x, y }) => `${String(x)},${String(y)}`).join(' '))
  })

  it('parts numbers that lie on each other', () => {
    const { stops } = drawing(Array.from({ length: 4 }, (_, i) => at(String(i), 45.3, 9.5, i + 1)), { lat_e6: 45_400_000, lon_e6: 9_600_000 })
    const distances = stops.flatMap((a, i) => stops.slice(i + 1).map((b) => Math.hypot(a.x - b.x, a.y - b.y)))

    expect(Math.min(...distances)).toBeGreaterThan(30)
  })

  it('leaves out what has no place and draws nothing for an empty day', () => {
    const nowhere = aStop('x')
    expect(drawing([{ ...nowhere, address: { ...nowhere.address, lat_e6: null, lon_e6: null } }], null).stops).toEqual([])
  })
})
