/** What stands on a form of a paper pad, as it is copied from the sheet: part of the visit's draft. Pure. */
import { formName, typedNumber, type PadKind } from '../../domain/pad.ts'
import type { Answer } from '../../domain/payments.ts'
import type { IdentifiedBy } from '../../domain/visit.ts'
import type { Draft } from '../draft'
import { DEBTOR_PAYS, typedAs, type TypedPayer } from '../money/payer'
import type { OutboxItem } from '../day'
import type { TakenPicture } from '../pictures'
import type { PadNumbers } from '../shapes'
import { asTyped } from '../../text/amounts'

export interface OnPaper {
  readonly kind: PadKind
  readonly number: string
  readonly check: string
  /** The day and the hours that the sheet says. */
  readonly day: string
  readonly from: string
  readonly to: string
  readonly amount: string
  readonly method: string
  readonly answers: Readonly<Record<string, Answer>>
  /** Null until it is said: the phone claims no document that nobody showed. */
  readonly identified_by: IdentifiedBy | null
  /** Whose money it was; sheets begun in an earlier app have none, and the debtor paid. */
  readonly payer?: TypedPayer
  /** Why not all was paid; null until it is said. */
  readonly reason: string | null
  /** The money is for the instalment that is due, where a plan runs. */
  readonly instalment: boolean
  /** The stamp duty was asked for and paid on top. */
  readonly duty_taken: boolean
  /** The debt that the debtor declared to pay (art. 1193); null or missing: in the creditor's order. */
  readonly chosen_line?: string | null
}

const blank = (day: string, from: string): OnPaper => ({
  kind: 'receipt', number: '', check: '', day, from, to: '', amount: '', method: 'cash', answers: {}, identified_by: null,
  payer: DEBTOR_PAYS, reason: null, instalment: true, duty_taken: true,
})

/** The draft with a sheet to copy; a visit that had begun on the phone keeps its arrival. */
export const onPaper = (draft: Draft, { from }: { from: string }): Draft =>
  draft.paper ? draft : withKind({ ...draft, paper: blank(draft.planned_day, from) }, 'receipt')

/** The sheet of this kind; its photo goes with it, since a notice shows nothing of a debt and a receipt does. */
export function withKind(draft: Draft, kind: PadKind): Draft {
  if (!draft.paper) return draft
  const pictures = draft.pictures.map((picture): TakenPicture => (isSheet(picture) ? { ...picture, purpose: purposeOf(kind) } : picture))
  return { ...draft, paper: { ...draft.paper, kind }, pictures }
}

export const purposeOf = (kind: PadKind): 'paper_form' | 'notice' => (kind === 'receipt' ? 'paper_form' : 'notice')

export const isSheet = (picture: TakenPicture): boolean => picture.purpose === 'paper_form' || picture.purpose === 'notice'

/**
 * The name of the sheet if it lies in no pad that the phone knows the agent to have, else null; also while no number is
 * typed, and where a service of the version before says nothing of pads. It is told and stops nothing: a pad may have been
 * handed over since the day was fetched.
 */
export function outsideMyPads({ kind, number: typed }: Pick<OnPaper, 'kind' | 'number'>, pads: readonly PadNumbers[] | undefined): string | null {
  const form = typedNumber(kind, typed)
  if (!form || !pads) return null
  const { series, number } = form
  return pads.some((pad) => pad.series === series && pad.first <= number && number <= pad.last) ? null : formName(form)
}

/** The names of forms in what was written on this phone and not refused: none of them is used a second time. */
export function formsUsed(items: readonly OutboxItem[]): Set<string> {
  const standing = items.filter((item) => item.kind === 'visit' && item.state !== 'refused' && item.state !== 'conflict')
  return new Set(standing.flatMap(({ body }) => [
    ...(body.payments ?? []).flatMap(({ receipt }) =>
      receipt ? [formName({ series: String(receipt.value['series']), number: Number(receipt.value['number']) })] : []),
    ...(body.captured?.notice ? [body.captured.notice.number] : []),
  ]))
}

/** A sheet that the office refused, to be put right: all that was typed but the check, which the report does not hold. */
export function again({ body }: OutboxItem, draft: Draft, hourOf: (at: string) => string): Draft {
  const [payment] = body.payments ?? []
  const notice = body.captured?.notice
  const number = payment?.receipt ? String(payment.receipt.value['number']) : (notice?.number.split('-')[1] ?? '')
  const paper: OnPaper = {
    ...blank(body.planned_day ?? draft.planned_day, body.arrived_at ? hourOf(body.arrived_at) : ''),
    kind: payment ? 'receipt' : 'notice', number, to: body.left_at ? hourOf(body.left_at) : '',
    ...(payment ? {
      amount: asTyped(payment.amount_cents), ...(payment.chosen_line ? { chosen_line: payment.chosen_line } : {}), method: payment.method,
      answers: payment.fields as Record<string, Answer>, duty_taken: payment.stamp_duty.charged_to !== 'creditor',
      instalment: body.outcome === 'PAID_INSTALMENT', reason: body.captured?.reason ?? null,
      identified_by: body.met?.identified_by ?? null, payer: typedAs(payment.payer),
    } : {}),
  }
  const sheets = (body.attachments ?? []).filter((sent) => !draft.pictures.some((picture) => picture.sha256 === sent.sha256))
  return { ...draft, planned_day: paper.day, paper, pictures: [...draft.pictures, ...sheets] }
}
