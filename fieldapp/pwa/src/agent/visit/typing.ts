/** How what was typed at the door becomes values: amounts in the screen's language, the wall clock of the visits. */
import { asTyped, readAmount } from '../../text/amounts'
import type { Typing } from '../draft'
import { instantOf } from '../time'

export { asTyped, readAmount }

export const typing: Typing = {
  cents: (typed) => {
    const read = readAmount(typed)
    return read.kind === 'ok' ? read.value : null
  },
  instant: (day, hour) => instantOf(day, hour),
}
