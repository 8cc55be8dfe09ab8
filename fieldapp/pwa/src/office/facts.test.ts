import { beforeAll, describe, expect, it } from 'vitest'
import type { AttemptCard } from '../api/shapes'
import { speak } from '../text'
import { contactInWords } from './facts'

const call = (change: Partial<AttemptCard>): AttemptCard => ({ at: '2026-11-24T09:30:00Z', channel: 'call', outcome: 'CALLED', by: 'Call center', reached: false, ...change })

beforeAll(() =>
  speak('it', { 'contact.call': 'Telefonata: {how}', 'contact.CALLED': 'senza esito', 'contact.spoken': 'colloquio con il debitore' }),
)

describe('a contact made elsewhere', () => {
  it.each([
    [false, 'Telefonata: senza esito'],
    [true, 'Telefonata: colloquio con il debitore'],
  ])('says whether the debtor was reached: %s', (reached, words) => {
    expect(contactInWords(call({ reached }))).toBe(words)
  })
})
