import { beforeAll, describe, expect, it } from 'vitest'
import { speak } from '../text'
import { arrivalInWords, attemptInWords } from './describe'
import { aStop } from './testing'
import { words } from './words/day.it'

beforeAll(() => {
  speak('it', words)
})

describe('an earlier contact', () => {
  const letter = { at: '2026-10-22T07:32:00Z', channel: 'letter', outcome: 'DUNNING_LETTER_2', by: '', reached: false } as const

  it('names a letter in words where the case may be seen', () => {
    expect(attemptInWords(letter, { lifted: true })).toMatch(/ · lettera · seconda lettera$/)
  })

  it('says nothing of what it was about where others can read along', () => {
    expect(attemptInWords(letter, { lifted: false })).toMatch(/ · lettera$/)
  })

  it('never shows a code that nobody has words for', () => {
    expect(attemptInWords({ ...letter, outcome: 'X_9' }, { lifted: true })).toMatch(/ · lettera$/)
  })
})

describe('where an arrival was', () => {
  const { address } = aStop('s-1')
  const at = (north_e6: number, accuracy_m = 15) => ({ lat_e6: 45_310_000 + north_e6, lon_e6: 9_500_000, accuracy_m, at: '2026-11-23T09:00:00Z' })

  it('is said plainly near the address, and where a bad reading explains it', () => {
    expect(arrivalInWords(at(1_000), address)).toBe('a 111 m dall’indirizzo, entro 15 m')
    expect(arrivalInWords(at(5_000, 400), address)).toBe('a 556 m dall’indirizzo, entro 400 m')
  })

  it('is said to hold nobody back far away', () => {
    expect(arrivalInWords(at(20_000), address)).toBe('a 2,2 km dall’indirizzo, entro 15 m: si va avanti lo stesso')
  })

  it('is only as good as its reading where the address has no place', () => {
    expect(arrivalInWords(at(20_000), { ...address, lat_e6: null, lon_e6: null })).toBe('posizione entro 15 m')
  })
})
