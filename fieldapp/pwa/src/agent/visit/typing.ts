/** How what was typed at the door becomes values: Italian amounts, the wall clock of the visits. */
import { italian, typedAmount } from '../../domain/money.ts'
import type { Typing } from '../draft'
import { instantOf } from '../time'

export const readAmount = typedAmount

/** An amount as it is typed, in whatever language the rest of the screen is: what a button fills in is read again. */
export const asTyped = (cents: number): string => italian(cents).replace(/[^\d.,]/g, '')

export const typing: Typing = {
  cents: (typed) => {
    const read = typedAmount(typed)
    return read.kind === 'ok' ? read.value : null
  },
  instant: (day, hour) => instantOf(day, hour),
}
