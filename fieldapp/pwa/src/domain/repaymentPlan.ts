/**
 * Repayment plans: a schedule exact to the cent, within what a creditor grants. The twin of `domain/repayment_plan.py`
 * as far as the door needs it: golden cases hold both to the same schedules and refusals.
 */
import { addDays, daysBetween } from './calendar.ts'
import { Refused } from './reading.ts'

export const EVERY = ['month', 'fortnight', 'week'] as const
export type Every = (typeof EVERY)[number]

/** Whatever a creditor grants: beyond it somebody mistyped. */
export const MOST_INSTALMENTS = 360
const WHOLE_BP = 10_000
const YEAR_DAYS = 365
const A_MONTH: Readonly<Record<Every, number>> = { month: 1, fortnight: 2, week: 4 }

/** What a creditor grants; shares and rates in basis points. */
export interface Terms {
  readonly most_months: number
  readonly least_instalment_cents: number
  readonly least_first_bp: number
  readonly first_within_days: number
  readonly yearly_rate_bp: number
  readonly broken_after_days: number
  readonly broken_after_instalments: number
  readonly settlement_least_bp: number
  readonly settlement_within_days: number
}

/** What two people agree on; `first_cents` and `each_cents` are 0 where the instalments are equal. */
export interface Ask {
  readonly debt_cents: number
  readonly count: number
  readonly first_due_on: string
  readonly signed_on: string
  readonly every: Every
  readonly first_cents: number
  readonly each_cents: number
  readonly yearly_rate_bp: number
}

export interface Instalment {
  readonly number: number
  readonly due_on: string
  readonly cents: number
}

export interface RepaymentPlan {
  readonly ask: Ask
  readonly interest_cents: number
  readonly total_cents: number
  readonly instalments: readonly Instalment[]
}

export const mostInstalments = (terms: Terms, every: Every): number =>
  Math.min(MOST_INSTALMENTS, terms.most_months * A_MONTH[every])

/** Throws `repayment.total_not_positive`, `.count_out_of_range`, `.first_more_than_debt`, `.first_in_the_past`, `.each_does_not_fit`. */
export function repaymentPlan(ask: Ask): RepaymentPlan {
  if (ask.debt_cents <= 0) throw new Refused('repayment.total_not_positive')
  if (ask.count < 1 || ask.count > MOST_INSTALMENTS) throw new Refused('repayment.count_out_of_range', { most: MOST_INSTALMENTS })
  if (ask.first_cents > ask.debt_cents) throw new Refused('repayment.first_more_than_debt', { debt_cents: ask.debt_cents })
  if (ask.first_due_on < ask.signed_on) throw new Refused('repayment.first_in_the_past')
  const interest_cents = interestOf(ask)
  const total_cents = ask.debt_cents + interest_cents
  const instalments = sumsOf(ask, total_cents).map((cents, at) => ({
    number: at + 1, due_on: dueOn(ask.first_due_on, at, ask.every), cents,
  }))
  return { ask, interest_cents, total_cents, instalments }
}

function sumsOf(ask: Ask, total: number): number[] {
  const { count, first_cents, each_cents } = ask
  let sums = [total]
  if (count > 1) {
    const even = first_cents ? Math.floor((total - first_cents) / (count - 1)) : Math.floor(total / count)
    const each = each_cents || even
    const before = [first_cents || each, ...Array<number>(count - 2).fill(each)]
    sums = [...before, total - before.reduce((sum, cents) => sum + cents, 0)]
  }
  const last = sums.at(-1) ?? 0
  if (last < 1 || (each_cents && last > each_cents)) throw new Refused('repayment.each_does_not_fit', { count })
  return sums
}

/** In whole cents, half a cent up; by big integers, since cents times days times rate pass what a number holds. */
function interestOf(ask: Ask): number {
  if (!ask.yearly_rate_bp) return 0
  const first = ask.first_cents || Math.floor(ask.debt_cents / ask.count)
  const part = ask.count > 1 ? Math.floor((ask.debt_cents - first) / (ask.count - 1)) : 0
  let left = ask.debt_cents
  let since = ask.signed_on
  let centsDays = 0n
  for (let at = 0; at < ask.count; at += 1) {
    const on = dueOn(ask.first_due_on, at, ask.every)
    centsDays += BigInt(left) * BigInt(daysBetween(since, on))
    since = on
    left -= at === 0 ? first : part
  }
  const [above, below] = [centsDays * BigInt(ask.yearly_rate_bp), BigInt(YEAR_DAYS * WHOLE_BP)]
  return Number((2n * above + below) / (2n * below))
}

