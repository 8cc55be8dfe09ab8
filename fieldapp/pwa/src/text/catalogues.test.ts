import { describe, expect, it } from 'vitest'
import { LANGUAGES, type Words } from '.'

// The text above a signature is the debtor's paper: it is Italian whatever the screen speaks.
const ITALIAN_ONLY = './signed.it.json'
const catalogues = import.meta.glob<Words>('./**/*.json', { eager: true, import: 'default' })
const italian = Object.keys(catalogues).filter((path) => path.endsWith('.it.json') && path !== ITALIAN_ONLY)

const inLanguage = (path: string, language: string): Words => catalogues[path.replace('.it.json', `.${language}.json`)] ?? {}
const holes = (sentence: string): string[] => [...new Set(sentence.match(/\{\w+\}/g))].sort()

describe('every catalogue', () => {
  it('is found', () => {
    expect(italian.length).toBeGreaterThan(10)
    expect(Object.keys(catalogues)).toHaveLength(italian.length * LANGUAGES.length + 1)
  })

  it.each(italian)('%s has the same keys, filled with the same values, in all languages', (path) => {
    const sentences = Object.entries(inLanguage(path, 'it'))
    for (const language of LANGUAGES) {
      const other = inLanguage(path, language)

      expect(Object.keys(other).sort(), language).toEqual(sentences.map(([key]) => key).sort())
      for (const [key, sentence] of sentences) {
        expect(other[key]?.trim(), `${language} ${key}`).not.toBe('')
        expect([key, holes(other[key] ?? '')]).toEqual([key, holes(sentence)])
      }
    }
  })
})
