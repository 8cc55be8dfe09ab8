import { describe, expect, it } from 'vitest'
import { knows, speak } from '../text'
import { merge } from './words'
import { words as english } from './words.en'
import { words as french } from './words.fr'
import { words as italian } from './words.it'

const placeholders = (sentence: string): string[] => [...sentence.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '').toSorted()
const own = (words: typeof italian): string[] => Object.keys(words).filter((key) => !key.endsWith('.one'))

describe('the words of the desk', () => {
  it('are as many in English as in Italian', () => {
    expect(own(english).toSorted()).toEqual(own(italian).toSorted())
  })

  it('fill the same values in every language', () => {
    for (const [key, sentence] of Object.entries(italian)) {
      if (key.endsWith('.one')) continue
      for (const other of [english[key], french[key]]) {
        if (other !== undefined && other !== '') expect([key, ...placeholders(other)]).toEqual([key, ...placeholders(sentence)])
      }
    }
  })

  it('have an Italian sentence for every French one', () => {
    expect(own(french).filter((key) => !(key in italian))).toEqual([])
  })

  it('never call anything an error', () => {
    expect(Object.entries(italian).filter(([, sentence]) => /errore/i.test(sentence))).toEqual([])
  })

  it('keep codes of refusals apart from keys of screens', () => {
    const words = merge({ 'desk.it.json': { 'import.empty': 'Dal file alle pratiche' } }, { 'x.it.json': { 'import.empty': 'Il file è vuoto.' } })

    speak('it', words)

    expect(words['import.empty']).toBe('Dal file alle pratiche')
    expect(knows('refusal.import.empty')).toBe(true)
  })
})

describe('a screen of the desk', () => {
  const sources: Record<string, string> = import.meta.glob(['../{desk,dispatch,office,rules}/**/*.{svelte,ts}', '../ui/*.svelte', '!../**/*.test.ts'], {
    eager: true,
    import: 'default',
    query: '?raw',
  })

  it.each(Object.entries(sources))('asks only for words that the desk has: %s', (_, source) => {
    const asked = [...source.matchAll(/\bt\('([a-z_]+(?:\.[A-Za-z_]+)+)'/g)].map((found) => found[1] ?? '')

    expect(asked.filter((key) => !(key in italian))).toEqual([])
  })
})
