/**
 * The visit report as the phone writes it into an envelope, and what is asked of it before it is saved.
 *
 * `VisitBody` is a union over who was met: a report about a third party has no place for a statement, a signature
 * or a payment, so no screen can put one there. Twin of `domain/visit.py`; golden cases hold both to one answer.
 */
import type { SignedAgreement } from './agreement.ts'
import { NEXT_STEPS, captureShape, checkCapture, outcomeOf, type Captured, type Met, type Outcome, type Placement } from './outcomes.ts'
import { CAPACITIES, type Payer } from './receipt.ts'
import { Reader, Refused, attempt, isObject, lengthOf, printable, type Result } from './reading.ts'

export const IDENTIFIED_BY = ['declared', 'document', 'birth_date', 'known'] as const
export const ROLES = ['cohabitant', 'relative', 'neighbour', 'concierge', 'colleague', 'occupant', 'other'] as const
export const OBSERVATIONS = [
  'name_on_intercom', 'name_on_letterbox', 'name_missing', 'house_inhabited', 'house_empty', 'shutters_closed',
  'for_sale', 'to_let', 'business_open', 'business_closed', 'intercom_broken',
] as const
export const NEUTRAL_PURPOSES = ['street', 'entrance', 'intercom_names', 'letterbox', 'sign', 'notice'] as const
export const PURPOSES = [
  ...NEUTRAL_PURPOSES, 'proof_of_payment', 'dispute_paper', 'cheque', 'plan_on_paper', 'paper_form', 'signature',
] as const
export const NO_POSITION = ['refused', 'unavailable', 'timed_out', 'off'] as const
/** Where a debtor was met whom nobody had planned to visit then; no more than that is kept of it. */
export const OUTSIDE_THE_PLAN = ['address', 'public_place', 'workplace'] as const
export const SIGNERS = ['debtor', 'co_obligor', 'guarantor', 'agent'] as const

/** By what kind of document a payer was identified; its number is not kept. */
export const PAYER_DOCUMENTS = ['identity_card', 'passport', 'driving_licence', 'residence_permit', 'none'] as const

export type IdentifiedBy = (typeof IDENTIFIED_BY)[number]
export type Role = (typeof ROLES)[number]
export type Observation = (typeof OBSERVATIONS)[number]
export type NeutralPurpose = (typeof NEUTRAL_PURPOSES)[number]
export type Purpose = (typeof PURPOSES)[number]
export type NoPosition = (typeof NO_POSITION)[number]
export type OutsideThePlan = (typeof OUTSIDE_THE_PLAN)[number]

/** In one report: the service takes no more. */
export const MOST_PAYMENTS = 10

export interface Position {
  readonly lat_e6: number
  readonly lon_e6: number
  readonly accuracy_m: number
  readonly at: string
}

export interface Attachment<P extends Purpose = Purpose> {
  readonly sha256: string
  readonly purpose: P
  readonly media_type: string
  readonly size: number
  readonly small_sha256: string | null
}

export interface Signature {
  readonly refused: boolean
  readonly text: string
  readonly text_digest: string
  readonly image_sha256: string | null
  readonly signer: (typeof SIGNERS)[number]
}

export interface Allocated {
  readonly debt_line_id: string
  readonly principal_cents: number
  readonly interest_cents: number
  readonly costs_cents: number
}

/** Somebody who paid in the debtor's presence; the creditor may refuse where the debtor objects (art. 1180 c.c.). */
export type OtherPayer = Payer & {
  readonly document: (typeof PAYER_DOCUMENTS)[number]
  readonly debtor_agrees: boolean
}

export interface PaymentBody {
  readonly method: string
  readonly amount_cents: number
  readonly fields: Readonly<Record<string, string | number | boolean>>
  readonly allocation: readonly Allocated[]
  readonly stamp_duty: { readonly cents: number; readonly charged_to: string; readonly reason: string }
  readonly receipt: {
    readonly value: Readonly<Record<string, unknown>>
    readonly digest: string
    readonly signature: string
  } | null
  /** Left out where the debtor paid. */
  readonly payer?: OtherPayer
  /** The debt that the debtor declared to pay; left out where the money follows the creditor's order. */
  readonly chosen_line?: string
  /** Where the receipt was given, if the phone knew it by the end of the visit. */
  readonly position?: Position | null
}

