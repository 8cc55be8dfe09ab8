/** The paper of a payment, drawn for the screen; loaded only when there is one to show. */
import { memoPayload, paperBlocks, paperLines, type Block, type PaperWords } from '../../domain/paper.ts'
import type { ReceiptValue } from '../../domain/receipt.ts'
import { receiptProof } from '../../domain/receiptProof.ts'
import type { PaymentBody } from '../../domain/visit.ts'
import { escpos, type RollWidth } from '../../papers/escpos.ts'
import own from '../../papers/templates/default.it.json'
import { drawPaper as draw } from '../../papers/render.ts'
import type { StopCard } from '../shapes'
import { memoOf } from './payment'

export interface DrawnPaper {
  readonly canvas: OffscreenCanvas
  readonly lines: readonly string[]
  /** The same paper for a receipt printer. */
  readonly slip: (width: RollWidth) => Uint8Array
}

/**
 * Throws a refusal of `domain/paper.ts` when the template cannot say this paper. What a template that came with the day
 * does not know yet (a sentence of a newer app) is said in the app's own words.
 */
export async function drawPaper(stop: StopCard, payment: PaymentBody, given: PaperWords, link = ''): Promise<DrawnPaper> {
  const { receipt } = payment
  const words = { ...own, ...given }
  if (receipt) {
    // Built and checked by `buildReceipt` before it was signed.
    const value = receipt.value as unknown as ReceiptValue
    const blocks = paperBlocks(value, words, receipt.digest)
    // Behind the `#`: what the paper says is not sent to any server by merely opening the address.
    const code = `${location.origin}/v/#${await receiptProof(value, receipt.digest, receipt.signature)}`
    return drawn(blocks, code)
  }
  const memo = memoOf(stop, payment, link)
  const blocks = paperBlocks(memo, words, '')
  return drawn(blocks, memo.kind === 'transfer_memo' ? memoPayload(memo) : memo.reference)
}

const drawn = (blocks: readonly Block[], code: string): DrawnPaper => ({
  canvas: draw(blocks, { code }), lines: paperLines(blocks), slip: (width) => escpos(blocks, { width, code }),
})
