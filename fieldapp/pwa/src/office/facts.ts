/** Facts of a practice in words: one sentence each, filled from the fact's own values. */
import type { AttemptCard } from '../api/shapes'
import { term } from '../desk/describe'
import { valuesInWords } from '../desk/format'
import { knows, t } from '../text'
import { outcomeName } from './outcomes'

/** The sentence of a fact; `fact.kind.full` is taken when its values are at hand. */
export function factInWords(kind: string, body: Readonly<Record<string, unknown>>): string {
  const values = valuesInWords(body)
  const outcome = body['outcome']
  if (typeof outcome === 'string') values['outcome'] = outcomeName(outcome)
  const flag = body['flag']
  if (typeof flag === 'string') values['flag'] = term('flag', flag)
  const method = body['method']
  if (typeof method === 'string' && knows(`method.${method}`)) values['method'] = t(`method.${method}`)
  const full = `fact.${kind}.full`
  if (knows(full) && placeholders(full).every((name) => values[name])) return t(full, values)
  if (knows(`fact.${kind}`)) return t(`fact.${kind}`, values)
  return kind.replaceAll(/[._]+/g, ' ')
}

/** A contact made elsewhere, by its channel and how it ended. */
export function contactInWords(contact: AttemptCard): string {
  const own = contact.reached && contact.outcome === 'CALLED' ? 'contact.spoken' : `contact.${contact.outcome}`
  const how = knows(own) ? t(own) : outcomeName(contact.outcome)
  return contact.channel === 'letter' ? how : t(`contact.${contact.channel}`, { how })
}

const placeholders = (key: string): readonly string[] => [...t(key, MARKS).matchAll(/⟨(\w+)⟩/g)].map((found) => found[1] ?? '')

// Filled with their own names, so that the sentence tells which values it needs.
const MARKS: Record<string, string> = new Proxy({}, { get: (_, name) => `⟨${String(name)}⟩` })
