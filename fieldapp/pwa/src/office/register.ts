/** What an entry of the register tells beside its action: names and values as a person reads them. */
import type { AuditRow } from '../api/shapes'
import { term } from '../desk/describe'
import { valueInWords } from '../desk/format'
import { knows, numberFormat, t } from '../text'

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/
const FINGERPRINTS = new Set(['sha256', 'digest'])

/** Keys of rows and fingerprints are for machines; what is empty tells nothing. */
function isTold([name, value]: [string, unknown]): boolean {
  if (FINGERPRINTS.has(name) || value === null || value === '') return false
  if (typeof value === 'string') return !UUID.test(value)
  if (Array.isArray(value)) return value.length > 0 && !value.every((one) => typeof one === 'string' && UUID.test(one))
  return typeof value !== 'object'
}

/** A creditor's terms are named as their own screen names them. */
const nameOf = (name: string): string => (!knows(`field.${name}`) && knows(`terms.${name}`) ? t(`terms.${name}`) : term('field', name))

function valueOf(row: AuditRow, name: string, value: unknown): string {
  if (typeof value === 'boolean') return t(value ? 'common.yes' : 'common.no')
  if (typeof value === 'number' && name.endsWith('_bp')) {
    return `${numberFormat('rate', { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value / 100)} %`
  }
  if (row.action === 'task.finished' && name === 'kind') return term('task', String(value))
  if (name === 'ground') return term('basis', String(value))
  return name === 'variant' ? term('variant', String(value)) : valueInWords(name, value)
}

export const detailsInWords = (row: AuditRow): string =>
  Object.entries(row.details).filter(isTold).map(([name, value]) => `${nameOf(name)}: ${valueOf(row, name, value)}`).join(' · ')
