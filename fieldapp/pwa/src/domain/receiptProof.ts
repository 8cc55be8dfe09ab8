/**
 * What the code on a receipt says. The twin of `domain/receipt_proof.py`: `2.<receipt>.<signature>` carries the signed
 * receipt itself, without the names of its fields and deflated; where it would grow too long for a readable code, or
 * this browser cannot deflate, `1.<name>.<digest>.<signature>` carries what was signed.
 */
import { base64url } from '../outbox/bytes.ts'
import { deflated, packedText } from './codePacking.ts'
import { receiptName, type ReceiptValue } from './receipt.ts'

/** Characters of a proof that still leave room for a page's address in the code. */
const LONGEST = 1_100

export async function receiptProof(value: ReceiptValue, digest: string, signature: string): Promise<string> {
  const content = await deflated(packedReceipt(value))
  const whole = content && `2.${content}.${signature}`
  if (whole && whole.length <= LONGEST) return whole
  return ['1', receiptName(value), base64url(fromHex(digest)), signature].join('.')
}

/** The receipt as a list of its values in the order of their sorted names. */
export const packedReceipt = (value: ReceiptValue): string => packedText(value)

const fromHex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
