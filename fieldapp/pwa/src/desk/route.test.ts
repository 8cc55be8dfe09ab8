import { describe, expect, it } from 'vitest'
import { dayAfter, lastingOf, oneOf, type Place, readFilters, readPath, writeFilters, writePath } from './route'

describe('the address of a view', () => {
  const places: Place[] = [
    { name: 'home' },
    { name: 'practices' },
    { name: 'practice', id: '0193-a b' },
    { name: 'tasks' },
    { name: 'addresses', id: null },
    { name: 'addresses', id: 'x' },
    { name: 'debtors' },
    { name: 'imports', id: null },
    { name: 'imports', id: 'x' },
    { name: 'day', day: null, view: { kind: 'prepare' } },
    { name: 'day', day: '2026-11-26', view: { kind: 'prepare' } },
    { name: 'day', day: '2026-11-26', view: { kind: 'plan', id: 'p/1' } },
    { name: 'day', day: '2026-11-26', view: { kind: 'published' } },
    { name: 'day', day: '2026-11-26', view: { kind: 'compare', first: null, second: null } },
    { name: 'day', day: '2026-11-26', view: { kind: 'compare', first: 'p/1', second: 'p2' } },
    { name: 'outcomes' },
    { name: 'cash' },
    { name: 'figures' },
    { name: 'ledger' },
    { name: 'licences' },
    { name: 'staff' },
    { name: 'house' },
    { name: 'exchange' },
    { name: 'devices' },
    { name: 'audit' },
    { name: 'clock' },
  ]

  it.each(places)('leads back to the same place: $name', (place) => {
    expect(readPath(writePath(place))).toEqual(place)
  })

  it.each([
    '/desk/altro', // no such place
    '/desk/pratiche/1/2', // too deep
    '/desk/giorno/ieri', // no day
    '/desk/giorno/2026-11-26/piano', // a plan without its id
    '/desk/giorno/2026-11-26/confronto/one', // with what
    '/desk/attivita/1/2/3/4', // much too deep
  ])('leads nowhere for %s', (path) => {
    expect(readPath(path)).toEqual({ name: 'nowhere' })
  })

  it('carries only the filters that say something', () => {
    expect(writeFilters({ q: 'rossi & figli', stato: '', creditore: null })).toBe('?q=rossi+%26+figli')
    expect(writeFilters({ q: undefined })).toBe('')
  })

  it('reads the filters that it wrote', () => {
    expect(readFilters(writeFilters({ q: 'rossi & figli', stato: 'open' }))).toEqual(new Map([['q', 'rossi & figli'], ['stato', 'open']]))
  })

  it('keeps of a day what of the board is shown, and what is not chosen any more', () => {
    const filters = readFilters('?cerca=rossi&squadra=nord&mappa=no')

    expect(lastingOf('day', filters)).toEqual({ squadra: 'nord', mappa: 'no', linea: null })
    expect(lastingOf('practices', filters)).toBeNull()
  })

  it('ignores a filter value that nobody knows', () => {
    expect(oneOf('open', ['open', 'done'])).toBe('open')
    expect(oneOf('x', ['open', 'done'])).toBeNull()
    expect(oneOf(null, ['open'])).toBeNull()
  })

  it('steps over the ends of months and years', () => {
    expect(dayAfter('2026-12-31', 1)).toBe('2027-01-01')
    expect(dayAfter('2028-03-01', -1)).toBe('2028-02-29')
  })
})
