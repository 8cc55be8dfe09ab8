/**
 * A stop without its case: where it is, who is sought, and nothing of what for. Pure.
 *
 * This is what the phone keeps of a visit in which the debtor was not met, so that nothing written down on the way
 * could tell a stranger of a debt (Garante, 30 November 2005).
 */
import { nameInPublic } from './naming'
import type { PracticeCard, StopCard } from './shapes'

export interface Door extends Omit<StopCard, 'practice'> {
  readonly practice: Pick<PracticeCard, 'id' | 'placement_starts_on' | 'placement_ends_on'>
  readonly sought: string
}

export function aDoor({ practice, ...stop }: StopCard): Door {
  const { id, placement_starts_on, placement_ends_on } = practice
  // Where the address came from would name whoever gave it.
  const address = { ...stop.address, source: '' }
  return { ...stop, address, practice: { id, placement_starts_on, placement_ends_on }, sought: nameInPublic({ ...stop, practice }) }
}

/** The stop of a visit whose case this phone no longer has: somebody else's by now. */
export function withoutCase({ practice, sought, ...stop }: Door): StopCard {
  const nobody = { id: '', name: '', vat_number: '', iban: '', bic: '', cheque_payee: '' }
  return {
    ...stop,
    practice: {
      ...practice, practice_number: '', phase: '', case_owner_name: '', case_owner_phone: '', owed_cents: 0,
      creditor: {
        ...nobody, allocation_order: [], debtor_chooses: false, stamp_duty_charged_to: 'none', stamp_duty_reason: null,
        stamp_duty_authorisation: null,
      },
      obligors: [{ id: '', role: 'debtor', kind: 'firm', name: sought, tax_code: null, vat_number: null }],
      phones: [], debt_lines: [], attempts: [], documents: [], debtor_group: null, conduct_facts: {}, plan: null, settlement: null,
      // Nobody agrees to anything about a case that is not at hand.
      terms: {
        most_months: 0, least_instalment_cents: 0, least_first_bp: 10_000, first_within_days: 0, yearly_rate_bp: 0,
        broken_after_days: 0, broken_after_instalments: 0, settlement_least_bp: 10_000, settlement_within_days: 0,
      },
    },
  }
}
