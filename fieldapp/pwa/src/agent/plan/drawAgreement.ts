/** An agreement drawn for the screen; loaded only when there is one to show. */
import { agreementBlocks, agreementProof, type SignedAgreement } from '../../domain/agreement.ts'
import { paperLines, type PaperWords } from '../../domain/paper.ts'
import { escpos } from '../../papers/escpos.ts'
import { drawPaper } from '../../papers/render.ts'
import type { DrawnPaper } from '../money/drawPaper'

/** Throws a refusal of `domain/agreement.ts` when the template cannot say this paper. */
export function drawAgreement(agreement: SignedAgreement, words: PaperWords): DrawnPaper {
  const blocks = agreementBlocks(agreement.value, words, agreement.digest)
  const code = agreementProof(agreement)
  return { canvas: drawPaper(blocks, { code }), lines: paperLines(blocks), slip: (width) => escpos(blocks, { width, code }) }
}
