import { describe as suite, expect, it } from 'vitest'
import english from '../text/public.en.json'
import french from '../text/public.fr.json'
import italian from '../text/public.it.json'
import { centsOf, describe, moneyIn, type View } from './view.ts'

const say = (key: string): string => {
  const sentence = (italian as Record<string, string>)[key]
  if (sentence === undefined) throw new Error(`no word for ${key}`)
  return sentence
}
const formats = { money: (cents: number) => moneyIn('it-IT', cents), moment: (at: string) => at }
const paper = {
  label: 'A7-000147', kind: 'receipt' as const, issued_at: '2026-11-26T09:42:10Z', amount_cents: 123_450, stamp_duty_cents: 0, handed_over_cents: 123_450,
  agent_number: '017', agency_name: 'Agenzia Aldini', agency_phone: '0371 00-00.00',
}
type State = 'genuine' | 'voided' | 'not_received' | 'unknown' | 'registered' | 'awaited' | 'spoiled' | 'contested'
const checked = (state: State, changes = {}): View => ({
  kind: 'checked',
  check: { state, paper: state === 'unknown' ? null : paper, phone_withdrawn: false, ...changes },
})

suite('the debtor page', () => {
  it('has the same sentences in three languages', () => {
    expect(Object.keys(english)).toEqual(Object.keys(italian))
    expect(Object.keys(french)).toEqual(Object.keys(italian))
  })

  it.each(['genuine', 'voided', 'not_received', 'unknown', 'registered', 'awaited', 'spoiled', 'contested'] as const)('says one sentence about a receipt that is %s', (state) => {
    expect(describe(checked(state), say, formats).title).toBe(say(`${state}.title`))
  })

  it.each(['empty', 'asking', 'later', 'busy'] as const)('has words for %s', (kind) => {
    expect(describe({ kind }, say, formats).words).toEqual([say(`${kind}.words`)])
  })

  it('asks for the amount of a form written by hand, and says whether the agency has the same', () => {
    const form = (amount_agrees: boolean | null) => describe(checked('registered', { amount_agrees }), say, formats)

    expect([form(null).compare, describe(checked('genuine'), say, formats).compare]).toEqual([true, false])
    expect(form(null).words).toEqual([say('registered.words')])
    expect([form(true).words[0], form(true).tone]).toEqual([say('registered.agrees'), 'genuine'])
    // What differs is a thing to call about, whatever the title says.
    expect([form(false).words[0], form(false).tone, form(false).mark]).toEqual([say('registered.differs'), 'unknown', '!'])
  })

  it.each([
    ['150', 15_000],
    ['1.234,5', 123_450],
    ['€ 12,05', 1_205],
    ['150.00', null], // a point where Italians write a comma: two sums could be meant
    ['0', null],
    ['-5', null],
    ['', null],
  ])('reads the amount %j as %j cents', (typed, cents) => {
    expect(centsOf(typed)).toBe(cents)
  })

  it('shows the facts of the paper and a number to call', () => {
    const shown = describe(checked('genuine'), say, formats)

    expect(shown.facts.map(({ text }) => text)).toEqual(['1.234,50\u00a0€', 'A7-000147', paper.issued_at, '017', 'Agenzia Aldini'])
    expect(shown.call?.number).toBe('0371000000')
  })

  it('says amount, stamp duty and what was handed over in all where the debtor paid the stamp', () => {
    const stamped = { ...paper, amount_cents: 15_000, stamp_duty_cents: 200, handed_over_cents: 15_200 }
    const shown = describe(checked('genuine', { paper: stamped }), say, formats)

    expect(shown.facts.slice(0, 3)).toEqual([
      { label: 'Importo', text: '150,00\u00a0€', sum: false }, { label: 'Imposta di bollo', text: '2,00\u00a0€', sum: false },
      { label: 'Consegnato in tutto', text: '152,00\u00a0€', sum: true },
    ])
  })

  it('leaves out what a digest alone does not tell', () => {
    const bare = { ...paper, kind: null, amount_cents: null, handed_over_cents: null, issued_at: null, agent_number: null }

    expect(describe(checked('not_received', { paper: bare }), say, formats).facts).toHaveLength(2)
  })

  it('warns first where the phone was withdrawn', () => {
    const shown = describe(checked('not_received', { phone_withdrawn: true }), say, formats)

    expect(shown.words[0]).toBe(say('not_received.withdrawn'))
    expect(shown.tone).toBe('unknown')
  })

  it.each(['genuine', 'withdrawn', 'not_received', 'unknown'] as const)('says one sentence about an agreement that is %s', (state) => {
    const plan = { ...paper, kind: 'repayment_plan' as const, label: 'd06e 880b 3223 6d41' }
    const check = { state, paper: state === 'unknown' ? null : plan, phone_withdrawn: false }
    const shown = describe({ kind: 'checked', check, agreement: true }, say, formats)

    expect(shown.title).toBe(say(`agreement.${state}.title`))
    expect(shown.facts.map(({ label }) => label).includes(say('fact.fingerprint'))).toBe(state !== 'unknown')
  })

  it('says of a settlement that the creditor has to approve it', () => {
    const settlement = { ...paper, kind: 'settlement' as const }
    const check = { state: 'genuine' as const, paper: settlement, phone_withdrawn: false }

    expect(describe({ kind: 'checked', check, agreement: true }, say, formats).words).toContain(say('genuine.settlement'))
  })

  it('says that a cheque has to be paid first', () => {
    const cheque = { ...paper, kind: 'receipt_subject_to_clearance' }

    expect(describe(checked('genuine', { paper: cheque }), say, formats).words).toContain(say('genuine.clearance'))
  })

  it.each([[5, '0,05\u00a0€'], [100, '1,00\u00a0€'], [123_456_789, '1.234.567,89\u00a0€']])('writes %d cents exactly', (cents, text) => {
    expect(moneyIn('it-IT', cents)).toBe(text)
  })
})
