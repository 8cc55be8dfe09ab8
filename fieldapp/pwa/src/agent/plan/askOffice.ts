/**
 * A settlement laid before the office while both still stand at the door. Only the office can say yes: without network the
 * proposal travels with the visit and is decided later. Asking again is how the answer is heard.
 */
import type { SettlementRow } from '../../api/shapes'
import { approvedHere, type AskedOffice, type Draft } from '../draft'
import { wire } from '../phone.svelte'

const PATH = '/api/v1/field/settlements'

export type Answer = { readonly kind: 'told'; readonly asked: AskedOffice } | { readonly kind: 'away' } | { readonly kind: 'refused'; readonly code: string }

export async function askOffice(draft: Draft): Promise<Answer> {
  const { agreement } = draft
  if (agreement?.value.kind !== 'settlement') throw new Error('no settlement is on paper')
  const reply = await wire.signed<SettlementRow>({
    method: 'POST', path: PATH,
    json: { id: agreement.value.id, practice_id: draft.stop.practice.id, visit_id: draft.visit_id, paper: agreement },
  })
  if (reply.kind === 'failed') return reply.code === null ? { kind: 'away' } : { kind: 'refused', code: reply.code }
  const { id, state, note, decided_at } = reply.value
  return { kind: 'told', asked: { id, state, note, decided_at } }
}

/** Money that pays the whole of what was approved a moment ago ends the visit as what it is. */
export function paidOff(draft: Draft): Draft {
  const settlement = approvedHere(draft)
  if (draft.outcome !== 'SETTLEMENT_PROPOSED' || !settlement) return draft
  const paid = draft.payments.reduce((sum, payment) => sum + (payment.receipt ? payment.amount_cents : 0), 0)
  if (paid < settlement.offer_cents) return draft
  const answers = { ...draft.answers, authorised_by: 'creditor', authorisation: settlement.id.slice(0, 8) }
  return { ...draft, outcome: 'SETTLEMENT_PAID', answers }
}
