/**
 * What the code on a repayment plan or a settlement says. The twin of `domain/agreement_proof.py`: `3.<p or s>.<paper>.
 * <signature>` carries the signed paper without what follows from its terms; where this browser cannot deflate,
 * `2.<id>.<digest>.<signature>` names it, and the page knows it once it has come in.
 */
import type { AgreementPaper, SignedAgreement } from './agreement.ts'
import { deflated, packedText } from './codePacking.ts'

export async function agreementProof({ value, digest, signature }: SignedAgreement): Promise<string> {
  const content = await deflated(packedAgreement(value))
  if (content === null) return ['2', value.id, digest, signature].join('.')
  return ['3', value.kind === 'repayment_plan' ? 'p' : 's', content, signature].join('.')
}

/** The paper as a list of values: its kind is said by the letter, a plan's instalments and sums follow from its terms. */
export function packedAgreement(paper: AgreementPaper): string {
  if (paper.kind === 'settlement') return packedText(without(paper, ['kind']))
  const terms = without(paper, ['kind', 'interest_cents', 'total_cents', 'instalments'])
  return packedText({ ...terms, count: paper.instalments.length, first_due_on: paper.instalments[0]?.due_on ?? '' })
}

const without = <T extends object>(paper: T, names: readonly (keyof T & string)[]): object =>
  Object.fromEntries(Object.entries(paper).filter(([name]) => !(names as readonly string[]).includes(name)))