/** The due date of the instalment `index` (0 is the first): the 31st falls on the last day of shorter months. */
export function dueOn(first: string, index: number, every: Every): string {
  if (every !== 'month') return addDays(first, index * (every === 'week' ? 7 : 14))
  const [year = 0, month = 0, day = 0] = first.split('-').map(Number)
  const lastDay = new Date(Date.UTC(year, month + index, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + index, Math.min(day, lastDay))).toISOString().slice(0, 10)
}

/** In what a plan goes beyond the creditor's terms; empty when it may be signed. */
export function outside(plan: RepaymentPlan, terms: Terms): Refused[] {
  const { ask, instalments } = plan
  const found: Refused[] = []
  const most = mostInstalments(terms, ask.every)
  if (ask.count > most) found.push(new Refused('repayment.too_many_instalments', { most }))
  const regular = instalments.length > 1 ? instalments.slice(0, -1).map((item) => item.cents) : [plan.total_cents]
  if (Math.min(...regular) < Math.min(terms.least_instalment_cents, plan.total_cents)) {
    found.push(new Refused('repayment.instalment_too_small', { least_cents: terms.least_instalment_cents }))
  }
  const least_cents = leastFirst(ask.debt_cents, terms)
  if ((instalments[0]?.cents ?? 0) < least_cents) found.push(new Refused('repayment.first_too_small', { least_cents }))
  const latest_on = addDays(ask.signed_on, terms.first_within_days)
  if (ask.first_due_on > latest_on) found.push(new Refused('repayment.first_too_late', { latest_on }))
  if (ask.yearly_rate_bp !== terms.yearly_rate_bp) found.push(new Refused('repayment.rate_differs', { rate_bp: terms.yearly_rate_bp }))
  return found
}

const share = (cents: number, bp: number): number => Math.ceil((cents * bp) / WHOLE_BP)

/** What the first instalment must be at least. */
export const leastFirst = (debtCents: number, terms: Terms): number => share(debtCents, terms.least_first_bp)

/** The smallest offer that may be proposed to close for less. */
export const leastSettlement = (debtCents: number, terms: Terms): number => share(debtCents, terms.settlement_least_bp)

/** The shortest plan in which no instalment is more than `each_cents`. Throws `repayment.not_affordable`. */
export function affordable(ask: Ask, terms: Terms): RepaymentPlan {
  const most = mostInstalments(terms, ask.every)
  for (let count = 1; count <= most; count += 1) {
    const tried = { ...ask, count, each_cents: count === 1 ? 0 : ask.each_cents }
    const first = ask.first_cents || ask.each_cents
    if (ask.debt_cents + interestOf(tried) <= first + ask.each_cents * (count - 1)) return repaymentPlan(tried)
  }
  const { instalments } = repaymentPlan({ ...ask, count: most, each_cents: 0 })
  const needed_cents = Math.max(...(instalments.length > 1 ? instalments.slice(1) : instalments).map((item) => item.cents))
  throw new Refused('repayment.not_affordable', { most, needed_cents })
}

/** Why an offer to close for less may not be proposed; empty when it may. */
export function settlementOutside(
  { offerCents, debtCents, payBy, signedOn }: { offerCents: number; debtCents: number; payBy: string; signedOn: string },
  terms: Terms,
): Refused[] {
  if (offerCents <= 0) return [new Refused('settlement.not_positive')]
  const found: Refused[] = []
  if (offerCents >= debtCents) found.push(new Refused('settlement.not_below_debt', { debt_cents: debtCents }))
  const least_cents = leastSettlement(debtCents, terms)
  if (offerCents < least_cents) found.push(new Refused('settlement.too_low', { least_cents }))
  const latest_on = addDays(signedOn, terms.settlement_within_days)
  if (payBy < signedOn) found.push(new Refused('settlement.in_the_past'))
  if (payBy > latest_on) found.push(new Refused('settlement.too_late', { latest_on }))
  return found
}

/** An instalment with what is paid on it, money that only this phone knows of included. */
export interface OpenInstalment extends Instalment {
  readonly paid_cents: number
}

/** Lay `cents` more over the instalments, the oldest first. */
export function laidOver(instalments: readonly OpenInstalment[], cents: number): OpenInstalment[] {
  let left = cents
  return instalments.map((item) => {
    const more = Math.min(left, item.cents - item.paid_cents)
    left -= more
    return { ...item, paid_cents: item.paid_cents + more }
  })
}
