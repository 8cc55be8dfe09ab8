/** Corrections of reports in words: each field before and after; and what in a report contradicts itself. Pure. */
import type { QuestionRow, ReviewFile } from '../../api/shapes'
import { term } from '../../desk/describe'
import { t } from '../../text'
import { capturedInWords, outcomeName } from '../outcomes'

type Change = QuestionRow['answers'][number]['changes'][number]

export interface ChangeInWords {
  readonly label: string
  readonly before: string
  readonly after: string
}

export const seenInWords = (codes: readonly string[]): string => codes.map((code) => term('visit.observation', code)).join(', ')

export function changeInWords({ field, before, after }: Change): ChangeInWords {
  const said = (value: unknown): string => valueOf(field, value) || t('answer.none')
  const label = field.startsWith('captured.') ? term('outcome.field', field.slice('captured.'.length)) : term('answer.field', field)
  return { label, before: said(before), after: said(after) }
}

/** Facts of a report that cannot all be true, each by its name. */
export function clashInWords({ kind, observations, stayed_s }: ReviewFile['contradictions'][number], outcome: string): string {
  const seen = observations.map((code) => t('review.clash.fact', { fact: term('visit.observation', code) })).join(', ')
  switch (kind) {
    case 'seen_apart':
      return t('review.clash.seen_apart', { seen })
    case 'belies_outcome':
      return t('review.clash.belies_outcome', { seen, outcome: outcomeName(outcome) })
    case 'hardly_there':
      return t('review.clash.hardly_there', { n: stayed_s })
  }
}

function valueOf(field: string, value: unknown): string {
  if (Array.isArray(value)) return seenInWords(value.map(String))
  if (field === 'role' && typeof value === 'string') return term('visit.role', value)
  const [captured] = capturedInWords({ [field.slice('captured.'.length)]: value })
  return captured?.value ?? ''
}

/** The question that waits for the agent, if any: at most one does. */
export const waitingOf = (questions: readonly QuestionRow[]): QuestionRow | undefined =>
  questions.find((one) => one.answers.length === 0 && one.withdrawn_at === null && one.returned_at === null)