interface Common {
  readonly practice_id: string
  readonly visit_id: string
  readonly stop_id: string | null
  readonly planned_day: string
  readonly address_id: string
  readonly arrived_at: string
  readonly left_at: string
  readonly position: Position | null
  readonly position_refused_reason: NoPosition | null
  /** Where the agent closed the visit. */
  readonly left_position?: Position | null
  readonly attempt_no: number
  readonly identified_self: boolean
  readonly observations: readonly Observation[]
  readonly outcome: string
  readonly captured: Captured
  readonly next_action: string | null
  readonly app_version: string
  readonly offline: boolean
  /** The report written first at this door on the same person: one visit, a report for each creditor. */
  readonly with_visit_id?: string | null
  /** Where, for a visit outside the plan, which belongs to no stop. */
  readonly unplanned?: OutsideThePlan | null
}

/** What a report cannot hold unless the debtor was met: not even the names of the fields. */
interface NothingOfTheDebt {
  readonly statement?: never
  readonly signature?: never
  readonly payments?: never
  readonly agreement?: never
  readonly attachments: readonly Attachment<NeutralPurpose>[]
}

export type DebtorBody = Common & {
  readonly met: { readonly who: 'debtor'; readonly identified_by: IdentifiedBy; readonly role: null }
  readonly statement: string | null
  readonly signature: Signature | null
  readonly payments: readonly PaymentBody[]
  readonly agreement?: SignedAgreement | null
  readonly attachments: readonly Attachment[]
}
export type ThirdPartyBody = Common &
  NothingOfTheDebt & { readonly met: { readonly who: 'third_party'; readonly identified_by: null; readonly role: Role } }
export type NobodyBody = Common &
  NothingOfTheDebt & { readonly met: { readonly who: 'nobody'; readonly identified_by: null; readonly role: null } }

export type VisitBody = DebtorBody | ThirdPartyBody | NobodyBody

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const DIGEST = /^[0-9a-f]{64}$/
const MEDIA = /^image\/(jpeg|png|webp)$/
const LARGEST_CENTS = 999_999_999
const LARGEST_ATTACHMENT_BYTES = 25 * 1024 * 1024
const LONGEST_MS = 12 * 3_600_000

/**
 * The report that `body` is, read as strictly as the service reads it. The digest of a signed text is not
 * recomputed here (hashing is asynchronous in a browser): the service does that.
 */
export function readBody(body: unknown): Result<VisitBody> {
  return attempt(() => {
    const reader = new Reader(body, 'visit')
    const code = reader.text('outcome', 60)
    const outcome = outcomeOf(code)
    if (!outcome) throw new Refused('visit.outcome_unknown', { outcome: code })
    const captured = reader.plain('captured')
    if (!isObject(captured)) throw reader.malformed('captured')
    const misshaped = captureShape(outcome, captured)
    if (misshaped) throw misshaped
    readCommon(reader)
    const met = readMeeting(reader, outcome)
    readRest(reader)
    reader.close()
    const whole = body as VisitBody
    checkWhole(whole, outcome, met)
    return whole
  })
}

/** What makes no sense in a readable report; the phone asks before saving, the service flags. */
export function checkReport(body: VisitBody, { now, placement }: { now: Date; placement: Placement }): Refused[] {
  const outcome = outcomeOf(body.outcome)
  if (!outcome) return [new Refused('visit.outcome_unknown', { outcome: body.outcome })]
  const met = body.met.who
  const found: Refused[] = []
  const stayedMs = Date.parse(body.left_at) - Date.parse(body.arrived_at)
  if (stayedMs < 0) found.push(new Refused('visit.left_before_arrival'))
  else if (stayedMs > LONGEST_MS) found.push(new Refused('visit.too_long_a_visit'))
  if (!outcome.met.includes(met)) found.push(new Refused('visit.outcome_not_with', { outcome: outcome.code, met }))
  if ((body.unplanned ?? 'address') !== 'address' && outcome.at_the_address) {
    found.push(new Refused('visit.outcome_only_at_the_address', { outcome: outcome.code }))
  }
  if (met === 'debtor' && !body.identified_self && !outcome.cuts_short) found.push(new Refused('visit.not_identified_self'))
  const paid = (body.payments ?? []).length > 0
  if (outcome.payment === 'required' && !paid) found.push(new Refused('visit.payment_missing', { outcome: outcome.code }))
  if (outcome.payment === 'no' && paid && !outcome.cuts_short) {
    found.push(new Refused('visit.payment_not_expected', { outcome: outcome.code }))
  }
  if (outcome.signature === 'required' && !body.signature) {
    found.push(new Refused('visit.signature_missing', { outcome: outcome.code }))
  }
  return [...found, ...checkCapture(outcome, body.captured, { now, placement, met })]
}

