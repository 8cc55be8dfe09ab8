import { afterEach, describe, expect, it } from 'vitest'
import { speak } from '../../text'
import { asTyped, readAmount } from './typing'

afterEach(() => {
  speak('it', {})
})

describe('an amount that a button fills in', () => {
  it.each(['it', 'en', 'fr'] as const)('is read again as the same, on a screen in any language: %s', (language) => {
    speak(language, {})

    for (const cents of [1, 50, 100, 72_945, 108_517, 100_000_000]) expect(readAmount(asTyped(cents))).toEqual({ kind: 'ok', value: cents })
  })
})
