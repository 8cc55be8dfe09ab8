/**
 * The payload of a SEPA transfer QR (EPC069-12, version 002): what a banking app reads from the screen.
 * The twin of `domain/epc.py`.
 */
import { Refused, lengthOf } from './reading.ts'

const LARGEST_CENTS = 99_999_999_999
const LARGEST_BYTES = 331
const IBAN = /^(?:IT[0-9]{2}[A-Z][0-9]{10}[A-Z0-9]{12}|(?!IT)[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})$/
const BIC = /^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/
// eslint-disable-next-line no-control-regex -- these characters are what is looked for
const UNWRITABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/u

export interface Transfer {
  readonly name: string
  readonly iban: string
  readonly amount_cents: number
  readonly remittance: string
  readonly bic: string
}

/** `iban` without blanks and in capitals, its check digits verified (ISO 13616). Throws `paper.iban_invalid`. */
export function compactIban(iban: string): string {
  const compact = iban.replace(/[ \u00a0]/g, '').toUpperCase()
  if (!IBAN.test(compact) || remainder(compact.slice(4) + compact.slice(0, 4)) !== 1) {
    throw new Refused('paper.iban_invalid', { iban })
  }
  return compact
}

/** `iban` in groups of four, as people read it aloud. */
export const spacedIban = (iban: string): string => (iban.match(/.{1,4}/g) ?? []).join(' ')

/**
 * The text of the code: UTF-8, error correction M, at most QR version 13.
 *
 * Throws `paper.iban_invalid`, `paper.bic_invalid`, `paper.transfer_text_invalid` or `paper.transfer_amount_invalid`.
 */
export function epcPayload({ name, iban, amount_cents, remittance, bic }: Transfer): string {
  if (bic !== '' && !BIC.test(bic)) throw new Refused('paper.bic_invalid', { bic })
  if (!Number.isSafeInteger(amount_cents) || amount_cents < 1 || amount_cents > LARGEST_CENTS) {
    throw new Refused('paper.transfer_amount_invalid', { cents: amount_cents })
  }
  const texts = [{ field: 'name', text: name, longest: 70 }, { field: 'remittance', text: remittance, longest: 140 }]
  for (const { field, text, longest } of texts) {
    if (text.trim() === '' || lengthOf(text) > longest || UNWRITABLE.test(text)) {
      throw new Refused('paper.transfer_text_invalid', { field })
    }
  }
  const amount = `EUR${Math.trunc(amount_cents / 100)}.${String(amount_cents % 100).padStart(2, '0')}`
  const lines = ['BCD', '002', '1', 'SCT', bic, name.trim(), compactIban(iban), amount, '', '', remittance.trim()]
  const payload = lines.join('\n')
  if (new TextEncoder().encode(payload).length > LARGEST_BYTES) {
    throw new Refused('paper.transfer_text_invalid', { field: 'remittance' })
  }
  return payload
}

/** Modulo 97 digit by digit, letters counting from 10: the whole number would not fit. */
const remainder = (text: string): number =>
  [...text].reduce((rest, character) => {
    const value = parseInt(character, 36)
    return (rest * (value > 9 ? 100 : 10) + value) % 97
  }, 0)
