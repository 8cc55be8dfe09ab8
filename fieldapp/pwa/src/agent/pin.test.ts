import { describe, expect, it } from 'vitest'
import { frameOf, fromPicture, moved, SIDE, toPicture, type Spot } from './pin'
import { distanceM } from '../domain/distance.ts'

const LODI: Spot = { lat_e6: 45_314_500, lon_e6: 9_503_500 }

describe('the drawing around a door', () => {
  it('shows both spots inside, north above and east on the right', () => {
    const door = moved(LODI, 120, 300)
    const frame = frameOf(LODI, door)
    const [pin, there] = [toPicture(frame, LODI), toPicture(frame, door)]

    for (const at of [pin, there]) {
      expect(Math.min(at.x, at.y)).toBeGreaterThan(0)
      expect(Math.max(at.x, at.y)).toBeLessThan(SIDE)
    }
    expect(there.y).toBeLessThan(pin.y)
    expect(there.x).toBeGreaterThan(pin.x)
  })

  it.each([[0, 0], [10, 990], [500, 500], [333.3, 777.7]])('gives back the spot that was touched: %d, %d', (x, y) => {
    const frame = frameOf(LODI, moved(LODI, -50, 40))
    const back = toPicture(frame, fromPicture(frame, { x, y }))

    expect(Math.abs(back.x - x)).toBeLessThan(1)
    expect(Math.abs(back.y - y)).toBeLessThan(1)
  })

  it.each([[10, 0], [0, 10], [-120, 35], [2500, -900]])('moves by metres: %d north, %d east', (north, east) => {
    expect(Math.abs(distanceM(LODI, moved(LODI, north, east)) - Math.hypot(north, east))).toBeLessThan(Math.hypot(north, east) * 0.01 + 1)
  })

  it('is never so small that a finger covers the street', () => {
    expect(frameOf(LODI, LODI).sideM).toBe(200)
  })
})
