import { describe, expect, it } from 'vitest'
import { Progress } from './faults.progress'

function watched() {
  const said: string[] = []
  const clock = { ms: 0, cut: false }
  return { said, clock, progress: new Progress((line) => said.push(line), () => clock.ms, () => clock.cut) }
}

describe('a long run of the fault test', () => {
  it('says every ten thousand steps how far it is, and from which seed', () => {
    const { said, clock, progress } = watched()
    progress.begin('one phone', 7)

    for (let at = 0; at < 25_000; at += 1, clock.ms += 1) progress.step()

    expect(said).toEqual(['faults: 10,000 steps in 10 s, one phone 7', 'faults: 20,000 steps in 20 s, one phone 7'])
  })

  it('begins nothing more in a part whose time is over, and goes on with the next part', () => {
    const { clock, progress } = watched()
    progress.begin('one phone', 7, 2)
    clock.ms = 1_999
    expect(progress.over).toBe(false)
    clock.ms = 2_000
    expect(progress.over).toBe(true)

    progress.begin('two phones', 8, 2)

    expect(progress.over).toBe(false)
  })

  it('says once that it was cut, and begins nothing more in any part', () => {
    const { said, clock, progress } = watched()
    clock.cut = true
    expect(progress.over).toBe(true)
    progress.begin('two phones', 8)

    expect(progress.over).toBe(true)
    expect(said).toEqual(['faults: 0 steps in 0 s, not begun, cut'])
  })
})
