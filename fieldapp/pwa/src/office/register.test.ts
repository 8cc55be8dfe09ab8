import { describe, expect, it } from 'vitest'
import type { AuditRow } from '../api/shapes'
import { words } from '../desk/words.it'
import { speak } from '../text'
import { detailsInWords } from './register'

const entry = (action: string, details: Record<string, unknown>): AuditRow => ({ action, details }) as AuditRow

describe('the details of an entry of the register', () => {
  speak('it', words)

  it('are written as a person reads them, without keys, fingerprints and what is empty', () => {
    const told = detailsInWords(entry('day.published', {
      version: 2, left_out: {}, plan_id: '01a22e86-4b1e-71cd-b67f-565bd170c748', sha256: 'ab12', lanes: ['01a22e86-4b1e-71cd-b67f-565bd170c748'], reason: '',
    }))

    expect(told).toBe('Versione: 2')
  })

  it('name a creditor’s terms as their screen does, rates in per cent and yes or no in words', () => {
    const told = detailsInWords(entry('terms.set', { valid_from: '2026-12-01', most_months: 24, yearly_rate_bp: 450, debtor_chooses: true }))

    expect(told).toBe('Vale dal: 01/12/2026 · Mesi al massimo: 24 · Interessi del piano, l\'anno: 4,50 % · Sceglie il debitore: Sì')
  })
})
