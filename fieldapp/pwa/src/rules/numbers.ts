/** Numbers of rules in words. */
import { dayInFigures, knows, language, money, t } from '../text'

/** A value as a person reads it: `20:00`, `4.999,99 €`, `sì`. */
export function numberInWords(kind: string, value: unknown, what = ''): string {
  if (what === 'severity') return t(`severity.${String(value)}`)
  if (value === null || value === undefined) return t('rules.none')
  if (typeof value === 'boolean') return t(value ? 'rules.yes' : 'rules.no')
  if (kind === 'day') return dayInFigures(String(value))
  if (kind === 'cents') return money(Number(value))
  if (Array.isArray(value)) return value.map((one) => word(String(one))).join(', ')
  return typeof value === 'string' ? word(value) : String(value)
}

const word = (code: string): string => [`charged.${code}`, `flag.${code}`, `outcome.${code}`].filter(knows).map((key) => t(key))[0] ?? code

export const parameterName = (name: string): string => (knows(`param.${name}`) ? t(`param.${name}`) : name.replaceAll('_', ' '))

/** The rule's own sentence in the language that is spoken. */
export const sentenceOf = (texts: Readonly<Record<string, string>>): string => texts[language()] ?? texts['it'] ?? ''