function readCommon(reader: Reader): void {
  reader.pattern('practice_id', UUID)
  reader.pattern('visit_id', UUID)
  reader.maybe('stop_id', (name) => reader.pattern(name, UUID))
  reader.day('planned_day')
  reader.pattern('address_id', UUID)
  reader.instant('arrived_at')
  reader.instant('left_at')
  reader.maybe('position', (name) => readPosition(reader.object(name)))
  reader.maybe('position_refused_reason', (name) => reader.choice(name, NO_POSITION))
  reader.whole('attempt_no', 1, 999)
}

function readRest(reader: Reader): void {
  reader.flag('identified_self')
  reader.choices('observations', OBSERVATIONS)
  reader.maybe('next_action', (name) => reader.choice(name, NEXT_STEPS))
  for (const item of reader.objects('attachments', 40)) readAttachment(item)
  reader.text('app_version', 40)
  reader.flag('offline')
  addedPosition(reader, 'left_position')
  // Reports of the app before know one practice at a door.
  if (reader.has('with_visit_id')) reader.maybe('with_visit_id', (name) => reader.pattern(name, UUID))
  // And visits of the plan only.
  if (reader.has('unplanned')) reader.maybe('unplanned', (name) => reader.choice(name, OUTSIDE_THE_PLAN))
}

/** Sent only where one was read. */
function addedPosition(reader: Reader, name: string): void {
  if (reader.has(name)) reader.maybe(name, () => readPosition(reader.object(name)))
}

function readPosition(reader: Reader): void {
  reader.whole('lat_e6', -90_000_000, 90_000_000)
  reader.whole('lon_e6', -180_000_000, 180_000_000)
  reader.whole('accuracy_m', 0, 1_000_000)
  reader.instant('at')
  reader.close()
}

function readMeeting(reader: Reader, outcome: Outcome): Met {
  const inner = reader.object('met')
  const who = inner.choice<Met>('who', ['debtor', 'third_party', 'nobody'])
  const identified = inner.maybe('identified_by', (name) => inner.choice(name, IDENTIFIED_BY))
  const role = inner.maybe('role', (name) => inner.choice(name, ROLES))
  inner.close()
  // A report about anybody else leaves these names out; older phones sent them empty.
  const told = (name: string): boolean => who === 'debtor' || reader.has(name)
  const statement = told('statement') ? reader.maybe('statement', (name) => reader.text(name, 2_000)) : null
  const signed = told('signature')
    ? reader.maybe('signature', (name) => {
        readSignature(reader.object(name))
        return true
      })
    : null
  const payments = told('payments') ? reader.objects('payments', MOST_PAYMENTS) : []
  for (const payment of payments) readPayment(payment)
  // Reports of the app before know no agreements.
  const agreed =
    reader.has('agreement') && reader.maybe('agreement', (name) => { readSignedPaper(reader.object(name)); return true }) !== null
  if (who === 'debtor') {
    if (identified === null || role !== null) throw inner.malformed(identified === null ? 'identified_by' : 'role')
    return who
  }
  if (identified !== null) throw inner.malformed('identified_by')
  if ((role === null) !== (who === 'nobody')) throw inner.malformed('role')
  const code = who === 'third_party' ? 'visit.third_party_carries_debt' : 'visit.nobody_carries_debt'
  if (statement !== null) throw new Refused(code, { field: 'statement' })
  if (signed) throw new Refused(code, { field: 'signature' })
  if (payments.length) throw new Refused(code, { field: 'payments' })
  if (agreed) throw new Refused(code, { field: 'agreement' })
  if (who === 'third_party' && !outcome.met.includes(who)) throw new Refused(code, { field: 'outcome' })
  return who
}

