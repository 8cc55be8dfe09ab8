import { describe, expect, it } from 'vitest'
import { readFeast, writeFeast } from './patron'

describe("a patron saint's day", () => {
  it.each(['12-07', 'easter+50', 'easter-2', '05-tue1', '09-sun3'])('is read and written back: %s', (text) => {
    const feast = readFeast(text)

    expect(feast && writeFeast(feast)).toBe(text)
  })

  it.each([
    { kind: 'fixed', month: 2, day: 29 }, // not in every year
    { kind: 'fixed', month: 4, day: 31 },
    { kind: 'fixed', month: 13, day: 1 },
    { kind: 'easter', days: 0 }, // Easter is a holiday everywhere
    { kind: 'weekday', month: 5, weekday: 1, nth: 5 },
  ] as const)('is not written where there is no such day: %o', (feast) => {
    expect(writeFeast(feast)).toBeNull()
  })

  it('that this form cannot show is left alone', () => {
    expect(readFeast('05-sun2+4')).toBeNull()
  })
})
