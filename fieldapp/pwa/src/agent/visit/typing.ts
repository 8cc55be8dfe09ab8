/** How what was typed at the door becomes values: Italian amounts, the wall clock of the visits. */
import { typedAmount } from '../../domain/money.ts'
import type { Typing } from '../draft'
import { instantOf } from '../time'

export const readAmount = typedAmount

export const typing: Typing = {
  cents: (typed) => {
    const read = typedAmount(typed)
    return read.kind === 'ok' ? read.value : null
  },
  instant: (day, hour) => instantOf(day, hour),
}
