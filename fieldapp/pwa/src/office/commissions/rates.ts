/** A rate as it is typed and as it is shown, in the language of the screen. */
import { language } from '../../text'

export type Wrong = 'unreadable' | 'nothing' | 'negative' | 'too_much'

const COMMA = /^(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,2}))?$/
const POINT = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?$/

/** Basis points of `12,5` or `12,5 %` (`12.5` in English), or why it is none; the other mark parts thousands. */
export function typedRate(typed: string): { readonly rate_bp: number } | { readonly wrong: Wrong } {
  const bare = typed.trim().replace(/\s*%$/, '')
  if (/^[-−–]\s*\d/.test(bare)) return { wrong: 'negative' }
  const found = (language() === 'en' ? POINT : COMMA).exec(bare)
  if (!found) return { wrong: 'unreadable' }
  const whole = (found[1] ?? '').replaceAll(/[.,]/g, '')
  if (whole.length > 6) return { wrong: 'too_much' }
  const rate_bp = Number(whole) * 100 + Number((found[2] ?? '').padEnd(2, '0'))
  if (rate_bp === 0) return { wrong: 'nothing' }
  return rate_bp > 10_000 ? { wrong: 'too_much' } : { rate_bp }
}

/** `1250` as `12,5`: what would have to be typed. */
export function percent(rate_bp: number): string {
  const rest = String(rate_bp % 100).padStart(2, '0').replace(/0+$/, '')
  return `${String(Math.trunc(rate_bp / 100))}${rest ? `${language() === 'en' ? '.' : ','}${rest}` : ''}`
}
