/** A failed call in words: what happened, what is safe, what to do. */
import { knows, money, dayInWords, t } from '../text'
import type { Failed } from '../outbox/wire'

/** Codes that a catalogue knows are said as such; the rest by the kind of trouble. */
export function inWords(failed: Pick<Failed, 'trouble' | 'code' | 'details'>): string {
  if (failed.code !== null && knows(failed.code)) return sentence(failed.code, failed.details)
  return t(`trouble.${failed.trouble}`)
}

/** A refusal or finding with its numbers written as people write them. */
export function sentence(code: string, details: Readonly<Record<string, unknown>>): string {
  const values: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(details)) {
    if (typeof value === 'number') values[name] = name.endsWith('_cents') ? money(value) : value
    else if (typeof value === 'string') values[name] = told(name, value)
  }
  return t(code, values)
}

function told(name: string, value: string): string {
  if (name === 'field' && knows(`outcome.field.${value}`)) return t(`outcome.field.${value}`)
  if (name === 'outcome' && knows(`outcome.${value}`)) return t(`outcome.${value}`)
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? dayInWords(value) : value
}
