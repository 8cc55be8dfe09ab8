import { describe, expect, it } from 'vitest'
import { readBody } from '../domain/visit.ts'
import { bodyOf, newDraft, withAnswer, withMet, withOutcome, type Draft } from './draft'
import { kept } from './keptDraft'
import { continued, othersAt } from './oneDoor'
import { aStop } from './testing'
import { typing } from './visit/typing'
import type { StopCard } from './shapes'

const IDS = ['0198a3c2-7f00-7abc-8def-012345678901', '0198a3c2-7f00-7abc-8def-012345678902', '0198a3c2-7f00-7abc-8def-012345678903'] as const
const AT = '2026-11-23T09:10:00.000Z'

function sought(id: string, taxCode: string | null, address: Partial<StopCard['address']> = {}, role: 'debtor' | 'guarantor' = 'debtor'): StopCard {
  const stop = aStop(id)
  const [debtor] = stop.practice.obligors
  if (!debtor) throw new Error('the builder knows a debtor')
  return {
    ...stop, address: { ...stop.address, ...address },
    practice: { ...stop.practice, obligors: [{ ...debtor, role, tax_code: taxCode }] },
  }
}

describe('two practices, one door', () => {
  const first = sought(IDS[0], 'BNCMRA80A01E648Z')

  it('finds the other practice of the same person at the same place, however the address is written', () => {
    const second = sought(IDS[1], 'bncmra80a01e648z', { street: 'VIA ROMA', house_number: '12' })

    expect(othersAt(first, [first, second])).toEqual([second])
  })

  for (const [why, other] of [
    ['another person in the same house', sought(IDS[1], 'VRDLCU80A01E648Z')],
    ['somebody of the same name without a tax code', sought(IDS[1], null)],
    ['the same person at another address', sought(IDS[1], 'BNCMRA80A01E648Z', { house_number: '14' })],
    ['the same person as somebody else’s guarantor', sought(IDS[1], 'BNCMRA80A01E648Z', {}, 'guarantor')],
  ] as const) {
    it(`offers nothing for ${why}`, () => {
      expect(othersAt(first, [other])).toEqual([])
    })
  }

  it('asks once who was met and nothing twice, and names the first report', () => {
    const met: Draft = { ...withMet({ ...newDraft(first, { visitId: IDS[0], day: '2026-11-23' }), arrived_at: AT, no_position: 'off' }, 'debtor'), identified_by: 'document', identified_self: true }

    const next = continued(met, sought(IDS[1], 'BNCMRA80A01E648Z'), { visitId: IDS[1] })

    expect(next).toMatchObject({ arrived_at: AT, met: 'debtor', identified_by: 'document', identified_self: true, visit_id: IDS[1], with_visit_id: IDS[0] })
    const report = bodyOf(withAnswer(withOutcome(next, 'REFUSES'), 'reason', 'not_said'), { leftAt: '2026-11-23T09:20:00.000Z', appVersion: '0.1.0', offline: true, typing })
    expect(readBody(report).kind).toBe('ok')
    expect(report).toMatchObject({ with_visit_id: IDS[0], practice_id: IDS[1] })
    expect(continued(next, sought(IDS[2], 'BNCMRA80A01E648Z'), { visitId: IDS[2] }).with_visit_id).toBe(IDS[0])
  })

  it('carries nothing of the first creditor to the second, nor to whoever opened instead', () => {
    const told: Draft = {
      ...withMet({ ...newDraft(first, { visitId: IDS[0], day: '2026-11-23' }), arrived_at: AT, no_position: 'off' }, 'third_party'),
      role: 'neighbour', outcome: 'THIRD_PARTY_MET', answers: { 'notice.number': 'AV-000147' }, statement: 'no',
    }

    const next = continued(told, sought(IDS[1], 'BNCMRA80A01E648Z'), { visitId: IDS[1] })

    expect(next).toMatchObject({ outcome: null, answers: {}, statement: '', payments: [], signature: null, pictures: [] })
    expect(JSON.stringify(kept(next))).not.toMatch(/Banca|Prestito|75000|debt|credit|payment|2026\//i)
  })
})
