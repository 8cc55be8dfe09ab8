/** What may be said instead of how a visit was reported to have ended. Twin of `domain/corrections.py`, which judges. */
import { outcomeOf, outcomesWith, type Captured, type Field, type FieldType, type Met, type Outcome } from './outcomes.ts'

export const AGENT_DAYS = 7
export const LONGEST_REASON = 300

const FREE: readonly FieldType[] = ['choice', 'text_short']

export const isFree = (field: Field): boolean => FREE.includes(field.type)

/** A report as far as a correction depends on it. */
export interface Reported {
  readonly captured: Captured
  /** Not at the address: nothing can be said of a door. */
  readonly elsewhere: boolean
}

/** What an outcome keeps from the debtor: a state of the debt, a wrong address, the wish to be left alone. */
function protections(code: string): string[] {
  const entry = outcomeOf(code)
  return [
    ...(entry?.sets_state ? [entry.sets_state] : []), ...(entry?.address_becomes === 'rejected' ? ['address'] : []),
    ...(code === 'ASKED_TO_LEAVE' ? ['left_alone'] : []),
  ]
}

/** Which protections a correction takes away: it waits for a person of the office. */
export const lifted = (before: string, after: string): string[] => {
  const still = protections(after)
  return protections(before).filter((one) => !still.includes(one)).sort()
}

/** The outcomes that a correction may turn to with this person there: none of money, signature or what was agreed. */
export function instead(entryOf: Outcome | undefined, { captured, elsewhere }: Reported, met: Met): Outcome[] {
  const given = (entryOf?.fields ?? []).filter((field) => !isFree(field) && (captured[field.name] ?? null) !== null)
  const held = new Set(given.map((field) => `${field.name} ${field.type}`))
  const bound = given.filter((field) => field.type !== 'photo')
  return outcomesWith(met).filter(
    (entry) =>
      entry.payment !== 'required' && entry.signature !== 'required' && !(elsewhere && entry.at_the_address) &&
      entry.fields.every((field) => !field.required || isFree(field) || held.has(`${field.name} ${field.type}`)) &&
      bound.every((old) => entry.fields.some((field) => field.name === old.name && field.type === old.type)),
  )
}

/** Choices and lines of what was captured: what a correction says anew. */
export const typedOf = (entry: Outcome | undefined, captured: Captured): Record<string, string> =>
  Object.fromEntries((entry?.fields ?? []).filter(isFree).flatMap(({ name }) => (typeof captured[name] === 'string' ? [[name, captured[name]]] : [])))

/** Whether the form holds all that it asks for. */
export const isWhole = (entry: Outcome, typed: Readonly<Record<string, string>>): boolean =>
  entry.fields.every((field) => !field.required || !isFree(field) || (typed[field.name] ?? '').trim() !== '')

/** What is filled in of the outcome's form, blanks left out. */
export const filledIn = (entry: Outcome, typed: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(entry.fields.filter(isFree).flatMap(({ name }) => ((typed[name] ?? '').trim() ? [[name, (typed[name] ?? '').trim()]] : [])))
