import { describe, expect, it } from 'vitest'
import cases from '../../../../tests/golden/repayment_plans.json'
import { attempt } from './reading.ts'
import { affordable, laidOver, outside, repaymentPlan, settlementOutside, type Ask, type Terms } from './repaymentPlan.ts'

interface Case {
  readonly name: string
  readonly ask: Ask
  readonly terms: Terms
  readonly affordable: boolean
  readonly expect: unknown
}

const CASES = cases as unknown as readonly Case[]
const TERMS: Terms = { ...(CASES[0] as Case).terms, settlement_least_bp: 7_000 }

describe('repayment plans', () => {
  it.each(CASES)('$name', ({ ask, terms, expect: expected, ...asked }) => {
    const made = attempt(() => (asked.affordable ? affordable(ask, terms) : repaymentPlan(ask)))

    expect(
      made.kind === 'ok'
        ? {
            count: made.value.ask.count,
            interest_cents: made.value.interest_cents,
            instalments: made.value.instalments.map(({ due_on, cents }) => [due_on, cents]),
            outside: outside(made.value, terms).map(({ code }) => code),
          }
        : { refused: { code: made.refusal.code, details: made.refusal.details } },
    ).toEqual(expected)
  })

  it('take money on the oldest instalment first, and none beyond the whole', () => {
    const open = [1, 2].map((number) => ({ number, due_on: '2026-12-10', cents: 5_000, paid_cents: number === 1 ? 1_000 : 0 }))

    expect(laidOver(open, 6_000).map((item) => item.paid_cents)).toEqual([5_000, 2_000])
    expect(laidOver(open, 99_000).map((item) => item.paid_cents)).toEqual([5_000, 5_000])
  })
})

describe('settlements', () => {
  const offer = { offerCents: 45_000, debtCents: 60_000, payBy: '2026-12-10', signedOn: '2026-11-26' }

  it.each([
    [[], {}],
    [[], { offerCents: 42_000 }],
    [['settlement.too_low'], { offerCents: 41_999 }],
    [['settlement.not_positive'], { offerCents: 0 }],
    [['settlement.not_positive'], { offerCents: -5 }],
    [['settlement.not_below_debt'], { offerCents: 60_000 }],
    [['settlement.in_the_past'], { payBy: '2026-11-25' }],
    [['settlement.too_late'], { payBy: '2026-12-27' }],
  ])('%j for %o', (codes, changes) => {
    expect(settlementOutside({ ...offer, ...changes }, TERMS).map(({ code }) => code)).toEqual(codes)
  })
})
