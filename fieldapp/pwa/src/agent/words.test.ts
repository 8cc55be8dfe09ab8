import { describe, expect, it } from 'vitest'
import agentEn from '../text/agent.en.json'
import agentFr from '../text/agent.fr.json'
import agentIt from '../text/agent.it.json'
import agreementsEn from '../text/agreements.en.json'
import agreementsFr from '../text/agreements.fr.json'
import agreementsIt from '../text/agreements.it.json'
import commonEn from '../text/common.en.json'
import commonFr from '../text/common.fr.json'
import commonIt from '../text/common.it.json'
import { TROUBLES } from '../outbox/wire'
import outcomesIt from '../text/outcomes.it.json'

const italian: Record<string, string> = { ...commonIt, ...agentIt, ...agreementsIt }
const holes = (sentence: string): string[] => (sentence.match(/\{\w+\}/g) ?? []).sort()

const sources = import.meta.glob<string>(['./**/*.{svelte,ts}', '!./**/*.test.ts'], {
  query: '?raw', eager: true, import: 'default',
})

describe('the phone’s words', () => {
  it.each([
    ['English', { ...commonEn, ...agentEn, ...agreementsEn }],
    ['French', { ...commonFr, ...agentFr, ...agreementsFr }],
  ])('are whole in %s, with the same blanks to fill', (_, other: Record<string, string>) => {
    expect(Object.keys(other).sort()).toEqual(Object.keys(italian).sort())
    for (const [key, sentence] of Object.entries(italian)) expect([key, holes(other[key] ?? '')]).toEqual([key, holes(sentence)])
  })

  it('hold every sentence that a screen asks for by name', () => {
    const known = { ...italian, ...outcomesIt }
    const asked = Object.values(sources).flatMap((text) =>
      [...text.matchAll(/\bt\('([\w.]+)'/g)].map((found) => found[1] ?? ''),
    )

    expect(asked.length).toBeGreaterThan(100)
    expect(asked.filter((key) => !(key in known))).toEqual([])
  })

  it.each(TROUBLES)('say what %s means for the work on this phone', (trouble) => {
    expect(italian).toHaveProperty([`trouble.${trouble}`])
  })

  it('never blame: no "errore" anywhere', () => {
    expect(Object.values(italian).filter((sentence) => /errore|error/i.test(sentence))).toEqual([])
  })
})
