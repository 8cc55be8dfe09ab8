import { describe, expect, it } from 'vitest'
import type { ImportReport } from '../api/shapes'
import { besideItsLine, fileTotal, isMoving, mergeReport, usualLayout } from './imports'

const report = (change: Partial<ImportReport>): ImportReport => ({
  id: 'a', file_name: 'x.csv', layout: 'l', creditor_name: null, state: 'read', progress: 0, created_at: '', created_by: '',
  accepted: 0, rejected: 0, accepted_cents: 0, rejected_cents: 0, new_practices: 0, changed_practices: 0,
  unchanged_practices: 0, refusal: null, warnings: [], rejects: [], has_rejects_file: false, ...change,
})

describe('the list of imports', () => {
  it('puts a new report first and a known one in its place', () => {
    const list = [report({ id: 'a' }), report({ id: 'b' })]

    expect(mergeReport(list, report({ id: 'c' })).map((one) => one.id)).toEqual(['c', 'a', 'b'])
    expect(mergeReport(list, report({ id: 'b', state: 'done' })).map((one) => one.state)).toEqual(['read', 'done'])
  })

  it('asks again only while the service is at work', () => {
    expect(['reading', 'read', 'writing', 'done', 'refused', 'failed'].map((state) => isMoving(report({ state: state as ImportReport['state'] })))).toEqual([
      true, false, true, false, false, false,
    ])
  })

  it('adds accepted and rejected to what the file holds', () => {
    expect(fileTotal(report({ accepted: 3, rejected: 2, accepted_cents: 1001, rejected_cents: 99 }))).toEqual({ rows: 5, cents: 1100 })
  })

  it('takes the layout that the creditor usually sends', () => {
    expect(usualLayout('b', [{ name: 'a' }, { name: 'b' }])).toBe('b')
    expect(usualLayout('gone', [{ name: 'a' }])).toBe('a')
    expect(usualLayout(undefined, [])).toBe('')
  })
})

describe('why a row was rejected', () => {
  it.each([
    ['Riga 5: manca il CAP.', 5, 'manca il CAP.'],
    ['Ligne 5 : le code postal manque.', 5, 'le code postal manque.'],
    // another line is told
    ['Riga 51: manca il CAP.', 5, 'Riga 51: manca il CAP.'],
    ['Il conto della riga 5: non torna.', 5, 'Il conto della riga 5: non torna.'],
  ])('%s beside line %i', (reason, line, said) => {
    expect(besideItsLine(reason, line)).toBe(said)
  })
})
