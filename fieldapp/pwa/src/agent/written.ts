/** Reports to be read again: what of them lies on this phone, else what the day carries, in words for whoever reads along. */
import { outcomeOf, type Field } from '../domain/outcomes.ts'
import type { SignedAgreement } from '../domain/agreement.ts'
import { paymentMethod } from '../domain/payments.ts'
import { NEUTRAL_PURPOSES, type PaymentBody, type Signature } from '../domain/visit.ts'
import { dayInFigures, dayInWords, dayShort, hour, money, t } from '../text'
import { reportAt, type Report } from './corrections'
import { handedOver, type EnvelopeBody, type OutboxItem } from './day'
import { outcomeInPublic, receiptName } from './describe'

export interface Written {
  /** As it stands by now. */
  readonly body: EnvelopeBody
  /** Null where this phone holds it no more: then it is in the office. */
  readonly item: OutboxItem | null
  /** Null for one that the office did not take. */
  readonly report: Report | null
}

/** The report of this visit, whatever became of it. */
export function writtenOf(visitId: string, items: readonly OutboxItem[], reports: readonly Report[]): Written | null {
  const item = lastOf(items, ({ body }) => body.visit_id === visitId)
  const report = reports.find(({ body }) => body.visit_id === visitId) ?? null
  const body = report?.body ?? item?.body
  if (!body) return null
  // Of a report on which money or a signature hangs the day tells no details; those that this phone wrote still hold.
  const own = report?.bound && item?.body.outcome === body.outcome ? item?.body.captured : undefined
  return { body: own ? { ...body, captured: own } : body, item, report }
}

/** The report of the visit that was made at this stop. */
export function writtenAt(stopId: string, items: readonly OutboxItem[], reports: readonly Report[]): Written | null {
  const body = reportAt(stopId, reports)?.body ?? lastOf(items, (item) => item.body.stop_id === stopId && item.state !== 'refused')?.body
  return body?.visit_id ? writtenOf(body.visit_id, items, reports) : null
}

const lastOf = (items: readonly OutboxItem[], fits: (item: OutboxItem) => boolean): OutboxItem | null =>
  items.filter((item) => item.kind === 'visit' && fits(item)).reduce<OutboxItem | null>((a, b) => (a && a.seq > b.seq ? a : b), null)

/** Only what its agent may still put right is offered to be corrected. */
export const isCorrectable = ({ report }: Written): boolean => report !== null && report.bound === null

/** A line of the report. */
export interface Told {
  readonly label: string
  readonly value: string
}

export function metInWords({ met }: EnvelopeBody): string {
  if (!met) return ''
  const how = met.who === 'debtor' ? met.identified_by && t(`visit.identified_by.${met.identified_by}`) : met.role && t(`visit.role.${met.role}`)
  return [t(`met.is.${met.who}`), how].filter(Boolean).join(' · ')
}

/** The outcome and what was captured with it, in the order of its form. */
function outcomeInDetail({ outcome, captured = {} }: EnvelopeBody): Told[] {
  const entry = outcomeOf(outcome ?? '')
  const told = (entry?.fields ?? []).map((field) => ({ label: t(`outcome.field.${field.name}`), value: valueInWords(field, captured[field.name]) }))
  return [{ label: t('step.outcome'), value: t(`outcome.${outcome ?? ''}`) }, ...told.filter(({ value }) => value !== '')]
}

/** A day tells of an amount or a count only that there was one (`true`). */
function valueInWords(field: Field, value: unknown): string {
  if (value === null || value === undefined || value === '' || field.type === 'photo') return ''
  if (value === true) return t('written.given')
  switch (field.type) {
    case 'amount':
      return money(Number(value))
    case 'date':
      return dayInWords(String(value))
    case 'choice':
      return t(`outcome.choice.${field.name}.${String(value)}`)
    case 'notice': {
      const { number, delivery } = value as { number: string; delivery: string }
      return `${number} · ${t(`outcome.delivery.${delivery}`)}`
    }
    case 'window': {
      const { from, to } = value as { from: string; to: string }
      return `${dayShort(from)}, ${hour(from)}–${hour(to)}`
    }
    default:
      return String(value)
  }
}

/** What was said, paid and agreed, as far as the phone knows it: nobody else's, and nothing where the outcome says it all. */
export function saidAndPaid(body: EnvelopeBody): Told[] {
  const agreement = body.agreement as SignedAgreement | null | undefined
  const told = [
    ...outcomeInDetail(body),
    ...(body.payments ?? []).map((payment) => ({ label: t('written.paid'), value: paidInWords(payment) })),
    ...(agreement ? [{ label: t(`agreement.title.${agreement.value.kind}`), value: agreedInWords(agreement) }] : []),
    ...(body.statement ? [{ label: t('closing.statement'), value: body.statement }] : []),
  ]
  return told.length === 1 && told[0]?.value === outcomeInPublic(body.outcome ?? '') ? [] : told
}

const paidInWords = (payment: PaymentBody): string =>
  [money(handedOver(payment)), t(`method.${payment.method}`), ...(payment.receipt ? [receiptName(payment.receipt.value)] : [])].join(' · ')

const agreedInWords = ({ value }: SignedAgreement): string =>
  value.kind === 'repayment_plan'
    ? t('agreement.plan', { n: value.instalments.length, total: money(value.total_cents) })
    : t('agreement.settlement', { amount: money(value.offer_cents), on: dayInFigures(value.pay_by) })

export function signatureInWords({ signature }: EnvelopeBody): string {
  const given = signature as Signature | null | undefined
  return given ? t(given.refused ? 'sign.refused' : 'sign.signed') : ''
}

/** What the pictures show, as whoever reads along may know it. */
export function picturesInPublic(pictures: readonly { readonly purpose: string }[]): string {
  const neutral: readonly string[] = NEUTRAL_PURPOSES
  return pictures.map(({ purpose }) => t(neutral.includes(purpose) ? `visit.purpose.${purpose}` : 'written.picture')).join(', ')
}

/** Papers of this report that the phone draws without asking anybody: a link to pay is asked for anew. */
export type PaperOf = { readonly kind: 'payment'; readonly payment: PaymentBody; readonly words: string } | { readonly kind: 'agreement'; readonly agreement: SignedAgreement; readonly words: string }

export function papersOf(body: EnvelopeBody): PaperOf[] {
  const agreement = body.agreement as SignedAgreement | null | undefined
  const paid = (body.payments ?? []).flatMap((payment): PaperOf[] => {
    if (payment.receipt) return [{ kind: 'payment', payment, words: `${t('paper.receipt')} ${receiptName(payment.receipt.value)}` }]
    const { paper } = paymentMethod(payment.method)
    return paper === 'link_memo' ? [] : [{ kind: 'payment', payment, words: t(`paper.${paper}`) }]
  })
  return [...paid, ...(agreement ? [{ kind: 'agreement' as const, agreement, words: t(`agreement.title.${agreement.value.kind}`) }] : [])]
}
