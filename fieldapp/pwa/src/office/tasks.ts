/** Tasks in words, and where each is best done. */
import type { TaskRow } from '../api/shapes'
import { flagInWords, reasonInWords, term } from '../desk/describe'
import { valuesInWords } from '../desk/format'
import { type Place } from '../desk/route'
import { knows, money, t } from '../text'
import { outcomeName } from './outcomes'

export const taskName = (task: TaskRow): string => term('task', task.kind)

/** What the task is about, from its own values; a refusal's code inside it is said in its words. */
export function taskInWords(task: TaskRow): string {
  const values = valuesInWords(task.details)
  const code = task.details['code']
  if (typeof code === 'string') values['code'] = reasonInWords(code, task.details)
  const why = task.details['why'] ?? task.details['reason']
  if (typeof why === 'string' && why !== '') values['why'] = reasonInWords(why, task.details)
  const flags = task.details['flags']
  if (Array.isArray(flags)) values['flags'] = flags.map((flag) => flagInWords(String(flag))).join(', ')
  const channel = task.details['channel']
  if (typeof channel === 'string') values['how'] = term('channel', channel)
  Object.assign(values, laidOut(task.details))
  const sendBy = task.details['send_by']
  if (typeof sendBy === 'string') values['way'] = term('send_by', sendBy)
  const paper = task.details['paper']
  if (typeof paper === 'string') values['document'] = term('document', paper)
  const outcome = task.details['outcome']
  if (typeof outcome === 'string') values['outcome'] = outcomeName(outcome)
  if (task.kind === 'envelope.refused' && task.details['money_cents']) return t('task.envelope.refused.money', values)
  const own = typeof code === 'string' ? `task.${task.kind}.${code}` : ''
  if (knows(own)) return t(own, values)
  const key = `task.${task.kind}.words`
  return knows(key) ? t(key, values) : (values['code'] ?? values['why'] ?? values['outcome'] ?? '')
}

/** The receipts between two sums, each with its own; and our side of a balance that differs. */
function laidOut(details: TaskRow['details']): Record<string, string> {
  const receipts = details['receipts']
  if (!Array.isArray(receipts)) return {}
  const each: unknown = details['receipts_cents']
  const sums = receipts.map((receipt, at) => {
    const cents: unknown = Array.isArray(each) ? each[at] : undefined
    return typeof cents === 'number' ? `${String(receipt)} ${money(cents)}` : String(receipt)
  }).join(' + ')
  const { stated_cents: stated, by_cents: by } = details
  // Tasks from before our side was kept hold both sums that it follows from.
  return typeof stated === 'number' && typeof by === 'number' ? { sums, ours_cents: money(stated - by) } : { sums }
}

/** Kinds that close once their reason is gone, and that nobody ticks off (`domain/tasks.py`). */
export const CLOSED_BY_THEIR_REASON: ReadonlySet<string> = new Set(['licence.ends'])

/** The screen where this task is done, when it has one of its own. */
export function placeOf(task: TaskRow): Place | null {
  if (task.subject_kind === 'address') return { name: 'addresses', id: task.subject_id }
  const visit = task.kind === 'visit.flagged' ? task.subject_id : task.kind.startsWith('visit.') ? task.details['visit_id'] : null
  if (typeof visit === 'string') return { name: 'reviews', id: visit }
  if (task.kind === 'envelope.refused') return { name: 'refused', id: task.subject_id }
  if (task.subject_kind === 'same_debtor') return { name: 'debtors' }
  if (task.subject_kind === 'import_file') return { name: 'imports', id: task.subject_id }
  if (task.subject_kind === 'paper_pad') return { name: 'cash' }
  if (task.kind === 'licence.ends') return { name: 'licences' }
  if (task.kind === 'calendar.patron_unknown') return { name: 'rules' }
  return task.practice_id ? { name: 'practice', id: task.practice_id } : null
}

export type Urgency = 'late' | 'today' | 'later'

export const urgencyOf = (task: TaskRow, today: string): Urgency =>
  task.due_on < today ? 'late' : task.due_on === today ? 'today' : 'later'

/** Somebody in danger first, then what is late, then by due date, then the oldest. */
export const byRisk = (tasks: readonly TaskRow[]): readonly TaskRow[] =>
  tasks.toSorted((a, b) => Number(b.kind === 'agent.in_danger') - Number(a.kind === 'agent.in_danger') || a.due_on.localeCompare(b.due_on) || a.created_at.localeCompare(b.created_at))
