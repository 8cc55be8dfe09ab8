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
  if (knows(refusal.code)) return t(refusal.code, valuesInWords(refusal.details))
  return refusal.said ?? t('request.not_taken')
}

/** What a rule of conduct or the planner gave as its reason. */
export function reasonInWords(code: string, details: Details = {}): string {
  if (knows(`reason.${code}`)) return t(`reason.${code}`, valuesInWords(details))
  if (knows(code)) return t(code, valuesInWords(details))
  return code.replaceAll(/[._]+/g, ' ')
}
