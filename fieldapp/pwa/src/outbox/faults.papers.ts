/** What is written on the phone of the fault tests: reports with pictures, payments with sealed receipts. */
import { newDraft, type Draft } from '../agent/draft'
import type { StopCard } from '../agent/shapes'
import { buildReceipt, sealReceipt, type ReceiptDraft } from '../domain/receipt.ts'
import type { PaymentBody } from '../domain/visit.ts'
import { base64url, sha256Hex } from './bytes'
import type { StoredRecord } from './storage'

export const [PRACTICE, ADDRESS, LINE, MESSAGE, VISIT, QUESTION] = [1, 2, 3, 5, 6, 7].map((n) => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`) as [string, string, string, string, string, string]
const SIGNED_TEXT = 'Verso in acconto la somma indicata.'

export async function somePictures(signed: boolean): Promise<StoredRecord[]> {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  const small = crypto.getRandomValues(new Uint8Array(8))
  const original: StoredRecord = { key: await sha256Hex(bytes), kind: 'original', state: 'waiting', seq: 0, bytes }
  // A signature is small already.
  return signed ? [original] : [original, { key: await sha256Hex(small), kind: 'small', state: 'waiting', seq: 0, bytes: small }]
}

/** What the agent says of the report of yesterday, by turns: one that protects the debtor, one that would lift that. */
const SAID = [
  { outcome: 'NO_ACCESS', met: { who: 'nobody', identified_by: null, role: null }, captured: { obstacle: 'gate' } },
  { outcome: 'REFUSES', met: { who: 'debtor', identified_by: 'document', role: null }, captured: { reason: 'no_means' } },
  { outcome: 'DECEASED', met: { who: 'third_party', identified_by: null, role: 'neighbour' }, captured: { source: 'neighbour' } },
] as const

export const aCorrection = (turn: number): object => ({
  practice_id: PRACTICE, visit_id: VISIT, ...SAID[turn % SAID.length], reason: 'Riga sbagliata', at: '2026-11-26T08:30:00.000Z',
})

/** Words, and by turns a detail put right. */
export const anAnswer = (turn: number): object => ({
  question_id: QUESTION, text: 'Ho guardato meglio', at: '2026-11-26T08:30:00.000Z',
  changes: turn % 2 ? { captured: { reason: 'name_missing' } } : null,
})

type Paid = Awaited<ReturnType<typeof aPayment>>

export function aReport(at: string, pictures: readonly StoredRecord[], paid?: Paid): object {
  const [original, small] = pictures
  const attachments = [
    {
      sha256: original?.key, purpose: paid ? 'signature' : 'entrance', media_type: paid ? 'image/png' : 'image/jpeg',
      size: original?.bytes.length, small_sha256: small?.key ?? null,
    },
  ]
  return {
    practice_id: PRACTICE, visit_id: crypto.randomUUID(), stop_id: null, planned_day: '2026-11-26', address_id: ADDRESS,
    arrived_at: at, left_at: at, position: null, position_refused_reason: 'refused', attempt_no: 1,
    met: paid ? { who: 'debtor', identified_by: 'document', role: null } : { who: 'nobody', identified_by: null, role: null },
    identified_self: Boolean(paid), observations: ['name_on_intercom'], outcome: paid ? 'PAID_PARTIAL' : 'ABSENT_NO_NOTICE',
    captured: { reason: paid ? 'short_of_money' : 'no_letterbox' }, statement: null, next_action: null, attachments,
    signature: paid ? { refused: false, text: SIGNED_TEXT, text_digest: paid.textDigest, image_sha256: original?.key, signer: 'debtor' } : null,
    payments: paid ? [paid.payment] : [], app_version: 'test', offline: true,
  }
}

export async function aPayment(pair: CryptoKeyPair, device: string, place: { readonly series: string; readonly number: number; readonly chain_head: string }) {
  const cents = 5_000 + place.number
  const built = buildReceipt(someReceipt(device, cents), place)
  if (built.kind === 'refused') throw built.refusal
  const sealed = await sealReceipt(built.value, pair.privateKey)
  const payment = paidBy(cents, { value: JSON.parse(sealed.text) as Record<string, unknown>, digest: sealed.digest, signature: base64url(sealed.signature) })
  return { payment, textDigest: await sha256Hex(SIGNED_TEXT) }
}

const NO_DUTY = { charged_to: 'none', reason: 'up_to_threshold' } as const
const allPrincipal = (cents: number) => ({ principal_cents: cents, interest_cents: 0, costs_cents: 0 })

/** What a receipt says, before it has a number. */
export const someReceipt = (device: string, cents: number): ReceiptDraft => ({
  issued_at: '2026-11-26T08:30:00.000Z', utc_offset_min: 60, place: 'Lodi',
  agency: { name: 'Agenzia Prova', vat: '01234567897', licence: '115/1', address: 'Via Roma 1, Lodi', phone: '0371 000000' },
  creditor: { name: 'Finanziaria Prova S.p.A.', iban: 'IT60X0542811101000000123456' }, debtor: 'Mario Bianchi',
  practice: 'P-001', lines: [{ title: 'Finanziamento', ...allPrincipal(cents) }], amount_cents: cents,
  method: { code: 'cash', answers: {} }, wording: { kind: 'part_payment', number: 0, of: 0 }, residual_cents: 10_000,
  stamp_duty: { ...NO_DUTY, due_cents: 0, authorisation: '' }, agent: { name: 'Anna Verdi', number: '1' }, device,
})

export const paidBy = (cents: number, receipt: NonNullable<PaymentBody['receipt']>) => ({
  method: 'cash', amount_cents: cents, fields: {}, allocation: [{ debt_line_id: LINE, ...allPrincipal(cents) }],
  stamp_duty: { ...NO_DUTY, cents: 0 }, receipt,
})

/** A debtor who pays a part and signs nothing: the visit as it stands when the first money is counted. */
export async function atTheDoor(stop: StopCard, at: string): Promise<Draft> {
  const signature = { refused: true, text: SIGNED_TEXT, text_digest: await sha256Hex(SIGNED_TEXT), image_sha256: null, signer: 'debtor' } as const
  return {
    ...newDraft(stop, { visitId: crypto.randomUUID(), day: '2026-11-26' }), arrived_at: at, no_position: 'refused', met: 'debtor',
    identified_by: 'document', identified_self: true, observations: ['name_on_intercom'], outcome: 'PAID_PARTIAL',
    answers: { reason: 'short_of_money' }, signature,
  }
}
