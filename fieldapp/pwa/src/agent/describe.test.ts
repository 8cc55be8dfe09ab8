import { beforeAll, describe, expect, it } from 'vitest'
import { speak } from '../text'
import { attemptInWords } from './describe'
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
