import { describe, expect, it } from 'vitest'
import { aStop } from '../testing'
import type { StopCard } from '../shapes'
import { doorsLike } from './doors'

const named = (id: string, street: string, name: string): StopCard => {
  const stop = aStop(id)
  return {
    ...stop,
    address: { ...stop.address, street },
    practice: { ...stop.practice, obligors: stop.practice.obligors.map((one) => ({ ...one, name })) },
  }
}
const DOORS = [named('a', 'Via Roma', 'Bianchi Mario'), named('b', 'Via Libertà', 'Rossi Anna'), { ...named('c', 'Via Roma', 'Verdi Luca'), reserve: true }]

describe('the doors of a sheet', () => {
  for (const [sought, found] of [
    ['', ['a', 'b', 'c']],
    ['roma', ['a', 'c']],
    ['liberta', ['b']],
    ['ROMA verdi', ['c']],
    ['2026/b', ['b']],
    ['via garibaldi', []],
  ] as const) {
    it(`are ${found.length === 0 ? 'none, so the desk takes it,' : found.join(' and ')} for "${sought}"`, () => {
      expect(doorsLike(DOORS, sought).map((stop) => stop.stop_id)).toEqual(found)
    })
  }
})
