/** The form of a creditor's terms: what people type, as the values that the service takes. Pure. */
import type { TermsCard } from '../api/shapes'
import { language } from '../text'
import { asTyped, readAmount } from '../text/amounts'

/** How each value is typed: a whole number, an amount, a share or a rate in per cent with two decimals. */
export const FIELDS = [
  { name: 'most_months', kind: 'whole', group: 'plan' },
  { name: 'least_instalment_cents', kind: 'amount', group: 'plan' },
  { name: 'least_first_bp', kind: 'percent', group: 'plan' },
  { name: 'first_within_days', kind: 'whole', group: 'plan' },
  { name: 'yearly_rate_bp', kind: 'percent', group: 'plan' },
  { name: 'broken_after_days', kind: 'whole', group: 'broken' },
  { name: 'broken_after_instalments', kind: 'whole', group: 'broken' },
  { name: 'settlement_least_bp', kind: 'percent', group: 'settlement' },
  { name: 'settlement_within_days', kind: 'whole', group: 'settlement' },
] as const satisfies readonly { name: keyof TermsCard; kind: string; group: string }[]

export type FieldName = (typeof FIELDS)[number]['name']
export type Typed = Readonly<Record<FieldName, string>>

/** What nobody has set yet: cautious, as the service's own defaults. */
export const DEFAULTS: TermsCard = {
  most_months: 24, least_instalment_cents: 2_000, least_first_bp: 0, first_within_days: 45, yearly_rate_bp: 0,
  broken_after_days: 30, broken_after_instalments: 2, settlement_least_bp: 10_000, settlement_within_days: 30,
}

export const typedTerms = (terms: TermsCard): Typed =>
  Object.fromEntries(
    FIELDS.map(({ name, kind }) => [name, kind === 'whole' ? String(terms[name]) : asTyped(terms[name])]),
  ) as Record<FieldName, string>

/** The values, or the names of the fields that do not read. */
export function readTerms(typed: Typed): { terms: TermsCard; wrong: readonly FieldName[] } {
  const wrong: FieldName[] = []
  const values = FIELDS.map(({ name, kind }) => {
    const value = kind === 'whole' ? whole(typed[name]) : kind === 'amount' ? amount(typed[name]) : percent(typed[name])
    if (value === null) wrong.push(name)
    return [name, value ?? 0] as const
  })
  return { terms: Object.fromEntries(values) as unknown as TermsCard, wrong }
}

const whole = (text: string): number | null => (/^\d{1,4}$/.test(text.trim()) ? Number(text.trim()) : null)

function percent(text: string): number | null {
  const mark = language() === 'en' ? '\\.' : ','
  const found = new RegExp(`^(\\d{1,3})(?:${mark}(\\d{1,2}))?$`).exec(text.trim().replace(/\s*%$/, ''))
  return found ? Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0')) : null
}

function amount(text: string): number | null {
  const read = readAmount(text)
  return read.kind === 'ok' ? read.value : null
}
