/**
 * What was written on a form of a paper pad, made a visit like any other: the same report, judged by the same rules.
 *
 * The receipt has the pad's series and names its form instead of the receipt before it, so that the phone's own numbers
 * and chain stay where they are; the phone's key vouches for the entry and not for the paper.
 */
import { formDigest, formName, typedForm, type Form } from '../../domain/pad.ts'
import { attempt, Refused, type Result } from '../../domain/reading.ts'
import { buildReceipt, sealReceipt } from '../../domain/receipt.ts'
import { checkReport, readBody, type PaymentBody, type VisitBody } from '../../domain/visit.ts'
import { base64url } from '../../outbox/bytes'
import { APP_VERSION, draftFor, drafts, hashesOf, inState, loadDraft, saveDraft, unnamed } from '../actions'
import { askableLines, type OutboxItem } from '../day'
import { bodyOf, isBound, type Draft } from '../draft'
import { choicesOf, offer, paymentBody, receiptDraft, ruling, type Offer } from '../money/payment'
import { DEBTOR_PAYS, unanswered, type TypedPayer } from '../money/payer'
import { phone, serviceNow, storage } from '../phone.svelte'
import { report } from '../report'
import { tookDraft } from '../reread'
import { wrote } from '../stages'
import { asInstalment, nextOf, type NextInstalment } from '../plan/agreement'
import type { Ruling } from '../rules'
import type { DebtLineCard, StopCard } from '../shapes'
import { hourAt, instantOf } from '../time'
import { readAmount, typing } from '../visit/typing'
import { again, formsUsed, isSheet, onPaper, type OnPaper } from './onPaper'

/** A sheet that reads: what is written down once the agent says so. `made` is null for a notice. */
export interface Sheet {
  readonly form: Form
  readonly arrivedAt: Date
  readonly leftAt: Date
  readonly made: Offer | null
  readonly rules: Ruling
}

/** The instalment that a sheet of this door may be for. */
export const instalmentOf = (stop: StopCard): NextInstalment | null => nextOf(stop, phone.unseen)

/**
 * The sheet as it was typed, or the first thing that cannot be: `pad.number_unreadable`, `.check_unreadable`,
 * `.other_kind`, `.form_used`, `.times_missing`, `.not_yet`, `.payer_missing`, `.identified_missing`, `.reason_missing`,
 * `.picture_missing`, `visit.left_before_arrival`, and what a payment is refused for. What only the office knows (whose pad, another's use, a wrong check) it says later.
 */
export function readSheet({ stop, paper, pictures }: Draft): Result<Sheet> {
  return attempt(() => {
    if (!paper) throw new Refused('pad.number_unreadable')
    const form = typedForm(paper.kind, paper)
    const name = formName(form)
    if (formsUsed(phone.items).has(name)) throw new Refused('pad.form_used', { form: name })
    const { arrivedAt, leftAt } = timesOf(paper)
    if (leftAt < arrivedAt) throw new Refused('visit.left_before_arrival')
    if (leftAt > serviceNow()) throw new Refused('pad.not_yet', { form: name })
    const { made, rules } = paper.kind === 'receipt' ? moneyOn(stop, paper, leftAt) : { made: null, rules: NO_MONEY }
    if (isPart(made) && !paper.reason) throw new Refused('pad.reason_missing')
    if (paper.kind === 'receipt' && unanswered(payerOn(paper), 'on_paper').length) throw new Refused('pad.payer_missing')
    if (paper.kind === 'receipt' && paper.identified_by === null) throw new Refused('pad.identified_missing')
    if (!pictures.some(isSheet)) throw new Refused('pad.picture_missing')
    return { form, arrivedAt, leftAt, made, rules }
  })
}

/** The debts among which a sheet of this door may name one: none where the creditor agreed otherwise, or there is one only. */
export const debtsOf = (stop: StopCard, paper: OnPaper): readonly DebtLineCard[] =>
  choicesOf(stop.practice.creditor, askableLines(stop.practice, phone.unseen, paper.day))

/** The money of a sheet as far as it can be read, whatever else is missing of it. */
export function moneyOf({ stop, paper }: Pick<Draft, 'stop' | 'paper'>): Offer | null {
  if (paper?.kind !== 'receipt') return null
  const read = attempt(() => moneyOn(stop, paper, timeSaid(paper)).made)
  return read.kind === 'ok' ? read.value : null
}

/** Whether something is left that no plan says when to pay. */
export const isPart = (made: Offer | null): boolean => made !== null && made.residualCents > 0 && made.instalment === null

/** Who paid, as the sheet says it. */
export const payerOn = ({ payer = DEBTOR_PAYS }: OnPaper): TypedPayer => payer

const timeSaid = ({ day, to }: OnPaper): Date => new Date((day && to && instantOf(day, to)) || serviceNow())

const NO_MONEY: Ruling = { findings: [], forbidden: false }

function timesOf({ day, from, to }: OnPaper): { arrivedAt: Date; leftAt: Date } {
  const [arrived, left] = [from, to].map((hour) => (day && hour ? instantOf(day, hour) : null))
  if (!arrived || !left) throw new Refused('pad.times_missing')
  return { arrivedAt: new Date(arrived), leftAt: new Date(left) }
}

