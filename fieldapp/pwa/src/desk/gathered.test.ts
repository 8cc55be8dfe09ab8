import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { gathered } from './gathered'

describe('what is read after facts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is read once for a swarm, and although the swarm does not end', async () => {
    let reads = 0
    const { ask } = gathered(() => Promise.resolve(void (reads += 1)), 100)
    for (let at = 0; at < 50; at += 1) {
      ask()
      await vi.advanceTimersByTimeAsync(20)
    }
    await vi.advanceTimersByTimeAsync(500)

    // A second of facts every 20 ms: about one reading in 100 ms, not none and not fifty.
    expect(reads).toBeGreaterThan(5)
    expect(reads).toBeLessThan(12)
  })

  it('is read again where a fact came while it was being read, and never twice at once', async () => {
    let [now, most, reads] = [0, 0, 0]
    const { ask } = gathered(async () => {
      now += 1
      reads += 1
      most = Math.max(most, now)
      await new Promise((done) => setTimeout(done, 300))
      now -= 1
    }, 100)
    ask()
    await vi.advanceTimersByTimeAsync(150)
    ask()
    await vi.advanceTimersByTimeAsync(1000)

    expect([reads, most]).toEqual([2, 1])
  })

  it('is not read any more after the end', async () => {
    let reads = 0
    const { ask, end } = gathered(() => Promise.resolve(void (reads += 1)), 100)
    ask()
    end()
    await vi.advanceTimersByTimeAsync(500)

    expect(reads).toBe(0)
  })
})
