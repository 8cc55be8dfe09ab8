/** Outcomes of visits and what was captured with them, in words. */
import type { VisitRow } from '../api/shapes'
import { term } from '../desk/describe'
import { valueInWords } from '../desk/format'
import { knows, t } from '../text'

export const outcomeName = (code: string): string => term('outcome', code)

export interface Captured {
  readonly label: string
  readonly value: string
}

/** The captured values of a visit, each with its label, empty ones left out. */
export function capturedInWords(captured: VisitRow['captured']): readonly Captured[] {
  return Object.entries(captured).flatMap(([name, value]) => {
    const words = captureValue(name, value)
    return words === '' ? [] : [{ label: term('outcome.field', name), value: words }]
  })
}

function captureValue(name: string, value: unknown): string {
  if (value === true) return t('common.yes')
  if (value === false) return t('common.no')
  if (typeof value === 'string') {
    const key = `outcome.choice.${name}.${value}`
    if (knows(key)) return t(key)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([inner, one]) => valueInWords(inner, one)).filter(Boolean).join(' – ')
  }
  return valueInWords(name, value)
}
