import { describe, expect, it } from 'vitest'
import type { FigureCells } from '../../api/shapes'
import { asked, BYS, COLUMNS, columnsOf, each, eachKm, percent, periods, share } from './figures'

const cells = (more: Partial<FigureCells> = {}): FigureCells => ({
  visits: 0, reached: 0, kept: 0, broken: 0, recovered_cents: 0, planned: 0, done: 0, metres: 0, ...more,
})

describe('what follows from figures', () => {
  it('is nothing where there is nothing to divide by', () => {
    expect([percent(0, 0), each(500, 0), eachKm(cells({ recovered_cents: 500, metres: 99 }))]).toEqual([null, null, null])
  })

  it('is rounded to the percent and to the cent', () => {
    expect([percent(1, 3), each(1_000, 3), eachKm(cells({ recovered_cents: 30_000, metres: 8_000 }))]).toEqual([33, 333, 3_750])
  })

  it('measures a group by the most recovered one, and money given back as none', () => {
    const rows = [1_000, 250, -300].map((recovered_cents) => ({ key: '', name: '', cells: cells({ recovered_cents }) }))
    const page = { from_on: '', to_on: '', by: 'area' as const, rows, total: cells() }
    expect(rows.map((row) => share(row.cells, page))).toEqual([1, 0.25, 0])
  })

  it('has no money and no promises by team or by agent', () => {
    const whoWent = ['visits', 'reached', 'km', 'planned', 'plan']
    for (const by of BYS) expect(columnsOf(by)).toEqual(by === 'squad' || by === 'agent' ? whoWent : COLUMNS)
  })

  it('offers agents only where a legal basis stands', () => {
    const basis = {
      ground: 'inspectorate' as const, reference: 'INL 12/2026', signed_on: '2026-11-02', told_on: '2026-11-03', from_on: '2026-11-04',
      recorded_by: 'Ada', recorded_at: '2026-11-04T09:00:00Z',
    }

    expect(asked(null)).toEqual(BYS.filter((by) => by !== 'agent'))
    expect(asked(basis)).toEqual(BYS)
  })

  it('knows the months, over the turn of a year too', () => {
    expect(periods('2027-01-03')).toEqual({
      last_week: ['2026-12-28', '2027-01-03'], this_month: ['2027-01-01', '2027-01-03'], last_month: ['2026-12-01', '2026-12-31'],
    })
  })
})
