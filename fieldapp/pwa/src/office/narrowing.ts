/** What a list of practices is narrowed to, between the address, the form and the service. Pure. */
import { asTyped, typedAmount, type Typed } from '../domain/money.ts'

const STATES = ['open', 'closed', 'recalled'] as const
type PracticeState = (typeof STATES)[number]

/** Names in the address that the panel "more filters" holds. */
export const PANEL = ['provincia', 'comune', 'eta_oltre', 'eta_fino', 'referente', 'scade_dal', 'scade_al', 'importo_da', 'importo_a', 'contatto', 'contatto_il'] as const
export const CONTACTS = ['dal', 'fino', 'mai'] as const
/** Days after which a debt is of another band of age, as the figures have them. */
export const AGES_DAYS = [180, 365, 730, 1825] as const
/** What parts several values of one name in the address: no province and no comune holds it. */
const BETWEEN = '|'
const ALL = ['q', 'stato', 'creditore', 'segnale', ...PANEL] as const

export interface Narrowed {
  readonly q: string
  readonly state?: PracticeState
  readonly creditor_id?: string
  readonly flag?: string
  readonly province?: string[]
  readonly comune?: string[]
  readonly age_over_days?: number
  readonly age_to_days?: number
  readonly case_owner?: string
  readonly ends_from?: string
  readonly ends_to?: string
  readonly owed_from_cents?: number
  readonly owed_to_cents?: number
  readonly contacted_from?: string
  readonly contacted_to?: string
  readonly never_contacted?: boolean
}

/**
 * Cents of an amount as the language writes it; null: not one. Nothing owed is an amount here. Without a language it is
 * one of the address, which is written as in Italian whoever reads it: a link narrows the same for everybody.
 */
export function centsOf(typed: string, language: Typed = 'it'): number | null {
  if (/^0([.,]0{1,2})?$/.test(typed.trim())) return 0
  const read = typedAmount(typed, language)
  return read.kind === 'ok' ? read.value : null
}

/** An amount as it stands in the address. */
export const inAddress = (cents: number): string => asTyped(cents, 'it')

/** Several values as one name of the address holds them, and back. */
export const joined = (values: readonly string[]): string => values.join(BETWEEN)
export const severalOf = (value: string): string[] => value.split(BETWEEN).filter((one) => one !== '')

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** What stands in the address as the service takes it; what cannot be read there narrows nothing. */
export function narrowedOf(query: ReadonlyMap<string, string>): Narrowed {
  const said = (name: (typeof ALL)[number]): string => query.get(name) ?? ''
  const day = (name: (typeof ALL)[number]): string => (DAY.test(said(name)) ? said(name) : '')
  const amount = (name: (typeof ALL)[number]): number | null => (said(name) === '' ? null : centsOf(said(name)))
  const age = (name: 'eta_oltre' | 'eta_fino'): number | undefined => AGES_DAYS.find((one) => String(one) === said(name))
  const [over, upTo] = [age('eta_oltre'), age('eta_fino')]
  const [provinces, comuni] = [severalOf(said('provincia')), severalOf(said('comune'))]
  const state = STATES.find((one) => one === said('stato'))
  const [from, to] = [amount('importo_da'), amount('importo_a')]
  const contact = said('contatto')
  return {
    q: said('q'),
    ...(state ? { state } : {}),
    ...(said('creditore') ? { creditor_id: said('creditore') } : {}),
    ...(said('segnale') ? { flag: said('segnale') } : {}),
    ...(provinces.length > 0 ? { province: provinces } : {}),
    ...(comuni.length > 0 ? { comune: comuni } : {}),
    ...(over === undefined ? {} : { age_over_days: over }),
    ...(upTo === undefined ? {} : { age_to_days: upTo }),
    ...(said('referente') ? { case_owner: said('referente') } : {}),
    ...(day('scade_dal') ? { ends_from: day('scade_dal') } : {}),
    ...(day('scade_al') ? { ends_to: day('scade_al') } : {}),
    ...(from === null ? {} : { owed_from_cents: from }),
    ...(to === null ? {} : { owed_to_cents: to }),
    ...(contact === 'dal' && day('contatto_il') ? { contacted_from: day('contatto_il') } : {}),
    ...(contact === 'fino' && day('contatto_il') ? { contacted_to: day('contatto_il') } : {}),
    ...(contact === 'mai' ? { never_contacted: true } : {}),
  }
}

/** Everything that narrows the list, as nothing. */
export const CLEARED: Readonly<Record<string, string>> = Object.fromEntries(ALL.map((name) => [name, '']))

/** How many of the panel's filters narrow the list. */
export function panelCount(narrowed: Narrowed): number {
  return Object.keys(narrowed).filter((name) => !['q', 'state', 'creditor_id', 'flag'].includes(name)).length
}

/** The filters of a place as the figures name it: `Lodi (LO)`. Null where it names none. */
export function placeFilters(area: string): Record<string, string> | null {
  const found = /^(.+) \(([^()]*)\)$/.exec(area)
  if (!found?.[1]) return null
  return { comune: found[1], ...(found[2] ? { provincia: found[2] } : {}) }
}
