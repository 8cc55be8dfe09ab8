/** The sentence above the signature: always Italian, for it is the debtor's paper and not the agent's screen. */
import words from '../text/signed.it.json'
import { ACKNOWLEDGING, effectOfSigning, type SignedLine } from '../domain/limitation.ts'
import type { AgreementPaper } from '../domain/agreement.ts'
import { outcomeOf } from '../domain/outcomes.ts'
import { approvedHere, capturedOf, type Draft, type Typing } from './draft'
import { lineTotal } from './day'
import { debtorOf } from './describe'
import type { DebtLineCard } from './shapes'

const fill = (sentence: string, values: Readonly<Record<string, string>>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')

const euro = (cents: number): string => {
  const whole = String(Math.trunc(cents / 100)).replace(/\B(?=(\d{3})+$)/g, '.')
  return `${whole},${String(cents % 100).padStart(2, '0')} €`
}

const day = (iso: string): string => iso.split('-').reverse().join('/')

/** What is agreed, in a sentence; the whole stands on the paper that the digest names. */
function agreementText(value: AgreementPaper, approved: boolean): string {
  if (value.kind === 'settlement') return fill(approved ? words.settlement_approved : words.settlement, { amount: euro(value.offer_cents), until: day(value.pay_by) })
  return fill(words.plan, {
    total: euro(value.total_cents), count: String(value.instalments.length), every: words.every[value.every],
    first: day(value.instalments[0]?.due_on ?? ''),
  })
}

/** What the signer saw; its digest is stored beside the picture. `lines` is what is still owed, `today` the day. */
export function signedText(
  draft: Draft, typing: Typing, { lines, today }: { lines: readonly DebtLineCard[]; today: string },
): string {
  const { practice } = draft.stop
  const parts = [
    fill(words.who, { debtor: debtorOf(practice), practice: practice.practice_number, creditor: practice.creditor.name }),
  ]
  const { agreement } = draft
  if (agreement) {
    const effect = effectOfSigning(dated(lines), today, words)
    parts.push(agreementText(agreement.value, approvedHere(draft) !== null), ...effect, fill(words.agreement, { digest: agreement.digest }))
    if (draft.statement.trim()) parts.push(fill(words.statement, { statement: draft.statement.trim() }))
    return parts.join('\n')
  }
  const captured = capturedOf(draft, typing)
  const amount = (name: string): string => euro(Number(captured[name] ?? 0))
  switch (draft.outcome) {
    case 'PROMISE_TO_PAY':
    case 'PAID_PARTIAL':
      if (captured['promise_on'] && captured['promise_cents']) {
        parts.push(fill(words.promise, { amount: amount('promise_cents'), on: day(String(captured['promise_on'])) }))
      }
      break
    default:
      break
  }
  if (draft.outcome && ACKNOWLEDGING.has(draft.outcome)) parts.push(...effectOfSigning(dated(lines), today, words))
  for (const payment of draft.payments) {
    if (!payment.receipt) continue
    const amount = euro(payment.amount_cents)
    parts.push(payment.payer ? fill(words.paid_by_another, { amount, payer: payment.payer.name }) : fill(words.paid, { amount }))
  }
  if (draft.statement.trim()) parts.push(fill(words.statement, { statement: draft.statement.trim() }))
  if (parts.length === 1 && draft.outcome && outcomeOf(draft.outcome)) parts.push(words.met)
  return parts.join('\n')
}

/** The lines with something left on them; one whose clock the service did not send cannot be spoken of. */
const dated = (lines: readonly DebtLineCard[]): SignedLine[] =>
  lines.flatMap(({ title, limitation, ...owed }) => (limitation && lineTotal(owed) > 0 ? [{ title: title.trim(), ...limitation }] : []))
