import { describe, expect, it } from 'vitest'
import agentEn from '../text/agent.en.json'
import agentFr from '../text/agent.fr.json'
import agentIt from '../text/agent.it.json'
import agreementsEn from '../text/agreements.en.json'
import firstEn from '../text/first.en.json'
import lockEn from '../text/lock.en.json'
import agreementsFr from '../text/agreements.fr.json'
import firstFr from '../text/first.fr.json'
import lockFr from '../text/lock.fr.json'
import agreementsIt from '../text/agreements.it.json'
import firstIt from '../text/first.it.json'
import lockIt from '../text/lock.it.json'
import commonEn from '../text/common.en.json'
import commonFr from '../text/common.fr.json'
import commonIt from '../text/common.it.json'
import { TROUBLES } from '../outbox/wire'
import outcomesEn from '../text/outcomes.en.json'
import outcomesFr from '../text/outcomes.fr.json'
import outcomesIt from '../text/outcomes.it.json'
import { DELIVERIES, outcomesWith } from '../domain/outcomes.ts'
import { NEUTRAL_PURPOSES, OBSERVATIONS, ROLES } from '../domain/visit.ts'

const italian: Record<string, string> = { ...commonIt, ...agentIt, ...agreementsIt, ...firstIt, ...lockIt }
/** What the phone says before anybody opened it. */
const early = { ...commonIt, ...firstIt, ...lockIt }
const holes = (sentence: string): string[] => (sentence.match(/\{\w+\}/g) ?? []).sort()

const sources = import.meta.glob<string>(['./**/*.{svelte,ts}', '!./**/*.test.ts'], {
  query: '?raw', eager: true, import: 'default',
})

/** By which a stranger who reads along would learn of a debt; the browser's byte scan looks for the same. */
const DEBT_WORDS =
  /debit|credit|insolut|recuper|esatt|incass|pagament|pagare|\brat[ae]\b|fattur|prestit|sollecit|debt|\bow(e|es|ed)\b|\bloan|payment|invoice|arrears|instalment|dette|cr[ée]anc|impay|paiement|recouvrement/i

describe('the phone’s words', () => {
  it.each([
    ['English', { ...commonEn, ...agentEn, ...agreementsEn, ...firstEn, ...lockEn }],
    ['French', { ...commonFr, ...agentFr, ...agreementsFr, ...firstFr, ...lockFr }],
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

  it('are there from the beginning for every screen that stands before the day', () => {
    const before = [
      './App.svelte', './Band.svelte', './HoldButton.svelte', './screens/NoStorage.svelte', './screens/SignIn.svelte',
      './screens/Enrol.svelte',
    ]
    const texts = Object.entries(sources).filter(([path]) => before.includes(path) || /^\.\/lock\/(?!ChangePin|LockSettings)/.test(path))
    const asked = texts.flatMap(([, text]) => [...text.matchAll(/\bt\('([\w.]+)'/g)].map((found) => found[1] ?? ''))

    expect(texts.length).toBeGreaterThan(before.length + 3)
    expect(asked.filter((key) => !(key in early))).toEqual([])
    expect(TROUBLES.filter((trouble) => !(`trouble.${trouble}` in early))).toEqual([])
  })

  it.each(TROUBLES)('say what %s means for the work on this phone', (trouble) => {
    expect(italian).toHaveProperty([`trouble.${trouble}`])
  })

  it.each([
    ['Italian', { ...agentIt, ...outcomesIt }],
    ['English', { ...agentEn, ...outcomesEn }],
    ['French', { ...agentFr, ...outcomesFr }],
  ])('say nothing of a debt in %s where somebody else stands there', (_, catalogue: Record<string, string>) => {
    const offered = outcomesWith('third_party')
    const keys = [
      ...offered.flatMap(({ code, next_step, fields }) => [
        `outcome.${code}`, `outcome.next.${next_step}`,
        ...fields.flatMap(({ name, choices }) => [`outcome.field.${name}`, ...choices.map((choice) => `outcome.choice.${name}.${choice}`)]),
      ]),
      ...ROLES.map((role) => `visit.role.${role}`),
      ...NEUTRAL_PURPOSES.map((purpose) => `visit.purpose.${purpose}`),
      ...OBSERVATIONS.map((observation) => `visit.observation.${observation}`),
      ...DELIVERIES.third_party.map((way) => `outcome.delivery.${way}`),
      ...Object.keys(catalogue).filter((key) => /^(met\.(who|is|note|role|script\.(ask|third_party))|notice\.|photo\.|step\.|arrival\.|visit\.met\.third_party)/.test(key)),
    ]

    expect(offered.length).toBeGreaterThan(3)
    expect(keys.filter((key) => !(key in catalogue))).toEqual([])
    expect(keys.filter((key) => DEBT_WORDS.test(catalogue[key] ?? ''))).toEqual([])
  })

  it('never blame: no "errore" anywhere', () => {
    expect(Object.values(italian).filter((sentence) => /errore|error/i.test(sentence))).toEqual([])
  })
})
