/** Where on the form of a sheet a refusal is said. Pure. */
import type { Refused } from '../../domain/reading.ts'

export type SheetPlace = 'number' | 'check' | 'times' | 'picture' | 'amount' | 'payer' | 'identified' | 'reason' | `field.${string}`

const PLACES: Readonly<Record<string, SheetPlace>> = {
  'pad.number_unreadable': 'number',
  'pad.other_kind': 'number',
  'pad.form_used': 'number',
  'pad.check_unreadable': 'check',
  'pad.times_missing': 'times',
  'pad.not_yet': 'times',
  'visit.left_before_arrival': 'times',
  'visit.too_long_a_visit': 'times',
  'pad.picture_missing': 'picture',
  'pad.payer_missing': 'payer',
  'pad.identified_missing': 'identified',
  'pad.reason_missing': 'reason',
}

/** Money is all that is left: beside its own field, or beside the amount. */
export function placeOf({ code, details }: Pick<Refused, 'code' | 'details'>): SheetPlace {
  const field = details['field']
  return PLACES[code] ?? (typeof field === 'string' ? `field.${field}` : 'amount')
}
