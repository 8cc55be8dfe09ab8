/** Which part of a debt a payment settles, exact to the cent. The twin of `domain/allocation.py`. */
import { Refused } from './reading.ts'

export type Part = 'costs' | 'interest' | 'principal'
export type Across = 'line_by_line' | 'part_by_part'

export interface AllocationOrder {
  readonly parts: readonly Part[]
  readonly across: Across
  /** By a line's id which comes first; lines of one rank are settled in proportion. Left out: as the lines stand. */
  readonly ranks?: ReadonlyMap<string, number>
}

/** Costs and interest before principal, unless the creditor agrees otherwise (art. 1194 c.c.). */
export const LEGAL_ORDER: AllocationOrder = { parts: ['costs', 'interest', 'principal'], across: 'line_by_line' }

export interface OpenLine {
  readonly id: string
  readonly principal_cents: number
  readonly interest_cents: number
  readonly costs_cents: number
}

export interface Allocation {
  /** What is taken off each line that the payment reaches. */
  readonly lines: readonly OpenLine[]
  readonly over_cents: number
}

const ALL_PARTS: readonly Part[] = ['costs', 'interest', 'principal']
const FIELD = { costs: 'costs_cents', interest: 'interest_cents', principal: 'principal_cents' } as const

/** What art. 1193 c.c. asks about one debt; `barred`: nobody may ask for it any more. */
export interface LegalRank {
  readonly id: string
  readonly due_on: string
  readonly secured?: boolean
  readonly yearly_rate_bp?: number
  readonly barred?: boolean
}

/**
 * The order with the rank of each line, `debts` being in the order of the file. Where nobody agreed on an own order of parts:
 * overdue before not yet due, the less secured, the more onerous, the older, equal ones in proportion (art. 1193 c.c.). Where
 * the creditor has his own, as they stand. Time-barred ones last, either way.
 */
export function ranked(order: AllocationOrder, debts: readonly LegalRank[], today: string): AllocationOrder {
  const byLaw = order.parts.join() === LEGAL_ORDER.parts.join() && order.across === LEGAL_ORDER.across
  const keys = debts.map((debt, at) =>
    byLaw
      ? [Number(debt.barred ?? false), Number(debt.due_on > today), Number(debt.secured ?? false), -(debt.yearly_rate_bp ?? 0), dayNumber(debt.due_on)]
      : [Number(debt.barred ?? false), at])
  const places = [...keys].sort(inOrder)
  const ranks = new Map(debts.map((debt, at) => [debt.id, places.findIndex((one) => inOrder(one, keys[at] ?? []) === 0)]))
  return { ...order, ranks }
}

const dayNumber = (day: string): number => Number(day.replaceAll('-', ''))

function inOrder(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, place) => one !== b[place])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}

/**
 * Lay `amountCents` over `lines` in the creditor's order; lines it does not reach are left out. `chosen` is the line that
 * the debtor declared to pay (art. 1193 c.c.): before the others, within it by the same parts (art. 1194).
 * Throws `payment.amount_out_of_range`, `payment.claim_negative`, `payment.allocation_order_incomplete`.
 */
export function allocate(amountCents: number, lines: readonly OpenLine[], order: AllocationOrder, chosen: string | null = null): Allocation {
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0) {
    throw new Refused('payment.amount_out_of_range', { cents: amountCents })
  }
  if ([...order.parts].sort().join() !== ALL_PARTS.join()) throw new Refused('payment.allocation_order_incomplete')
  for (const line of lines) {
    if (order.parts.some((part) => line[FIELD[part]] < 0)) throw new Refused('payment.claim_negative', { line: line.id })
  }
  const taken = lines.map(({ id }) => ({ id, principal_cents: 0, interest_cents: 0, costs_cents: 0 }))
  let left = amountCents
  for (const { together, parts } of steps(lines, order, chosen)) {
    const shares = inProportion(left, together.map((line) => parts.reduce((sum, part) => sum + line[FIELD[part]], 0)))
    together.forEach((line, at) => {
      let share = shares[at] ?? 0
      left -= share
      const applied = taken.find((one) => one.id === line.id)
      for (const part of applied ? parts : []) {
        const cents = Math.min(share, line[FIELD[part]])
        if (applied) applied[FIELD[part]] = cents
        share -= cents
      }
    })
  }
  return { lines: taken.filter((line) => totalOf(line) > 0), over_cents: left }
}

/**
 * At most `cents` over claims in proportion to them, exact: cents that are left over go where the fraction is largest, among
 * equals to the first. No claim gets more than it is.
 */
function inProportion(cents: number, owed: readonly number[]): readonly number[] {
  const whole = owed.reduce((sum, one) => sum + one, 0)
  if (cents >= whole) return owed
  // The products exceed what a number holds exactly.
  const products = owed.map((one) => BigInt(cents) * BigInt(one))
  const shares = products.map((one) => Number(one / BigInt(whole)))
  const rests = products.map((one, at) => ({ at, rest: one % BigInt(whole) }))
  rests.sort((a, b) => (a.rest === b.rest ? a.at - b.at : a.rest < b.rest ? 1 : -1))
  const missing = cents - shares.reduce((sum, one) => sum + one, 0)
  for (const { at } of rests.slice(0, missing)) shares[at] = (shares[at] ?? 0) + 1
  return shares
}

/** The three parts of a line together. */
export const totalOf = (line: Omit<OpenLine, 'id'>): number =>
  line.principal_cents + line.interest_cents + line.costs_cents

interface Step {
  readonly together: readonly OpenLine[]
  readonly parts: readonly Part[]
}

/** What is settled one after the other: the lines that share, and the parts in their order. */
function steps(lines: readonly OpenLine[], order: AllocationOrder, chosen: string | null): readonly Step[] {
  const { ranks } = order
  const first = lines.filter((line) => line.id === chosen).map((line) => [line])
  const others = lines.filter((line) => line.id !== chosen)
  const rankOf = (line: OpenLine): number => ranks?.get(line.id) ?? 0
  const groups = ranks
    ? [...new Set(others.map(rankOf))].sort((a, b) => a - b).map((rank) => others.filter((line) => rankOf(line) === rank))
    : others.map((line) => [line])
  if (order.across === 'line_by_line') return [...first, ...groups].map((together) => ({ together, parts: order.parts }))
  // What the debtor did not speak of stays as the creditor has it: the chosen line is settled whole before.
  return [first, groups].flatMap((some) => order.parts.flatMap((part) => some.map((together) => ({ together, parts: [part] }))))
}
