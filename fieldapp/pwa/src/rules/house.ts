import type { CreditorDetails } from '../api/shapes'

/** Why no stamp duty is due on a creditor's receipts. */
export const EXEMPTIONS = ['subject_to_vat', 'exempt'] as const

export const NOBODY_KNOWN: CreditorDetails = {
  name: '', vat_number: '', iban: '', bic: '', cheque_payee: '',
  stamp_duty_charged_to: 'debtor', stamp_duty_reason: null, stamp_duty_authorisation: null,
}
