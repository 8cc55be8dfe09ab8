/** Builders for the phone's tests: they show only what matters. */
import type { DayBundle, StopCard } from './shapes'

const CREDITOR: StopCard['practice']['creditor'] = {
  id: 'creditor', name: 'Banca Esempio S.p.A.', vat_number: '01234567897', iban: 'IT60X0542811101000000123456', bic: '',
  cheque_payee: 'Banca Esempio S.p.A.', allocation_order: ['costs', 'interest', 'principal'], debtor_chooses: true,
  stamp_duty_charged_to: 'debtor', stamp_duty_reason: null, stamp_duty_authorisation: null,
}

export function aStop(id: string, position = 1): StopCard {
  const at = new Date(Date.parse('2026-11-23T09:00:00Z') + (position - 1) * 1_800_000).toISOString()
  return {
    stop_id: id, position, arrive_at: at, leave_at: at, window_from: at, window_to: at, travel_s: 0, distance_m: 0,
    service_s: 900, must: false, reserve: false, done: false,
    address: {
      id, kind: 'home', text: 'Via Roma 12, Lodi', street: 'Via Roma', house_number: '12', staircase: '', unit: '',
      cap: '26900', comune: 'Lodi', province: 'LO', lat_e6: 45_310_000, lon_e6: 9_500_000, quality: 'number',
      state: 'confirmed', access_notes: '', source: 'creditor',
    },
    practice: {
      id, practice_number: `2026/${id}`, creditor: CREDITOR, placement_starts_on: '2026-11-01', placement_ends_on: '2026-12-31',
      phase: 'field', case_owner_name: 'Elena Rossi', case_owner_phone: '0371 000000',
      obligors: [{ id: 'o', role: 'debtor', kind: 'person', name: 'Bianchi Mario', tax_code: null, vat_number: null }],
      phones: [], attempts: [], documents: [], debtor_group: null, conduct_facts: {}, owed_cents: 75_000, plan: null, settlement: null,
      terms: {
        most_months: 24, least_instalment_cents: 2_000, least_first_bp: 0, first_within_days: 45, yearly_rate_bp: 0,
        broken_after_days: 30, broken_after_instalments: 2, settlement_least_bp: 7_000, settlement_within_days: 30,
      },
      debt_lines: [
        { id: 'line-1', title: 'Prestito 4711', kind: 'loan', due_on: '2026-03-01', principal_cents: 70_000, interest_cents: 4_000, costs_cents: 1_000 },
      ],
    },
  }
}

export function aBundle(stopIds: readonly string[]): DayBundle {
  return {
    protocol: 1, clock: { now: '2026-11-23T08:45:00Z', demo: false, protocol: 1, time_zone: 'Europe/Rome' }, day: '2026-11-23',
    version: 1, published_at: '2026-11-23T06:00:00Z',
    agent: { id: 'agent', name: 'Anna Verdi', role: 'agent', locale: 'it', agent_number: '017' },
    agency: {
      id: 'agency', name: 'Aldini', legal_name: 'Agenzia Aldini S.r.l.', vat_number: '01234567897', address: 'Corso Roma 12, Lodi',
      phone: '0371 000000', email: 'info@example.it', licence_number: '12/2019', licence_authority: 'Questura di Lodi',
      licence_valid_to: '2028-12-31',
    },
    shift_from: null, shift_to: null, home_lat_e6: null, home_lon_e6: null,
    stops: stopIds.map((id, at) => aStop(id, at + 1)), ruleset: {}, blocks: [], cash_limit_cents: 300_000,
    purse: { cash_cents: 0, cheques_cents: 0, cards_cents: 0 }, paper_words: {}, payment_links: false, office_key: '', next_day: null, next_version: 0, messages: [], questions: [], basemap: null, cursor: '',
  }
}
