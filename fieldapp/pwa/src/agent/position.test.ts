import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/distances.json' with { type: 'json' }
import { bodyOf, mayLocate, newDraft, type Draft } from './draft'
import { distanceM } from '../domain/distance.ts'
import { aStop } from './testing'
import { typing } from './visit/typing'

const point = ([lat_e6 = 0, lon_e6 = 0]: readonly number[]): { lat_e6: number; lon_e6: number } => ({ lat_e6, lon_e6 })
const HERE = { lat_e6: 45_314_000, lon_e6: 9_503_000, accuracy_m: 12, at: '2026-11-23T10:00:00.000Z' }
const draft = (more: Partial<Draft>): Draft => ({ ...newDraft(aStop('s'), { visitId: 'v', day: '2026-11-23' }), ...more })

describe('a distance', () => {
  for (const { name, from, to, metres } of golden.cases) {
    it(`equals the golden case: ${name}`, () => {
      expect(distanceM(point(from), point(to))).toBe(metres)
    })
  }
})

describe('a position at the closing', () => {
  const written = (more: Partial<Draft>): Record<string, unknown> =>
    bodyOf(draft({ outcome: 'NOT_MADE', ...more }), { leftAt: HERE.at, appVersion: 'test', offline: false, typing })

  it('travels with the report only where one was read', () => {
    expect(written({ left_position: HERE })['left_position']).toEqual(HERE)
    expect(written({})).not.toHaveProperty('left_position')
  })

  it('is not asked for where the agent left the first one out, or the phone said no', () => {
    expect([null, 'unavailable', 'timed_out', 'off', 'refused'].map((no_position) => mayLocate(draft({ no_position } as Partial<Draft>)))).toEqual([
      true, true, true, false, false,
    ])
  })
})
