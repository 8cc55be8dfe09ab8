import { describe, expect, it } from 'vitest'
import epcCases from '../../../../tests/golden/epc.json'
import paperCases from '../../../../tests/golden/papers.json'
import words from '../papers/templates/default.it.json'
import { sha256Hex } from '../outbox/bytes.ts'
import { canonicalText } from './canonical.ts'
import { compactIban, epcPayload, spacedIban } from './epc.ts'
import {
  checkMemo, checkNotice, fill, memoPayload, paperBlocks, paperLines, type Paper, type TransferMemo, type VisitNotice,
} from './paper.ts'
import { attempt } from './reading.ts'

interface PaperCase {
  readonly name: string
  readonly value: Paper
  readonly digest: string
  readonly blocks: readonly (readonly [string, string, string])[]
}

const PAPERS = paperCases as unknown as readonly PaperCase[]
const MEMO = PAPERS.find(({ value }) => value.kind === 'transfer_memo')?.value as TransferMemo
const NOTICE = PAPERS.find(({ value }) => value.kind === 'visit_notice')?.value as VisitNotice

describe('papers', () => {
  it.each(PAPERS)('$name: shows the agreed blocks', async ({ value, digest, blocks }) => {
    expect(await sha256Hex(canonicalText(value))).toBe(digest)
    expect(paperBlocks(value, words, digest).map(({ role, label, text }) => [role, label, text])).toEqual(blocks)
  })

  it('have as lines their labels and texts', () => {
    const lines = paperLines([{ role: 'title', label: '', text: 'a' }, { role: 'field', label: 'b', text: 'c' }])

    expect(lines).toEqual(['a', 'b', 'c'])
  })

  it('fail before anything is drawn when a sentence or a placeholder is missing', () => {
    expect(() => fill({}, 'receipt.title')).toThrow('paper.words_missing')
    expect(() => fill({ a: '{nobody}' }, 'a', { somebody: 1 })).toThrow('paper.words_missing')
    expect(fill({ a: '{name}!' }, 'a', { name: '{name} $& $1' })).toBe('{name} $& $1!')
  })
})

describe('transfer memos', () => {
  it.each(epcCases)('hold what banks read: $expected', ({ given, expected }) => {
    const answer = attempt(() => epcPayload(given))

    expect(answer.kind === 'ok' ? { payload: answer.value } : { refused: answer.refusal.code }).toEqual(expected)
  })

  it('carry their own code', () => {
    expect(memoPayload(MEMO).split('\n').slice(5, 8)).toEqual(['Banca Esempio S.p.A.', MEMO.creditor.iban, 'EUR150.00'])
    expect(() => { checkMemo(MEMO) }).not.toThrow()
  })

  it.each<Partial<TransferMemo>>([
    { expected_on: '2026-02-29' }, { amount_cents: 0 }, { remittance: '' }, { remittance: 'x'.repeat(141) }, { bic: 'NOBIC' },
  ])('that no bank could read are refused: %o', (changes) => {
    expect(() => { checkMemo({ ...MEMO, ...changes }) }).toThrow(/^paper\./)
  })

  it('read an IBAN with its blanks and show it with them', () => {
    expect(compactIban(spacedIban(MEMO.creditor.iban).toLowerCase())).toBe(MEMO.creditor.iban)
  })
})

describe('visit notices', () => {
  it.each<Partial<VisitNotice['caller']>>([
    { name: 'Aldini Recupero Crediti' }, { name: 'Ufficio insoluti' }, { hours: 'urgente' }, { ask_for: 'saldo di 150 €' },
  ])('that tell a stranger their matter are refused: %o', (changes) => {
    const notice = { ...NOTICE, caller: { ...NOTICE.caller, ...changes } }

    expect(() => paperBlocks(notice, words, '')).toThrow('paper.notice_not_neutral')
  })

  it('have a caller, a place and a number', () => {
    expect(() => { checkNotice(NOTICE) }).not.toThrow()
    expect(() => { checkNotice({ ...NOTICE, caller: { ...NOTICE.caller, phone: '' } }) }).toThrow('paper.malformed')
    expect(() => { checkNotice({ ...NOTICE, number: 0 }) }).toThrow('paper.malformed')
  })
})
