/** An agreement drawn for the screen; loaded only when there is one to show. */
import { agreementBlocks, type SignedAgreement } from '../../domain/agreement.ts'
import { agreementProof } from '../../domain/agreementProof.ts'
import { paperLines, type PaperWords } from '../../domain/paper.ts'
import { escpos } from '../../papers/escpos.ts'
import { drawPaper } from '../../papers/render.ts'
import type { DrawnPaper } from '../money/drawPaper'

/** Throws a refusal of `domain/agreement.ts` when the template cannot say this paper. */
export async function drawAgreement(agreement: SignedAgreement, words: PaperWords): Promise<DrawnPaper> {
  const blocks = agreementBlocks(agreement.value, words, agreement.digest)
  // Behind the `#`: what the paper says is not sent to any server by merely opening the address.
  const code = `${location.origin}/v/#${await agreementProof(agreement)}`
  return { canvas: drawPaper(blocks, { code }), lines: paperLines(blocks), slip: (width) => escpos(blocks, { width, code }) }
}
