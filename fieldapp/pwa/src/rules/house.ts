import type { Refused } from '../api/answer'
import type { CreditorDetails, FirstStep } from '../api/shapes'
import type { Place } from '../desk/route'

/** Why no stamp duty is due on a creditor's receipts. */
export const EXEMPTIONS = ['subject_to_vat', 'exempt'] as const

export const NOBODY_KNOWN: CreditorDetails = {
  name: '', vat_number: '', iban: '', bic: '', cheque_payee: '',
  stamp_duty_charged_to: 'debtor', stamp_duty_reason: null, stamp_duty_authorisation: null,
}

const PLACES: Readonly<Record<FirstStep['step'], Place | null>> = {
  agency: { name: 'house' },
  licence: { name: 'licences' },
  creditor: { name: 'house' },
  people: { name: 'staff' },
  carried: { name: 'licences' },
  // Whoever runs the service loads it: no screen does.
  gazetteer: null,
  file: { name: 'imports', id: null },
}

/** The screen on which a first step is done. */
export const placeOfStep = (step: FirstStep['step']): Place | null => PLACES[step]

/** Whether the desk of an administrator still begins with the first steps: with any that a screen can do. */
export const stillBegins = (steps: readonly FirstStep[]): boolean => steps.some((one) => !one.done && placeOfStep(one.step) !== null)

const FIELDS: Readonly<Record<string, string>> = {
  'house.vat_number_unfit': 'vat_number',
  'paper.iban_invalid': 'iban',
  'paper.bic_invalid': 'bic',
  'creditor.reference_short': 'reference',
  'creditor.name_taken': 'name',
}

/** The field of agency or creditor that a refusal is about; null where it is about none. */
export function fieldOf(refused: Refused | null): string | null {
  if (refused?.code === 'house.text_unfit') return String(refused.details['field'])
  return FIELDS[refused?.code ?? ''] ?? null
}