function checkWhole(body: VisitBody, outcome: Outcome, met: Met): void {
  if ((body.position === null) === (body.position_refused_reason === null)) {
    throw new Refused('visit.position_unexplained', { field: 'position' })
  }
  // It would be outside the plan and in it.
  if (body.unplanned && body.stop_id !== null) throw new Refused('visit.field_malformed', { field: 'unplanned' })
  const neutral: readonly string[] = NEUTRAL_PURPOSES
  if (met !== 'debtor' && !body.attachments.every((item) => neutral.includes(item.purpose))) {
    const code = met === 'third_party' ? 'visit.third_party_carries_debt' : 'visit.nobody_carries_debt'
    throw new Refused(code, { field: 'attachments' })
  }
  const sent = new Set(body.attachments.map((item) => item.sha256))
  if (sent.size !== body.attachments.length) throw new Refused('visit.field_malformed', { field: 'attachments' })
  const named: unknown[] = outcome.fields
    .filter((field) => field.type === 'photo' && field.name in body.captured)
    .map((field) => body.captured[field.name])
  if (body.signature?.image_sha256) named.push(body.signature.image_sha256)
  if (!named.every((digest) => sent.has(String(digest)))) {
    throw new Refused('visit.attachment_missing', { field: 'attachments' })
  }
}

function readAttachment(reader: Reader): void {
  reader.pattern('sha256', DIGEST)
  reader.choice('purpose', PURPOSES)
  reader.pattern('media_type', MEDIA)
  reader.whole('size', 1, LARGEST_ATTACHMENT_BYTES)
  reader.maybe('small_sha256', (name) => reader.pattern(name, DIGEST))
  reader.close()
}

function readSignature(reader: Reader): void {
  const refused = reader.flag('refused')
  reader.text('text', 20_000)
  reader.pattern('text_digest', DIGEST)
  const image = reader.maybe('image_sha256', (name) => reader.pattern(name, DIGEST))
  reader.choice('signer', SIGNERS)
  reader.close()
  if (refused !== (image === null)) throw reader.malformed('image_sha256')
}

function readPayment(reader: Reader): void {
  reader.text('method', 40)
  const amount = reader.whole('amount_cents', 1, LARGEST_CENTS)
  if (!plainAnswers(reader.plain('fields'))) throw reader.malformed('fields')
  let allocated = 0
  for (const line of reader.objects('allocation', 200)) {
    line.pattern('debt_line_id', UUID)
    for (const part of ['principal_cents', 'interest_cents', 'costs_cents']) allocated += line.whole(part, 0, LARGEST_CENTS)
    line.close()
  }
  const stamp = reader.object('stamp_duty')
  stamp.whole('cents', 0, 100_000)
  stamp.text('charged_to', 20)
  stamp.text('reason', 60)
  stamp.close()
  const receipt = reader.maybe('receipt', (name) => {
    readSignedPaper(reader.object(name))
    return true
  })
  // Named only where it is not the debtor; the app before never does.
  if (reader.has('payer')) readPayer(reader.object('payer'))
  // Named only where the debtor chose.
  if (reader.has('chosen_line')) reader.pattern('chosen_line', UUID)
  addedPosition(reader, 'position')
  reader.close()
  if (receipt && allocated !== amount) throw new Refused('visit.allocation_differs', { field: reader.path('allocation') })
}

function readPayer(reader: Reader): void {
  const name = reader.text('name', 120)
  if (name !== name.trim() || /[\n\t]/.test(name)) throw reader.malformed('name')
  reader.choice('capacity', CAPACITIES)
  reader.choice('document', PAYER_DOCUMENTS)
  reader.flag('debtor_agrees')
  reader.close()
}

function readSignedPaper(reader: Reader): void {
  if (!isObject(reader.plain('value'))) throw reader.malformed('value')
  reader.pattern('digest', DIGEST)
  reader.text('signature', 400)
  reader.close()
}

function plainAnswers(value: unknown): boolean {
  if (!isObject(value)) return false
  const entries = Object.entries(value)
  return entries.length <= 20 && entries.every(([name, answer]) => {
    if (name.length > 40) return false
    if (typeof answer === 'string') return lengthOf(answer) <= 200 && printable(answer)
    return typeof answer === 'boolean' || Number.isSafeInteger(answer)
  })
}
