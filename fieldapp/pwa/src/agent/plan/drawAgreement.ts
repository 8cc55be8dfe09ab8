/** An agreement drawn for the screen; loaded only when there is one to show. */
import { agreementBlocks, agreementProof, type SignedAgreement } from '../../domain/agreement.ts'
import { paperLines, type PaperWords } from '../../domain/paper.ts'
import { drawPaper } from '../../papers/render.ts'

/** Throws a refusal of `domain/agreement.ts` when the template cannot say this paper. */
export function drawAgreement(agreement: SignedAgreement, words: PaperWords): { canvas: OffscreenCanvas; lines: readonly string[] } {
  const blocks = agreementBlocks(agreement.value, words, agreement.digest)
  return { canvas: drawPaper(blocks, { code: agreementProof(agreement) }), lines: paperLines(blocks) }
}
