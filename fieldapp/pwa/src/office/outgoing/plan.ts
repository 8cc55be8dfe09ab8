/** A way of telling a creditor as a form holds it, and as the service takes it. */
import type { ExportPlan, ExportRequest } from '../../api/shapes'

export const FIELDS = ['practice_number', 'debtor', 'day', 'time', 'agent', 'code', 'outcome', 'amount', 'principal', 'interest', 'costs', 'method', 'receipt', 'due_on', 'promised', 'fact'] as const
export type OutField = (typeof FIELDS)[number]
export const KINDS = ['csv', 'xlsx', 'fixed', 'account_pdf', 'account_xlsx'] as const
export const EVERY = ['weekdays', 'month'] as const
export const PLACES = ['desk', 'sftp', 'bucket', 'folder'] as const
export type Place = (typeof PLACES)[number]
/** What no file does without. */
export const NEEDED: readonly OutField[] = ['practice_number', 'code', 'amount']
const FIRST: readonly OutField[] = ['practice_number', 'debtor', 'day', 'agent', 'code', 'amount', 'receipt', 'due_on', 'promised']

export interface Column {
  field: OutField
  name: string
  width: number
  wanted: boolean
}

export interface PlanForm {
  name: string
  kind: (typeof KINDS)[number]
  every: (typeof EVERY)[number]
  columns: Column[]
  codes: Record<string, string>
  place: Place
  target: { prefix: string; host: string; port: number; user: string; folder: string; host_key: string; url: string }
  secret: { password: string; id: string; key: string }
  at: string
  weekdays: number[]
}

interface KeptColumn {
  readonly field: string
  readonly name: string
  readonly width?: number
}

const isOneOf = <T extends string>(all: readonly T[], text: unknown): text is T => all.some((one) => one === text)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A form for a new plan; `name` words a column as nobody has named it yet. */
export function emptyForm(name: (field: OutField) => string): PlanForm {
  return {
    name: '',
    kind: 'csv',
    every: 'weekdays',
    columns: FIELDS.map((field) => ({ field, name: name(field), width: 20, wanted: FIRST.includes(field) })),
    codes: {},
    place: 'desk',
    target: { prefix: '', host: '', port: 22, user: '', folder: '', host_key: '', url: '' },
    secret: { password: '', id: '', key: '' },
    at: '19:00',
    weekdays: [0, 1, 2, 3, 4],
  }
}

/** The plan as it is kept, its columns in their order and the others behind them. */
export function formOf(plan: ExportPlan, name: (field: OutField) => string): PlanForm {
  const form = emptyForm(name)
  const kept = Array.isArray(plan.layout['columns']) ? (plan.layout['columns'] as KeptColumn[]) : []
  const wanted = kept.flatMap((one) =>
    isOneOf(FIELDS, one.field) ? [{ field: one.field, name: one.name, width: one.width ?? 20, wanted: true }] : [],
  )
  const rest = form.columns.filter((one) => !wanted.some((known) => known.field === one.field))
  const target = plan.target
  return {
    ...form,
    name: plan.name,
    kind: isOneOf(KINDS, plan.layout['kind']) ? plan.layout['kind'] : 'csv',
    every: isOneOf(EVERY, plan.layout['every']) ? plan.layout['every'] : 'weekdays',
    columns: [...wanted, ...rest.map((one) => ({ ...one, wanted: false }))],
    codes: { ...plan.codes },
    place: isOneOf(PLACES, plan.place) ? plan.place : 'desk',
    target: {
      prefix: text(target['prefix']),
      host: text(target['host']),
      port: typeof target['port'] === 'number' ? target['port'] : 22,
      user: text(target['user']),
      folder: text(target['folder']),
      host_key: text(target['host_key']),
      url: text(target['url']),
    },
    at: plan.at,
    weekdays: [...plan.weekdays],
  }
}

/** An account instead of rows: no columns, no codes. */
export const isAccount = (form: PlanForm): boolean => form.kind === 'account_pdf' || form.kind === 'account_xlsx'

export function layoutOf(form: PlanForm): Record<string, unknown> {
  if (isAccount(form)) return { kind: form.kind, every: form.every }
  const fixed = form.kind === 'fixed'
  const columns = form.columns
    .filter((one) => one.wanted)
    .map((one) => ({ field: one.field, name: one.name, ...(fixed ? { width: one.width } : {}) }))
  return { kind: form.kind, columns, ...(fixed ? { implied_decimals: 2, date_format: 'yyyymmdd' } : {}) }
}

function secretOf(form: PlanForm): Record<string, string> | null {
  const { password, id, key } = form.secret
  if (form.place === 'sftp' && password) return { password }
  if (form.place !== 'bucket' || !key) return null
  if (form.target.url.startsWith('az:')) return { account_name: id, account_key: key }
  return form.target.url.startsWith('gs:') ? { service_account_key: key } : { access_key_id: id, secret_access_key: key }
}

export function requestOf(form: PlanForm): ExportRequest {
  const { prefix, host, port, user, folder, host_key, url } = form.target
  const targets = { desk: { prefix }, sftp: { prefix, host, port, user, folder, host_key }, bucket: { prefix, url }, folder: { prefix, folder } }
  return {
    name: form.name,
    layout: layoutOf(form),
    codes: Object.fromEntries(Object.entries(form.codes).filter(([, code]) => code.trim())),
    place: form.place,
    target: targets[form.place],
    secret: secretOf(form),
    at: form.at,
    weekdays: form.weekdays,
  }
}
