/**
 * Agreements as papers: the repayment plan and the settlement proposal. The twin of `domain/agreements.py`, which reads
 * the same bytes and works the schedule out again; golden cases hold both to the same blocks.
 */
import { sha256Hex } from '../outbox/bytes.ts'
import { canonicalBytes, canonicalText } from './canonical.ts'
import { LARGEST_CENTS, italian } from './money.ts'
import { fill, fingerprint, issuerBlocks, type Block, type PaperWords } from './paper.ts'
import { Refused, isDay, isWhole } from './reading.ts'
import {
  checkAgency, checkHeading, checkText, wallClock, type Agency, type PaperAgent, type PaperCreditor,
} from './receipt.ts'
import { repaymentPlan, type Every, type Instalment, type RepaymentPlan } from './repaymentPlan.ts'

interface Heading {
  readonly v: 1
  readonly id: string
  readonly issued_at: string
  readonly utc_offset_min: number
  readonly place: string
  readonly agency: Agency
  readonly creditor: PaperCreditor
  readonly debtor: string
  readonly practice: string
  readonly debt_cents: number
  readonly agent: PaperAgent
  readonly device: string
}

/** Piano di rientro. `replaces` is the id of the plan that this one renegotiates, or empty. */
export interface PlanPaper extends Heading {
  readonly kind: 'repayment_plan'
  readonly yearly_rate_bp: number
  readonly interest_cents: number
  readonly total_cents: number
  readonly every: Every
  readonly first_cents: number
  readonly each_cents: number
  readonly instalments: readonly Instalment[]
  readonly broken_after_days: number
  readonly broken_after_instalments: number
  readonly replaces: string
}

/** Saldo e stralcio, proposed: the debtor offers, the creditor decides. */
export interface SettlementPaper extends Heading {
  readonly kind: 'settlement'
  readonly offer_cents: number
  readonly pay_by: string
}

export type AgreementPaper = PlanPaper | SettlementPaper

/** An agreement signed by the agent's device, as the report carries it. */
export interface SignedAgreement {
  readonly value: AgreementPaper
  readonly digest: string
  readonly signature: string
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The plan's terms and schedule as they stand on the paper. */
export const planFields = ({ ask, interest_cents, total_cents, instalments }: RepaymentPlan) => ({
  debt_cents: ask.debt_cents, yearly_rate_bp: ask.yearly_rate_bp, interest_cents, total_cents, every: ask.every,
  first_cents: ask.first_cents, each_cents: ask.each_cents, instalments,
})

/** Throws `paper.malformed`, `repayment.schedule_differs` or what the schedule refuses. */
export function checkAgreement(paper: AgreementPaper): void {
  checkAgency(paper.agency)
  checkText(paper.creditor.name, 'creditor.name', 120)
  checkText(paper.agent.name, 'agent.name', 120)
  checkText(paper.agent.number, 'agent.number', 20)
  checkHeading(paper)
  checkText(paper.debtor, 'debtor', 160)
  checkText(paper.practice, 'practice', 60)
  if (!UUID.test(paper.id) || !UUID.test(paper.device)) throw new Refused('paper.malformed', { at: 'v, id, device' })
  if (paper.kind === 'repayment_plan') checkPlan(paper)
  else checkSettlement(paper)
}

function checkPlan(paper: PlanPaper): void {
  if (!isWhole(paper.debt_cents, 1, LARGEST_CENTS) || !isWhole(paper.total_cents, 1, LARGEST_CENTS)) {
    throw new Refused('paper.malformed', { at: 'sums' })
  }
  const again = repaymentPlan({
    debt_cents: paper.debt_cents, count: paper.instalments.length, first_due_on: paper.instalments[0]?.due_on ?? '',
    signed_on: wallClock(paper).slice(0, 10), every: paper.every, first_cents: paper.first_cents,
    each_cents: paper.each_cents, yearly_rate_bp: paper.yearly_rate_bp,
  })
  const sums = { interest_cents: paper.interest_cents, total_cents: paper.total_cents, instalments: paper.instalments }
  const { interest_cents, total_cents, instalments } = again
  if (canonicalText(sums) !== canonicalText({ interest_cents, total_cents, instalments })) {
    throw new Refused('repayment.schedule_differs')
  }
}

function checkSettlement(paper: SettlementPaper): void {
  if (!isDay(paper.pay_by)) throw new Refused('paper.malformed', { at: 'pay_by' })
  if (!isWhole(paper.offer_cents, 1, LARGEST_CENTS) || !isWhole(paper.debt_cents, 1, LARGEST_CENTS)) {
    throw new Refused('paper.malformed', { at: 'sums' })
  }
}

/** Spell, digest and sign with the device's key; throws what `checkAgreement` refuses. */
export async function sealAgreement(
  value: AgreementPaper, key: CryptoKey, encode: (bytes: Uint8Array<ArrayBuffer>) => string,
): Promise<SignedAgreement> {
  checkAgreement(value)
  const content = canonicalBytes(value)
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, content)
  return { value, digest: await sha256Hex(content), signature: encode(new Uint8Array(signature)) }
}

