/** What a column of an unknown file may mean, and how its amounts may be written. Pure. */
import type { LayoutDraft } from '../api/shapes'

export type Meaning = NonNullable<LayoutDraft['columns'][number]['meaning']>

export const MEANINGS = [
  'practice_number', 'debtor', 'subject_kind', 'tax_code', 'vat_number', 'born_on', 'obligor', 'obligor_role', 'obligor_tax_code',
  'street', 'postcode', 'municipality', 'province', 'phone_1', 'phone_2', 'phone_3', 'iban', 'title', 'debt_kind', 'due_on',
  'principal', 'interest', 'costs', 'total', 'placement_starts_on', 'placement_ends_on', 'as_of', 'case_owner', 'phase', 'recalled', 'skills',
] as const satisfies readonly Meaning[]

export const DATE_SPELLINGS = ['dd/mm/yyyy', 'yyyy-mm-dd', 'dd-mm-yyyy', 'dd.mm.yyyy', 'yyyymmdd', 'yyyy/mm/dd', 'mm/dd/yyyy'] as const

/** The chosen option as a meaning; the empty one is a column that is not read. */
export const meaning = (chosen: string): Meaning | null => MEANINGS.find((one) => one === chosen) ?? null

const STYLES = {
  '1.234,50': { decimal: ',', thousands: '.' },
  '1234,50': { decimal: ',', thousands: '' },
  '1,234.50': { decimal: '.', thousands: ',' },
  '1234.50': { decimal: '.', thousands: '' },
  "1'234,50": { decimal: ',', thousands: "'" },
  "1'234.50": { decimal: '.', thousands: "'" },
} as const satisfies Record<string, Pick<LayoutDraft, 'decimal' | 'thousands'>>

export const AMOUNT_STYLES = Object.keys(STYLES)

/** The example that shows how the draft's amounts are written. */
export const amountStyle = (draft: Pick<LayoutDraft, 'decimal' | 'thousands'>): string =>
  Object.entries(STYLES).find(([, style]) => style.decimal === draft.decimal && style.thousands === draft.thousands)?.[0] ?? '1.234,50'

export const withAmountStyle = (example: string): Pick<LayoutDraft, 'decimal' | 'thousands'> =>
  Object.entries(STYLES).find(([written]) => written === example)?.[1] ?? STYLES['1.234,50']
