/** Money as integer cents: how it is printed and how it may be typed. The twin of `domain/money.py` and `payments.py`. */
import { Refused, attempt, type Result } from './reading.ts'

/** 9.999.999,99: a larger sum at a door is a slip of the finger. */
export const LARGEST_CENTS = 999_999_999

/** `123450` as `1.234,50 €`, with a no-break space. */
export function italian(cents: number): string {
  if (!Number.isSafeInteger(cents)) throw new TypeError('money is whole cents')
  const whole = String(Math.trunc(Math.abs(cents) / 100)).replace(/\B(?=(\d{3})+$)/g, '.')
  return `${cents < 0 ? '-' : ''}${whole},${String(Math.abs(cents) % 100).padStart(2, '0')}\u00a0€`
}

const AMOUNT = /^(0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,([0-9]{1,2}))?$/
const FOREIGN = /^(?:[0-9][0-9,]*\.[0-9]{1,2}|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?)$/
const NEGATIVE = /^[-−–][0-9.,]+$/
const BLANKS = /^[ \u00a0\u202f\t]+|[ \u00a0\u202f\t]+$/g

/**
 * Cents of an amount typed the Italian way: `1.234,50`, `1234,5`, `€ 150`.
 *
 * Refusals: `payment.amount_negative`, `.amount_zero`, `.amount_too_large`, `.amount_foreign` (a point where Italians
 * write a comma, so that two sums could be meant), `.amount_unreadable`.
 */
export const typedAmount = (typed: string): Result<number> => attempt(() => read(typed))

function read(typed: string): number {
  const details = { typed: [...typed].slice(0, 40).join('') }
  const trimmed = typed.replace(BLANKS, '')
  const bare = (trimmed.startsWith('€') ? trimmed.slice(1) : trimmed.replace(/€$/, '')).replace(BLANKS, '')
  if (NEGATIVE.test(bare)) throw new Refused('payment.amount_negative', details)
  const found = AMOUNT.exec(bare)
  if (!found) throw new Refused(FOREIGN.test(bare) ? 'payment.amount_foreign' : 'payment.amount_unreadable', details)
  const whole = (found[1] ?? '').replaceAll('.', '')
  if (whole.length > 7) throw new Refused('payment.amount_too_large', details)
  const cents = Number(whole) * 100 + Number((found[2] ?? '').padEnd(2, '0'))
  if (cents === 0) throw new Refused('payment.amount_zero', details)
  return cents
}
