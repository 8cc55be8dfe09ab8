/** Codes of the service in words. Every code has a sentence in the catalogues; an unknown one is spelled out. */
import type { Refused } from '../api/answer'
import { knows, t } from '../text'
import { valuesInWords } from './format'

type Details = Readonly<Record<string, unknown>>

/** `prefix.code` in words; a code that this build does not know is written out without dots. */
export function term(prefix: string, code: string, details: Details = {}): string {
  const key = `${prefix}.${code}`
  return knows(key) ? t(key, valuesInWords(details)) : code.replaceAll(/[._]+/g, ' ')
}

/** A refusal as a person reads it: our own words first, else what the service said. */
export function refusalInWords(refusal: Refused): string {
  const key = `refusal.${refusal.code}`
  if (knows(key)) return t(key, valuesInWords(refusal.details))
  return refusal.said ?? t('refusal.request.not_taken')
}

/** What a rule of conduct or the planner gave as its reason. */
export function reasonInWords(code: string, details: Details = {}): string {
  const key = [`reason.${code}`, `refusal.${code}`].find(knows)
  return key ? t(key, valuesInWords(details)) : code.replaceAll(/[._]+/g, ' ')
}

/** How likely somebody is home at the hour of a visit, and from which attempts that is known; nothing where nobody learns. */
export function homeInWords(details: Details): string {
  if (details['home_pct'] === undefined) return ''
  const from = Number(details['tried']) > 0 ? 'here' : Number(details['tried_at_all']) > 0 ? 'elsewhen' : 'around'
  return t(`reason.home.${from}`, valuesInWords(details))
}

/** Where something is known from: the creditor, a phone (`device:A1`), a visit. */
export function sourceInWords(source: string): string {
  const [kind, ...rest] = source.split(':')
  const key = `source.${kind ?? ''}`
  return knows(key) ? t(key, { which: rest.join(':') }) : source
}

/** A flag on a visit has no details, so its short name is said rather than a sentence with gaps. */
export function flagInWords(code: string): string {
  const key = [`group.${code}`, `reason.${code}`, `refusal.${code}`].find(knows)
  return key ? t(key) : code.replaceAll(/[._]+/g, ' ')
}

/** Who paid instead of the debtor, as what, and how they were identified. */
export const paidBy = (payer: { readonly name: string; readonly capacity: string; readonly document: string }): string =>
  t('receipt.paid_by', {
    name: payer.name, capacity: term('payer_capacity', payer.capacity), document: term('payer_document', payer.document),
  })
