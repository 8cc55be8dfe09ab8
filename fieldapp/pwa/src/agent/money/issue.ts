/**
 * A receipt under the device's own number: number, place in the chain, signature and the draft that holds the payment
 * are written in one transaction, or none of them is.
 */
import { buildReceipt, sealReceipt, type ReceiptDraft } from '../../domain/receipt.ts'
import { Refused } from '../../domain/reading.ts'
import { MOST_PAYMENTS, type PaymentBody } from '../../domain/visit.ts'
import { base64url } from '../../outbox/bytes'
import { nextNumber } from '../../outbox/envelopes'
import { toBytes, type StoredRecord } from '../../outbox/storage'
import type { Draft } from '../draft'
import type { Drafts } from '../drafts'

export interface Issuing {
  readonly content: ReceiptDraft
  /** The payment as the report will hold it, with its receipt. */
  readonly payment: (receipt: NonNullable<PaymentBody['receipt']>) => PaymentBody
  readonly key: CryptoKey
}

/** A report that holds more would not be taken, and no receipt is given for what cannot be reported. */
export function refuseTooMany(draft: Draft): void {
  if (draft.payments.length >= MOST_PAYMENTS) throw new Refused('payment.too_many', { most: MOST_PAYMENTS })
}

/** The draft with the payment, as it lies there now. Refused: `payment.too_many`, `receipt.numbers_used_up`, `visit.other_window`. */
export function issue(drafts: Drafts, draft: Draft, { content, payment, key }: Issuing): Promise<Draft> {
  return drafts.commit(draft, async (counters, written) => {
    refuseTooMany(draft)
    const series = counters.receipt
    const number = series ? nextNumber(series) : null
    if (!series || number === null) throw new Refused('receipt.numbers_used_up')
    const built = buildReceipt(content, { series: series.series, number, chain_head: counters.chain_head })
    if (built.kind === 'refused') throw built.refusal
    const sealed = await sealReceipt(built.value, key)
    const receipt = {
      value: JSON.parse(sealed.text) as Record<string, unknown>, digest: sealed.digest, signature: base64url(sealed.signature),
    }
    const paid = written({ ...draft, payments: [...draft.payments, payment(receipt)] })
    const record: StoredRecord = {
      key: sealed.digest, kind: 'receipt', state: 'issued', seq: number, bytes: toBytes({ ...receipt, visit_id: draft.visit_id }),
    }
    return {
      counters: { ...counters, chain_head: sealed.digest, receipt: { ...series, used: number } }, draft: paid, put: [record], result: paid,
    }
  })
}
