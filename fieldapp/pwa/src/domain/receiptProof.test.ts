import { describe, expect, it } from 'vitest'
import receiptCases from '../../../../tests/golden/receipts.json'
import signatureCases from '../../../../tests/golden/receipt_signatures.json'
import { base64url } from '../outbox/bytes.ts'
import { packedReceipt, receiptProof } from './receiptProof.ts'
import type { ReceiptValue } from './receipt.ts'

const RECEIPTS = receiptCases as unknown as { name: string; value: ReceiptValue; packed: string; digest: string }[]
const [CASH] = RECEIPTS
if (!CASH) throw new Error('the golden cases begin with a receipt in cash')
const SIGNATURE = 'A'.repeat(86)

const bytesOf = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))

async function inflated(part: string): Promise<string> {
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(stream).text()
}

describe('the proof in the code of a receipt', () => {
  it.each(RECEIPTS)('$name: carries the receipt as the service packs it', async ({ value, packed, digest }) => {
    const [version, content, signature] = (await receiptProof(value, digest, SIGNATURE)).split('.')

    expect(packedReceipt(value)).toBe(packed)
    expect([version, signature]).toEqual(['2', SIGNATURE])
    expect(await inflated(content ?? '')).toBe(packed)
  })

  it.each(signatureCases)('names the digest where the receipt is too long ($made_by)', async ({ signature_hex, digest_proof }) => {
    const line = CASH.value.lines[0]
    const lines = Array.from({ length: 200 }, (_, at) => ({ ...line, title: `Contratto ${String(at * 7919)} del 2025` }))
    const value = { ...CASH.value, lines } as ReceiptValue

    expect(await receiptProof(value, CASH.digest, base64url(bytesOf(signature_hex)))).toBe(digest_proof)
  })
})
