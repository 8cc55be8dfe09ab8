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

/** The languages that amounts are typed in. */
export type Typed = 'it' | 'en' | 'fr'

/** Cents as the language writes them: `1.234,50 €`, `€1,234.50`, `1 234,50 €`. */
export function written(cents: number, language: Typed): string {
  if (language === 'it') return italian(cents)
  const [whole = '', rest = ''] = italian(Math.abs(cents)).replace('\u00a0€', '').split(',')
  const sign = cents < 0 ? '-' : ''
  return language === 'en' ? `${sign}€${whole.replaceAll('.', ',')}.${rest}` : `${sign}${whole.replaceAll('.', '\u202f')},${rest}\u00a0€`
}

/** An amount as one would type it in that language: what a button fills in is read again. */
export const asTyped = (cents: number, language: Typed): string => written(cents, language).replace(/[^\d.,]/g, '')

const SPACED = '[1-9][0-9]{0,2}(?:[ \\u00a0\\u202f][0-9]{3})+'
const COMMA = new RegExp(`^(0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:\\.[0-9]{3})+|${SPACED})(?:,([0-9]{1,2}))?$`)
const POINT = new RegExp(`^(0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+|${SPACED})(?:\\.([0-9]{1,2}))?$`)
/** One separator and nothing that says whether it parts thousands or cents. */
const LONE = /^([0-9]+)[.,]([0-9]{1,3})$/
const NEGATIVE = /^[-−–][0-9.,]+$/
const BLANKS = /^[ \u00a0\u202f\t]+|[ \u00a0\u202f\t]+$/g

/**
 * Cents of an amount as people type it in that language: `1.234,50` and `1 234,5`, in English `1,234.50`. What can mean
 * one sum only is read in any language.
 *
 * Refusals: `payment.amount_negative`, `.amount_zero`, `.amount_too_large`, `.amount_foreign` (two sums could be meant;
 * details: first and second, as the language writes them), `.amount_unreadable`.
 */
export const typedAmount = (typed: string, language: Typed = 'it'): Result<number> => attempt(() => read(typed, language))

function read(typed: string, language: Typed): number {
  const shown = [...typed].slice(0, 40).join('')
  const details = { typed: shown }
  const trimmed = typed.replace(BLANKS, '')
  const bare = (trimmed.startsWith('€') ? trimmed.slice(1) : trimmed.replace(/€$/, '')).replace(BLANKS, '')
  if (NEGATIVE.test(bare)) throw new Refused('payment.amount_negative', details)
  const [own, other] = language === 'en' ? [POINT, COMMA] : [COMMA, POINT]
  const lone = LONE.exec(bare)
  const found = own.exec(bare)
  if (!found && lone) throw twoSums(lone[1] ?? '', lone[2] ?? '', shown, language)
  const meant = found ?? other.exec(bare)
  if (!meant) throw new Refused('payment.amount_unreadable', details)
  const whole = (meant[1] ?? '').replace(/[^0-9]/g, '')
  if (whole.length > 7) throw new Refused('payment.amount_too_large', details)
  const cents = Number(whole) * 100 + Number((meant[2] ?? '').padEnd(2, '0'))
  if (cents === 0) throw new Refused('payment.amount_zero', details)
  return cents
}

/** Cents after the separator, or no cents at all. */
function twoSums(before: string, after: string, typed: string, language: Typed): Refused {
  if (before.length + after.length > 9) return new Refused('payment.amount_too_large', { typed })
  if (before.startsWith('0') && before.length > 1) return new Refused('payment.amount_unreadable', { typed })
  const sums = [Number(before) * 100 + Number(after.slice(0, 2).padEnd(2, '0')), Number(before + after) * 100] as const
  return new Refused('payment.amount_foreign', { typed, first: written(sums[0], language), second: written(sums[1], language) })
}
