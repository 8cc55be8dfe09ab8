import { describe, expect, it } from 'vitest'
import allocationCases from '../../../../tests/golden/allocation.json'
import wordCases from '../../../../tests/golden/amount_words.json'
import paymentCases from '../../../../tests/golden/payments.json'
import typedCases from '../../../../tests/golden/typed_amounts.json'
import { LEGAL_ORDER, allocate, ranked, totalOf, type Across, type Part } from './allocation.ts'
import { italianWords } from './amountWords.ts'
import { asTyped, italian, typedAmount, written, type Typed } from './money.ts'
import { METHODS, checkedPayment, paymentMethod, type Answers } from './payments.ts'
import { Refused, attempt, type Result } from './reading.ts'

/** The answer in the words of the golden cases. */
const shown = (result: Result<unknown>): unknown =>
  result.kind === 'ok' ? result.value : { refused: result.refusal.code }

describe('typed amounts', () => {
  it.each(typedCases as { typed: string; language?: Typed; cents?: number; refused?: string; first?: string; second?: string }[])(
    'read %o as its language writes it or refuse it with its reason', ({ typed, language, cents, refused, first, second }) => {
      const read = typedAmount(typed, language)

      expect(shown(read)).toEqual(cents ?? { refused })
      if (first && read.kind === 'refused') expect(read.refusal.details).toEqual({ typed, first, second })
    })

  it.each(['it', 'en', 'fr'] as const)('read back what the screen writes in %s, with its sign and without', (language) => {
    for (const cents of [1, 99, 100, 12_345, 100_000, 123_456_789, 999_999_999]) {
      expect(typedAmount(written(cents, language), language)).toEqual({ kind: 'ok', value: cents })
      expect(typedAmount(asTyped(cents, language), language)).toEqual({ kind: 'ok', value: cents })
    }
  })

  it('read back every printed amount', () => {
    for (const cents of [1, 99, 100, 12_345, 100_000, 123_456_789, 999_999_999]) {
      expect(typedAmount(italian(cents))).toEqual({ kind: 'ok', value: cents })
    }
  })

  it('print minus, thousands and cents', () => {
    expect(italian(-123_450)).toBe('-1.234,50\u00a0€')
    expect(italian(0)).toBe('0,00\u00a0€')
    expect(() => italian(0.5)).toThrow(TypeError)
  })
})

describe('amounts in words', () => {
  it.each(wordCases)('spell $cents', ({ cents, words }) => {
    expect(italianWords(cents)).toBe(words)
  })

  it.each([-1, 0.5, 100_000_000_000])('refuse %d', (cents) => {
    expect(() => italianWords(cents)).toThrow(Refused)
  })
})

describe('payments', () => {
  it.each(paymentCases)('$method of $amount_cents with $answers', ({ method, amount_cents, answers, rules, expected }) => {
    const given = Object.fromEntries(Object.entries(answers)) as Answers
    const found = attempt(() => paymentMethod(method))
    const answer = found.kind === 'ok' ? checkedPayment(found.value, amount_cents, given, rules) : found

    expect(answer.kind === 'ok' ? { answers: answer.value } : shown(answer)).toEqual(expected)
  })

  it('have only kinds that the app knows', () => {
    for (const method of METHODS) {
      expect(['receipt', 'receipt_subject_to_clearance', 'transfer_memo', 'bulletin_memo', 'link_memo']).toContain(method.paper)
      expect(['agent_cash', 'card_in_transit', 'cheques_in_hand', 'links_in_transit', 'agency_bank', null]).toContain(method.debits)
      expect(method.counts_as_payment).toBe(method.debits !== null)
      expect(method.announced === null).toBe(method.counts_as_payment)
      for (const field of method.fields) expect(['text', 'code', 'date', 'flag']).toContain(field.kind)
    }
  })
})

describe('allocation', () => {
  it.each(allocationCases)('of $amount_cents $name', ({ amount_cents, lines, order, debts, today, chosen, expected }) => {
    const own = { parts: order.parts as Part[], across: order.across as Across }
    const answer = attempt(() => allocate(amount_cents, lines, debts && today ? ranked(own, debts, today) : own, chosen ?? null))

    expect(shown(answer)).toEqual(expected)
  })

  it('is exact for any amount', () => {
    const lines = [3, 0, 700, 41].map((base, at) => ({
      id: String(at), principal_cents: base * 101, interest_cents: base * 7, costs_cents: base,
    }))
    for (let amount = 1; amount < 100_000; amount += 997) {
      const { lines: applied, over_cents } = allocate(amount, lines, LEGAL_ORDER)
      expect(applied.reduce((sum, line) => sum + totalOf(line), over_cents)).toBe(amount)
    }
  })

  it('refuses a claim below zero and an order that forgets a part', () => {
    const line = { id: 'a', principal_cents: -1, interest_cents: 0, costs_cents: 0 }
    expect(() => allocate(1, [line], LEGAL_ORDER)).toThrow('payment.claim_negative')
    expect(() => allocate(1, [], { parts: ['costs'], across: 'line_by_line' })).toThrow('payment.allocation_order_incomplete')
  })
})
