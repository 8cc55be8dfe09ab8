import { describe, expect, it } from 'vitest'
import type { PlanRow } from '../api/shapes'
import { words } from '../desk/words.it'
import { speak } from '../text'
import { planName } from './planName'

const plan = (id: string, created_at: string, edited_from: string | null = null): PlanRow =>
  ({ id, created_at, edited_from, state: 'done', served: 1, objective_cents: 1 }) as PlanRow

describe('the name of a plan', () => {
  speak('it', words)

  it('is its minute, and where another plan has the same one its second', () => {
    const first = plan('a', '2026-12-01T07:46:05Z')
    const second = plan('b', '2026-12-01T07:46:40Z')
    const later = plan('c', '2026-12-01T07:49:00Z')
    const all = [first, second, later]

    expect(all.map((one) => planName(one, all).replace(/^Piano delle /, ''))).toEqual(['08:46:05', '08:46:40', '08:49'])
  })

  it('is no twin of a change by hand of the same minute, which is called otherwise', () => {
    const found = plan('a', '2026-12-01T07:46:05Z')
    const changed = plan('b', '2026-12-01T07:46:40Z', 'a')

    expect(planName(found, [found, changed])).toBe('Piano delle 08:46')
    expect(planName(changed, [found, changed])).toBe('Modifica delle 08:46')
  })
})
