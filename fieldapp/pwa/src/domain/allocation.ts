/** Which part of a debt a payment settles, exact to the cent. The twin of `domain/allocation.py`. */
import { Refused } from './reading.ts'

export type Part = 'costs' | 'interest' | 'principal'
export type Across = 'line_by_line' | 'part_by_part'

export interface AllocationOrder {
  readonly parts: readonly Part[]
  readonly across: Across
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

/**
 * Lay `amountCents` over `lines` as they stand, in the creditor's order; lines it does not reach are left out. `chosen` is
 * the line that the debtor declared to pay (art. 1193 c.c.): before the others, within it by the same parts (art. 1194).
 * Throws `payment.amount_out_of_range`, `payment.claim_negative`, `payment.allocation_order_incomplete`.
 */
export function allocate(amountCents: number, lines: readonly OpenLine[], order: AllocationOrder, chosen: string | null = null): Allocation {
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0) {
    throw new Refused('payment.amount_out_of_range', { cents: amountCents })
  }
  if ([...order.parts].sort().join() !== ALL_PARTS.join()) throw new Refused('payment.allocation_order_incomplete')
  const taken = lines.map(({ id }) => ({ id, principal_cents: 0, interest_cents: 0, costs_cents: 0 }))
  let left = amountCents
  const own = places(lines.length, order)
  const isChosen = ({ at }: { at: number }): boolean => lines[at]?.id === chosen
  for (const { at, part } of [...own.filter(isChosen), ...own.filter((place) => !isChosen(place))]) {
    const [owed, applied] = [lines[at], taken[at]]
    if (!owed || !applied) continue
    if (owed[FIELD[part]] < 0) throw new Refused('payment.claim_negative', { line: owed.id })
    applied[FIELD[part]] = Math.min(left, owed[FIELD[part]])
    left -= applied[FIELD[part]]
  }
  return { lines: taken.filter((line) => totalOf(line) > 0), over_cents: left }
}

/** The three parts of a line together. */
export const totalOf = (line: Omit<OpenLine, 'id'>): number =>
  line.principal_cents + line.interest_cents + line.costs_cents

function places(count: number, order: AllocationOrder): { at: number; part: Part }[] {
  const lines = Array.from({ length: count }, (_, at) => at)
  return order.across === 'line_by_line'
    ? lines.flatMap((at) => order.parts.map((part) => ({ at, part })))
    : order.parts.flatMap((part) => lines.map((at) => ({ at, part })))
}
