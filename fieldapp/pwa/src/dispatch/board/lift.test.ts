import { describe, expect, it } from 'vitest'
import { rollBy } from './lift'

describe('at the edge of the lanes', () => {
  it('they lie still while the pointer is well inside', () => {
    expect([rollBy(300, 100, 500), rollBy(130, 100, 500), rollBy(470, 100, 500)]).toEqual([0, 0, 0])
  })

  it('they roll towards the edge, the faster the nearer, and never faster than can be read', () => {
    expect(rollBy(475, 100, 500)).toBe(1)
    expect(rollBy(498, 100, 500)).toBeGreaterThan(rollBy(480, 100, 500))
    expect(rollBy(120, 100, 500)).toBeLessThan(0)
    expect([rollBy(2000, 100, 500), rollBy(-2000, 100, 500)]).toEqual([14, -14])
  })
})
