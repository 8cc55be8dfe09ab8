/** Forbidden visits by practice, and in words. Pure. */
import type { Forbidden } from '../../api/shapes'
import { dayInWords, t } from '../../text'

export function byPractice(rows: readonly Forbidden[]): ReadonlyMap<string, readonly Forbidden[]> {
  const found = new Map<string, Forbidden[]>()
  for (const row of rows) found.set(row.practice_id, [...(found.get(row.practice_id) ?? []), row])
  return found
}

/** `Vietata a Anna Verdi il lunedì 30 novembre`. */
export function forbiddenInWords(one: Forbidden): string {
  const on = one.day ? dayInWords(one.day) : ''
  if (one.agent_id === null) return t('forbid.stands_day', { on })
  return t(one.day ? 'forbid.stands_agent' : 'forbid.stands_always', { agent: one.agent_name ?? '', on })
}
