import { describe, expect, it } from 'vitest'
import canonicalCases from '../../../../tests/golden/canonical.json'
import receiptCases from '../../../../tests/golden/receipts.json'
import signatureCases from '../../../../tests/golden/receipt_signatures.json'
import stampCases from '../../../../tests/golden/stamp_duty.json'
import { sha256Hex } from '../outbox/bytes.ts'
import { canonicalBytes, canonicalText } from './canonical.ts'
import {
  GENESIS, buildReceipt, checkReceipt, handedOverCents, receiptName, sealReceipt, stampDuty,
  type ReceiptDraft, type ReceiptValue, type StampDuty,
} from './receipt.ts'

const RECEIPTS = receiptCases as unknown as { name: string; value: ReceiptValue; text: string; digest: string }[]
const [CASH] = RECEIPTS
if (!CASH) throw new Error('the golden cases begin with a receipt in cash')
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const bytesOf = (digits: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))

describe('canonical text', () => {
  it.each(canonicalCases)('spells $text as the service does', async ({ value, text, sha256 }) => {
    expect(canonicalText(value)).toBe(text)
    expect(await sha256Hex(text)).toBe(sha256)
  })

  it.each([0.5, NaN, Infinity, 2 ** 53, undefined, 1n, '\ud800', { 'è': 1 }, { a: undefined }, () => 1])(
    'refuses %s', (value) => {
      expect(() => canonicalText(value)).toThrow(TypeError)
    })
})

describe('receipts', () => {
  it.each(RECEIPTS)('$name: built here, it has the bytes and the digest that the service reads', async ({ value, text, digest }) => {
    const place = { series: value.series, number: value.number, chain_head: value.prev_digest }
    const built = buildReceipt(value, place)

    expect(built).toEqual({ kind: 'ok', value })
    expect(canonicalText(value)).toBe(text)
    expect(await sha256Hex(text)).toBe(digest)
  })

  it('names no predecessor when it is the first', () => {
    const built = buildReceipt(CASH.value, { series: 'A7', number: 1, chain_head: '' })

    expect(built.kind === 'ok' && built.value.prev_digest).toBe(GENESIS)
  })

  it('is sealed with a key that cannot be read out, and the seal holds for these bytes only', async () => {
    const keys = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])
    const sealed = await sealReceipt(CASH.value, keys.privateKey)

    expect(sealed.digest).toBe(CASH.digest)
    expect(sealed.signature.length).toBe(64)
    const content = canonicalBytes(CASH.value)
    expect(await crypto.subtle.verify(ALGORITHM, keys.publicKey, sealed.signature, content)).toBe(true)
    const altered = canonicalBytes({ ...CASH.value, amount_cents: 15_001 })
    expect(await crypto.subtle.verify(ALGORITHM, keys.publicKey, sealed.signature, altered)).toBe(false)
  })

  it.each(signatureCases)('a signature made by $made_by is verified here', async ({ public_hex, signature_hex }) => {
    const key = await crypto.subtle.importKey('raw', bytesOf(public_hex), ALGORITHM, true, ['verify'])
    const signature = bytesOf(signature_hex)

    expect(await crypto.subtle.verify(ALGORITHM, key, signature, canonicalBytes(CASH.value))).toBe(true)
  })

  it.each<[string, Partial<ReceiptDraft>]>([
    ['receipt.lines_differ_from_amount', { amount_cents: 15_001 }],
    ['paper.amount_not_spellable', { amount_cents: -5 }],
    ['payment.amount_out_of_range', { amount_cents: 0, lines: [] }],
    ['receipt.line_empty', { lines: [{ title: 'x', principal_cents: 15_100, interest_cents: -100, costs_cents: 0 }] }],
    ['receipt.wording_differs_from_residual', { residual_cents: 0 }],
    ['receipt.instalment_number_wrong', { wording: { kind: 'instalment', number: 7, of: 6 } }],
    ['receipt.method_differs_from_kind', { method: { code: 'bank_transfer', answers: {} } }],
    ['payment.method_unknown', { method: { code: 'gold', answers: {} } }],
    ['payment.field_unknown', { method: { code: 'cash', answers: { note: 'x' } } }],
    ['paper.malformed', { method: { code: 'card', answers: { acquirer: 'N', authorisation_code: 'a1' } } }],
    ['paper.malformed', { issued_at: '2026-11-26T09:42:10Z' }],
    ['paper.malformed', { issued_at: '2026-02-29T09:42:10.000Z' }],
    ['paper.malformed', { debtor: 'Mario \u202eihcnaiB' }],
    ['paper.malformed', { debtor: 'Mario\nBianchi' }],
    ['paper.malformed', { place: '' }],
    ['paper.malformed', { device: 'phone' }],
    ['paper.iban_invalid', { creditor: { name: 'x', iban: 'IT00X0542811101000000123456' } }],
  ])('that contradict themselves are refused: %s %o', (code, changes) => {
    const built = buildReceipt({ ...CASH.value, ...changes }, { series: 'A7', number: 147, chain_head: '' })

    expect(built.kind === 'refused' && built.refusal.code).toBe(code)
  })

  it.each([0, 1_000_000, 1.5])('have no number %d', (number) => {
    expect(() => { checkReceipt({ ...CASH.value, number }) }).toThrow('paper.malformed')
  })

  it('are quoted by series and six digits', () => {
    expect(receiptName(CASH.value)).toBe('A7-000147')
  })
})

describe('stamp duty', () => {
  it.each(stampCases)('on $amount_cents charged to $charged_to $exemption', ({ amount_cents, charged_to, exemption, authorisation, expected }) => {
    const rule = { due_cents: 200, above_cents: 7_747, charged_to: charged_to as StampDuty['charged_to'], authorisation }

    expect(stampDuty(amount_cents, rule, exemption as '' | 'subject_to_vat' | 'exempt')).toEqual(expected)
  })

  it('is handed over with the payment only by a debtor who bears it', () => {
    expect(handedOverCents(CASH.value)).toBe(15_200)
    expect(handedOverCents({ ...CASH.value, stamp_duty: { ...CASH.value.stamp_duty, charged_to: 'creditor' } })).toBe(15_000)
  })
})
