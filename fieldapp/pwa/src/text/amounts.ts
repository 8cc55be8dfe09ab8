/** Amounts as they are typed on a screen in the language that it has. */
import { asTyped as typedIn, typedAmount } from '../domain/money.ts'
import type { Result } from '../domain/reading.ts'
import { language } from '.'

/** Cents of what was typed; what could mean two sums is refused with both. */
export const readAmount = (typed: string): Result<number> => typedAmount(typed, language())

/** An amount as it is typed here: what a button fills in is read again. */
export const asTyped = (cents: number): string => typedIn(cents, language())