function moneyOn(stop: StopCard, paper: OnPaper, at: Date): { made: Offer; rules: Ruling } {
  const amount = readAmount(paper.amount)
  if (amount.kind === 'refused') throw amount.refusal
  const asked = {
    stop, amountCents: amount.value, method: paper.method, answers: paper.answers, at, dutyTaken: paper.duty_taken,
    instalment: paper.instalment ? asInstalment(instalmentOf(stop), amount.value) : null, payer: payerOn(paper), moment: 'on_paper', chosenLine: paper.chosen_line ?? null,
  } as const
  const made = offer(asked, phone.unseen)
  if (made.kind === 'refused') throw made.refusal
  return { made: made.value, rules: ruling(asked) }
}

/** Write it down: report, picture and receipt in one transaction, and the draft is gone. Refused as `readSheet`. */
export async function enter(draft: Draft): Promise<void> {
  const read = readSheet(draft)
  if (read.kind === 'refused') throw read.refusal
  const sheet = read.value
  const payments = sheet.made ? [await paidOn(draft.stop, sheet, sheet.made)] : []
  const last = copied(draft, sheet, payments)
  const body = bodyOf(last, { leftAt: sheet.leftAt.toISOString(), appVersion: APP_VERSION, offline: true, typing }) as unknown as VisitBody
  checked(body, draft.stop, sheet.leftAt)
  const hashes = hashesOf(last)
  await report(drafts, draft, {
    body, nowMs: Date.now(), offsetMs: phone.clock.offset_ms, restMs: 0, hashes, pictures: () => inState(hashes, 'waiting'),
  })
  await wrote()
}

async function paidOn(stop: StopCard, { form, leftAt }: Sheet, made: Offer): Promise<PaymentBody> {
  const pair = await storage.keyPair()
  if (!pair) throw new Error('this device has no key')
  const built = buildReceipt(receiptDraft(stop, made, leftAt), {
    series: form.series, number: form.number, chain_head: await formDigest(form),
  })
  if (built.kind === 'refused') throw built.refusal
  const { text, digest, signature } = await sealReceipt(built.value, pair.privateKey)
  return paymentBody(made, { value: JSON.parse(text) as Record<string, unknown>, digest, signature: base64url(signature) })
}

function copied(draft: Draft, { form, arrivedAt, made }: Sheet, payments: readonly PaymentBody[]): Draft {
  const common = {
    ...draft, planned_day: draft.paper?.day ?? draft.planned_day, arrived_at: arrivedAt.toISOString(), payments,
    no_position: draft.position ? null : (draft.no_position ?? 'off'), role: null, agreement: null, signature: null, statement: '',
  } as const
  if (!made) {
    const answers = { 'notice.number': formName(form), 'notice.delivery': 'letterbox_sealed' }
    return { ...common, met: 'nobody', identified_by: null, identified_self: false, outcome: 'ABSENT_NOTICE_LEFT', answers }
  }
  const outcome = made.instalment ? 'PAID_INSTALMENT' : made.residualCents === 0 ? 'PAID_FULL' : 'PAID_PARTIAL'
  const answers: Record<string, string> = made.instalment
    ? { instalment_number: String(made.instalment.number) }
    : isPart(made) ? { reason: draft.paper?.reason ?? '' } : {}
  return { ...common, met: 'debtor', identified_by: draft.paper?.identified_by ?? null, identified_self: true, outcome, answers }
}

function checked(report: VisitBody, { practice }: StopCard, leftAt: Date): void {
  const read = readBody(report)
  if (read.kind === 'refused') throw read.refusal
  const placement = { starts_on: practice.placement_starts_on, ends_on: practice.placement_ends_on }
  const [problem] = checkReport(read.value, { now: leftAt, placement })
  if (problem) throw problem
}

/** Open a sheet for this door, or the one that was begun; refused where its visit on the phone holds money or a signature. */
export async function begin(stop: StopCard): Promise<void> {
  const draft = (await loadDraft(stop.stop_id)) ?? draftFor(stop)
  if (isBound(draft)) throw new Refused('pad.visit_bound')
  const from = draft.arrived_at ? hourAt(draft.arrived_at) : ''
  await keep(onPaper(draft, { from }))
}

/** Open a sheet that the office refused, with what was typed; one that is being copied at this door already stays as it is. */
export async function putRight(item: OutboxItem, stop: StopCard): Promise<void> {
  const lying = await loadDraft(stop.stop_id)
  if (lying?.paper) return
  if (lying && isBound(lying)) throw new Refused('pad.visit_bound')
  const fresh = draftFor(stop)
  // It is the same visit, which nobody has taken yet.
  await keep(again(item, lying ?? { ...fresh, visit_id: item.body.visit_id ?? fresh.visit_id }, hourAt))
}

/** The sheet is not wanted after all: its visit is as it was, or was never begun. */
export async function drop(draft: Draft): Promise<Draft | null> {
  const gone = draft.pictures.filter(isSheet)
  const left: Draft = { ...draft, paper: null, pictures: draft.pictures.filter((picture) => !isSheet(picture)) }
  const remove = unnamed(hashesOf({ ...draft, pictures: gone }))
  const begun = draft.arrived_at === null ? null : await drafts.write(draft, left, { remove })
  if (!begun) await drafts.remove(draft, { remove })
  await wrote()
  return begun
}

async function keep(draft: Draft): Promise<void> {
  tookDraft(await saveDraft(draft))
}
