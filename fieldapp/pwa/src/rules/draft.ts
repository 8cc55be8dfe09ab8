/** Changes to the rules that are being prepared on a desk: pure, kept nowhere, sent whole. */
import type { RuleEdit, RuleParameter, RuleRow } from '../api/shapes'

export type Value = number | boolean | string | string[]
export type Numbers = Readonly<Record<string, Value>>

const keyOf = (edit: RuleEdit): string => `${edit.rule} ${edit.creditor_id ?? ''} ${edit.confirms ? 'confirms' : ''}`

/** The edits with one more; an edit of the same thing takes the place of the one before. */
export const withEdit = (edits: readonly RuleEdit[], edit: RuleEdit): RuleEdit[] => [
  ...edits.filter((other) => keyOf(other) !== keyOf(edit)), edit,
]

export const withoutEdit = (edits: readonly RuleEdit[], edit: RuleEdit): RuleEdit[] =>
  edits.filter((other) => keyOf(other) !== keyOf(edit))

/** The own numbers of a rule for a creditor (null: for all) as they stand, the prepared ones first. */
export function ownNumbers(rule: RuleRow, creditor: string | null, edits: readonly RuleEdit[]): Numbers {
  const prepared = edits.find((edit) => edit.rule === rule.id && edit.creditor_id === creditor && !edit.confirms)
  if (prepared) return prepared.parameters as Numbers
  return (rule.numbers.find((own) => own.creditor_id === creditor)?.parameters ?? {}) as Numbers
}

/** What counts where nothing of one's own stands: the rule's number, or the agency's for a creditor. */
export function below(rule: RuleRow, parameter: RuleParameter, creditor: string | null, edits: readonly RuleEdit[]): Value {
  const general = creditor === null ? undefined : ownNumbers(rule, null, edits)[parameter.name]
  return general ?? (parameter.value as Value)
}

/** What a field holds, as a value; null when it is empty or no value at all. */
export function readField(parameter: RuleParameter, typed: string): Value | null {
  const text = typed.trim()
  if (text === '') return null
  switch (parameter.kind) {
    case 'count':
      return /^\d{1,9}$/.test(text) ? Number(text) : null
    case 'cents': {
      const found = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.replaceAll(/[€\s]/g, ''))
      return found ? Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0')) : null
    }
    case 'flag':
      return text === 'true'
    case 'codes':
      return text.split(',').map((word) => word.trim()).filter(Boolean)
    case 'time':
    case 'code':
      return text
  }
}

/** A value as its field shows it. */
export function writeField(parameter: RuleParameter, value: Value | undefined): string {
  if (value === undefined) return ''
  if (parameter.kind === 'cents') return `${Math.trunc(Number(value) / 100)},${String(Number(value) % 100).padStart(2, '0')}`
  return Array.isArray(value) ? value.join(', ') : String(value)
}

export const sameValue = (a: Value, b: Value): boolean => JSON.stringify(a) === JSON.stringify(b)
