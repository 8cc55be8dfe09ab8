/** The paper of a payment, drawn for the screen; loaded only when there is one to show. */
import { memoPayload, paperBlocks, paperLines, type Block, type PaperWords } from '../../domain/paper.ts'
import type { ReceiptValue } from '../../domain/receipt.ts'
import { receiptProof } from '../../domain/receiptProof.ts'
import type { PaymentBody } from '../../domain/visit.ts'
import { escpos, type RollWidth } from '../../papers/escpos.ts'
import own from '../../papers/templates/default.it.json'
import { drawPaper as draw, renderPaper } from '../../papers/render.ts'
import type { StopCard } from '../shapes'
import { memoOf } from './payment'

export interface DrawnPaper {
  readonly lines: readonly string[]
  /** The words on the screen; what this returns paints the code beside them, which takes longer to make. */
  readonly draw: (canvas: HTMLCanvasElement) => (code: string) => void
  readonly code: () => Promise<string>
  readonly picture: () => Promise<Blob>
  /** The same paper for a receipt printer. */
  readonly slip: (width: RollWidth) => Promise<Uint8Array>
}

/**
 * Throws a refusal of `domain/paper.ts` when the template cannot say this paper. What a template that came with the day
 * does not know yet (a sentence of a newer app) is said in the app's own words.
 */
export function drawPaper(stop: StopCard, payment: PaymentBody, given: PaperWords, link = ''): DrawnPaper {
  const { receipt } = payment
  const words = { ...own, ...given }
  if (receipt) {
    // Built and checked by `buildReceipt` before it was signed.
    const value = receipt.value as unknown as ReceiptValue
    const blocks = paperBlocks(value, words, receipt.digest)
    // Behind the `#`: what the paper says is not sent to any server by merely opening the address.
    return drawn(blocks, async () => `${location.origin}/v/#${await receiptProof(value, receipt.digest, receipt.signature)}`)
  }
  const memo = memoOf(stop, payment, link)
  const blocks = paperBlocks(memo, words, '')
  return drawn(blocks, () => Promise.resolve(memo.kind === 'transfer_memo' ? memoPayload(memo) : memo.reference))
}

/** A paper of `blocks`; its code is made when it is first asked for. */
export function drawn(blocks: readonly Block[], code: () => Promise<string>): DrawnPaper {
  let made: Promise<string> | null = null
  const once = (): Promise<string> => (made ??= code())
  return {
    lines: paperLines(blocks),
    draw: (canvas) => draw(canvas, blocks, { withCode: true, scale: screenScale() }),
    code: once,
    picture: async () => (await renderPaper(blocks, { code: await once() })).png,
    slip: async (width) => escpos(blocks, { width, code: await once() }),
  }
}

/** As many pixels as this screen has, and never fewer than read well. */
const screenScale = (): number => Math.min(3, Math.max(2, Math.ceil(devicePixelRatio)))
