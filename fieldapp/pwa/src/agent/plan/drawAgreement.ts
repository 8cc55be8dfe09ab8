/** An agreement drawn for the screen; loaded only when there is one to show. */
import { agreementBlocks, type SignedAgreement } from '../../domain/agreement.ts'
import { agreementProof } from '../../domain/agreementProof.ts'
import type { PaperWords } from '../../domain/paper.ts'
import { drawn, type DrawnPaper } from '../money/drawPaper'

/** Throws a refusal of `domain/agreement.ts` when the template cannot say this paper. */
export function drawAgreement(agreement: SignedAgreement, words: PaperWords): DrawnPaper {
  const blocks = agreementBlocks(agreement.value, words, agreement.digest)
  // Behind the `#`: what the paper says is not sent to any server by merely opening the address.
  return drawn(blocks, async () => `${location.origin}/v/#${await agreementProof(agreement)}`)
}