const block = (role: Block['role'], text: string, label = ''): Block => ({ role, label, text })
const italianDate = (iso: string): string => `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)}`
const rate = (bp: number): string => `${String(Math.floor(bp / 100))},${String(bp % 100).padStart(2, '0')}`

/** The blocks of the paper in reading order. Throws `paper.words_missing`. */
export function agreementBlocks(paper: AgreementPaper, words: PaperWords, digest: string): Block[] {
  const at = wallClock(paper)
  return [
    ...issuerBlocks(paper.agency, words),
    block('title', fill(words, `${paper.kind}.title`)),
    block('issued', fill(words, 'agreement.issued', { place: paper.place, date: italianDate(at), time: at.slice(11) })),
    block('amount', italian(paper.kind === 'repayment_plan' ? paper.total_cents : paper.offer_cents)),
    block('field', paper.debtor, fill(words, 'agreement.debtor')),
    block('field', paper.creditor.name, fill(words, 'agreement.creditor')),
    block('field', paper.practice, fill(words, 'agreement.practice')),
    ...(paper.kind === 'repayment_plan' ? planBlocks(paper, words) : settlementBlocks(paper, words)),
    block('field', fill(words, 'agreement.agent.text', { ...paper.agent }), fill(words, 'agreement.agent')),
    block('fingerprint', fingerprint(digest), fill(words, 'agreement.fingerprint')),
    block('qr', fill(words, 'agreement.qr')),
  ]
}

function planBlocks(paper: PlanPaper, words: PaperWords): Block[] {
  const of = paper.instalments.length
  const { broken_after_days: days, broken_after_instalments: instalments } = paper
  return [
    block('row', italian(paper.debt_cents), fill(words, 'repayment_plan.debt')),
    ...(paper.interest_cents
      ? [block('row', italian(paper.interest_cents), fill(words, 'repayment_plan.interest', { rate: rate(paper.yearly_rate_bp) }))]
      : []),
    block('total', italian(paper.total_cents), fill(words, 'repayment_plan.total')),
    block('section', fill(words, `repayment_plan.section.${paper.every}`)),
    ...paper.instalments.map(({ number, due_on, cents }) =>
      block('row', italian(cents), fill(words, 'repayment_plan.instalment', { number, of, on: italianDate(due_on) })),
    ),
    ...(paper.replaces ? [block('note', fill(words, 'repayment_plan.replaces'))] : []),
    block('note', fill(words, 'repayment_plan.broken', { days, instalments })),
    block('note', fill(words, 'repayment_plan.limitation')),
  ]
}

const settlementBlocks = (paper: SettlementPaper, words: PaperWords): Block[] => [
  block('warning', fill(words, 'settlement.warning')),
  block('row', italian(paper.debt_cents), fill(words, 'settlement.debt')),
  block('total', italian(paper.offer_cents), fill(words, 'settlement.offer')),
  block('field', italianDate(paper.pay_by), fill(words, 'settlement.pay_by')),
  block('note', fill(words, 'settlement.effect')),
]
