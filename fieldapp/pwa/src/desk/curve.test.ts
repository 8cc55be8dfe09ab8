import { describe, expect, it } from 'vitest'
import { drawCurve } from './curve'

const box = { width: 100, height: 50 }
const point = (elapsed_ms: number, objective_cents: number) => ({ elapsed_ms, objective_cents, served: 0 })

describe('the curve of a plan', () => {
  it('is nothing before the first plan was found', () => {
    expect(drawCurve([], 500, 10_000, box).line).toBe('')
  })

  it('holds the best so far until a better one is found', () => {
    const curve = drawCurve([point(0, 100), point(5000, 200)], 8000, 10_000, box)

    expect(curve.line).toBe('M0 50H50V0H80')
    expect(curve.last).toEqual({ x: 80, y: 0 })
    expect([curve.from_cents, curve.to_cents]).toEqual([100, 200])
  })

  it('lies in the middle while nothing better is found', () => {
    expect(drawCurve([point(0, 100)], 1000, 10_000, box).line).toBe('M0 25H10')
  })

  it('stays in its box when the work takes longer than asked', () => {
    expect(drawCurve([point(0, 1), point(12_000, 2)], 12_000, 10_000, box).last).toEqual({ x: 100, y: 0 })
  })
})
