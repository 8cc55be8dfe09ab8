import { describe, expect, it } from 'vitest'
import { centsOf, CLEARED, inAddress, joined, narrowedOf, panelCount, placeFilters, severalOf } from './narrowing.ts'

const of = (query: Record<string, string>) => narrowedOf(new Map(Object.entries(query)))

describe('what a list of practices is narrowed to', () => {
  it('takes everything that stands in the address', () => {
    const all = of({
      q: 'rossi', stato: 'open', creditore: 'c', segnale: 'disputed', provincia: 'LO|PV', comune: 'Lodi', eta_oltre: '180', eta_fino: '730', referente: 'G. Verdi',
      scade_dal: '2026-01-01', scade_al: '2026-12-31', importo_da: '1.000', importo_a: '2.000,50', contatto: 'fino', contatto_il: '2026-11-01',
    })

    expect(all).toEqual({
      q: 'rossi', state: 'open', creditor_id: 'c', flag: 'disputed', province: ['LO', 'PV'], comune: ['Lodi'], age_over_days: 180, age_to_days: 730, case_owner: 'G. Verdi',
      ends_from: '2026-01-01', ends_to: '2026-12-31', owed_from_cents: 100_000, owed_to_cents: 200_050, contacted_to: '2026-11-01',
    })
    expect(panelCount(all)).toBe(10)
  })

  it.each([
    ['a state of no practice', { stato: 'lost' }],
    ['an amount that could mean two sums', { importo_da: '50.00' }],
    ['an amount below nothing', { importo_a: '-5' }],
    ['an age that is no band', { eta_oltre: '200' }],
    ['no place at all', { provincia: '|', comune: '' }],
    ['a day that is none', { scade_dal: 'domani' }],
    ['a kind of contact without its day', { contatto: 'dal' }],
    ['a day without its kind of contact', { contatto_il: '2026-11-01' }],
  ])('is not narrowed by %s', (_, query: Record<string, string>) => {
    expect(of(query)).toEqual({ q: '' })
  })

  it('knows who was never contacted, whatever day stands beside', () => {
    expect(of({ contatto: 'mai', contatto_il: '2026-11-01' })).toEqual({ q: '', never_contacted: true })
  })

  it('takes nothing owed as an amount', () => {
    expect([centsOf('0'), centsOf('0,00'), centsOf(' 12,5 '), centsOf('x')]).toEqual([0, 0, 1_250, null])
  })

  it.each([
    ['it', '1.234,50', 123_450],
    ['en', '1,234.50', 123_450],
    ['fr', '1 234,50', 123_450],
    ['en', '1,000', 100_000],
    ['en', '0.00', 0],
    ['it', '50.00', null], // fifty or five thousand
    ['en', '50,00', null],
    ['en', '-5', null],
    ['fr', '1e3', null],
  ] as const)('reads what is typed in %s as "%s"', (language, typed, cents) => {
    expect(centsOf(typed, language)).toBe(cents)
  })

  it.each([0, 5, 100_000, 123_450, 999_999_999])('finds %d cents in the address as they were put there', (cents) => {
    expect(centsOf(inAddress(cents))).toBe(cents)
  })

  it('keeps several places in one name of the address', () => {
    const some = ['Sant\'Angelo Lodigiano', 'Reggio nell\'Emilia', 'Valle d\'Aosta / Vallée d\'Aoste']

    expect(severalOf(joined(some))).toEqual(some)
    expect(severalOf('')).toEqual([])
  })

  it('clears all that it knows', () => {
    expect(of({ ...CLEARED })).toEqual({ q: '' })
  })

  it('finds the filters of a place', () => {
    expect(placeFilters('Lodi (LO)')).toEqual({ comune: 'Lodi', provincia: 'LO' })
    expect(placeFilters('San Colombano al Lambro ()')).toEqual({ comune: 'San Colombano al Lambro' })
    expect(placeFilters('unknown')).toBeNull()
  })
})
