/**
 * Forms of numbered paper pads, as a hand copies them. The twin of `domain/pads.py`: golden cases hold both to one answer.
 *
 * Whether a form is ours, whose it is and whether it was used only the service knows; here it is read, no more.
 */
import { sha256Hex } from '../outbox/bytes.ts'
import { canonicalBytes } from './canonical.ts'
import { Refused } from './reading.ts'

export type PadKind = 'receipt' | 'notice'

/** One series a kind; devices have `A...`, the office `U...`. */
export const PAD_SERIES: Readonly<Record<PadKind, string>> = { receipt: 'B1', notice: 'N1' }

export interface Form {
  readonly series: string
  readonly number: number
  /** The eight characters beside the number. */
  readonly check: string
}

const NAME = /^(?:([BN]\d{1,7})\s*[-–]\s*)?(\d{1,6})$/
/** Crockford's base 32: no I, L, O, U. */
const CHECK = /^[0-9A-HJKMNP-TV-Z]{8}$/

/** Series and number as typed, the series of its kind where none is; null while it is no number. */
export function typedNumber(kind: PadKind, typed: string): Pick<Form, 'series' | 'number'> | null {
  const found = NAME.exec(typed.trim().toUpperCase())
  const number = Number(found?.[2] ?? 0)
  return number === 0 ? null : { series: found?.[1] ?? PAD_SERIES[kind], number }
}

/**
 * The form of this kind that somebody typed: `B1-000007`, or the number alone; blanks, dashes and look-alikes in the
 * check are forgiven. Throws `pad.number_unreadable`, `pad.other_kind` or `pad.check_unreadable`.
 */
export function typedForm(kind: PadKind, typed: { readonly number: string; readonly check: string }): Form {
  const named = typedNumber(kind, typed.number)
  if (!named) throw new Refused('pad.number_unreadable')
  const { series } = named
  const form = { ...named, check: typedCheck(typed.check) }
  if (series.charAt(0) !== PAD_SERIES[kind].charAt(0)) throw new Refused('pad.other_kind', { form: formName(form) })
  if (!CHECK.test(form.check)) throw new Refused('pad.check_unreadable')
  return form
}

export const typedCheck = (text: string): string =>
  text.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0')

/** `B1`, 7 as `B1-000007`. */
export const formName = ({ series, number }: Pick<Form, 'series' | 'number'>): string =>
  `${series}-${String(number).padStart(6, '0')}`

/** What a receipt written on this form names as its predecessor: it has none, it has its form. */
export const formDigest = ({ series, number, check }: Form): Promise<string> =>
  sha256Hex(canonicalBytes({ check, number, series }))
