/**
 * A visit that is being written: everything typed so far, as typed, and the report it becomes. Pure.
 *
 * Who was met decides what the draft may hold: turning away from "debtor" drops what only the debtor's report has a
 * place for, and is no longer possible once money or a signature exist.
 */
import { CATALOGUE, outcomeOf, outcomesWith, type Field, type Met, type Outcome } from '../domain/outcomes.ts'
import type { Refused } from '../domain/reading.ts'
import {
  NEUTRAL_PURPOSES, type IdentifiedBy, type NoPosition, type Observation, type PaymentBody, type Position, type Purpose,
  type Role, type Signature,
} from '../domain/visit.ts'
import type { SettlementRow } from '../api/shapes'
import type { SettlementPaper, SignedAgreement } from '../domain/agreement.ts'
import { isElsewhere, stopIdOf, type Unplanned } from './outside'
import type { OnPaper } from './paper/onPaper'
import type { TakenPicture } from './pictures'
import type { StopCard } from './shapes'
import type { Unfinished } from './unfinished'

export interface Draft {
  readonly v: 1
  readonly visit_id: string
  readonly stop: StopCard
  readonly planned_day: string
  readonly arrived_at: string | null
  /** Set once the arrival has been written as an envelope. */
  readonly check_in_id: string | null
  readonly position: Position | null
  readonly no_position: NoPosition | null
  /** Read as the visit is closed; drafts of an earlier app have none. */
  readonly left_position?: Position | null
  readonly met: Met | null
  readonly identified_by: IdentifiedBy | null
  readonly role: Role | null
  readonly identified_self: boolean
  readonly observations: readonly Observation[]
  readonly outcome: string | null
  /** As typed, by field; the parts of a window and of a notice under `name.part`. */
  readonly answers: Readonly<Record<string, string>>
  readonly pictures: readonly TakenPicture[]
  readonly statement: string
  readonly signature: Signature | null
  readonly payments: readonly PaymentBody[]
  /** The plan or settlement on paper; drafts of an earlier app have none. */
  readonly agreement?: SignedAgreement | null
  /** What the office says of the settlement on paper, asked while both stand here; drafts of an earlier app have none. */
  readonly asked?: AskedOffice | null
  /** The report written first at this door on the same person. */
  readonly with_visit_id?: string | null
  /** Outside the plan; a visit of the day or the reserve has none. */
  readonly unplanned?: Unplanned | null
  /** The sheet of a paper pad that this visit is copied from; then nothing else of the form is asked. */
  readonly paper?: OnPaper | null
  /** Forms over the visit's page that are still being filled in. */
  readonly unfinished?: Unfinished
  /** How often it was written on the phone; missing on one that never was (`drafts.ts`). */
  readonly written?: number
}

/** A settlement as the office sees it; `id` is the paper's. */
export interface AskedOffice {
  readonly id: string
  readonly state: SettlementRow['state']
  readonly note: string
  readonly decided_at: string | null
}

/** What the office says of the paper in hand; of one that was changed since it has said nothing. */
export const askedOf = (draft: Draft): AskedOffice | null =>
  draft.asked && draft.asked.id === draft.agreement?.value.id ? draft.asked : null

/** The settlement on paper, once the office has approved it while both stand here. */
export function approvedHere(draft: Draft): SettlementPaper | null {
  const value = draft.agreement?.value
  return value?.kind === 'settlement' && askedOf(draft)?.state === 'approved' ? value : null
}

/** Whether a second reading may be asked for: not where the agent left it out or the phone said no. */
export const mayLocate = (draft: Draft): boolean => draft.no_position !== 'off' && draft.no_position !== 'refused'

/** By its visit: one that outlived a wipe, sealed, keeps its place when its stop is visited anew. */
export const draftKey = ({ visit_id }: Pick<Draft, 'visit_id'>): string => `draft:${visit_id}`

export function newDraft(stop: StopCard, { visitId, day }: { visitId: string; day: string }): Draft {
  return {
    v: 1, visit_id: visitId, stop, planned_day: day, arrived_at: null, check_in_id: null, position: null,
    no_position: null, met: null, identified_by: null, role: null, identified_self: false, observations: [],
    outcome: null, answers: {}, pictures: [], statement: '', signature: null, payments: [],
    agreement: null,
  }
}

/** Money, a signature or a notice number bind: from then on nothing is undone by a tap. */
export const isBound = (draft: Draft): boolean =>
  draft.payments.some((payment) => payment.receipt !== null) || draft.signature !== null || noticeNumber(draft) !== null

/** Somebody arrived, or something was taken, agreed or copied: more than a page that was looked at. */
export const isBegun = (draft: Draft): boolean =>
  draft.arrived_at !== null || isBound(draft) || draft.payments.length > 0 || (draft.paper ?? null) !== null

export const canTurnFrom = (draft: Draft): boolean => draft.payments.length === 0 && draft.signature === null

/** What has to be put right before anybody signs: all that keeps the report here but the signature itself. */
export const dueBeforeSigning = (problems: readonly Refused[]): Refused[] =>
  problems.filter(({ code }) => code !== 'visit.signature_missing')

/** A signature locks the answers above it, never one that the report still lacks: the visit could not be closed any more. */
export const isAnswerable = (draft: Pick<Draft, 'signature'>, field: string, problems: readonly Refused[]): boolean =>
  draft.signature === null || problems.some(({ code, details }) => LACKING.has(code) && details['field'] === field)

const LACKING: ReadonlySet<string> = new Set(['visit.capture_missing', 'visit.capture_malformed'])

export const noticeNumber = (draft: Draft): string | null => draft.answers['notice.number'] ?? null

export function withMet(draft: Draft, met: Met): Draft {
  if (draft.met === met || !canTurnFrom(draft)) return draft
  const neutral: readonly Purpose[] = NEUTRAL_PURPOSES
  const only = outcomesWith(met)
  const outcome = draft.outcome && only.some((entry) => entry.code === draft.outcome) ? draft.outcome : null
  const turned: Draft = {
    ...draft, met, identified_by: null, role: null, unfinished: {},
    pictures: met === 'debtor' ? draft.pictures : draft.pictures.filter((item) => neutral.includes(item.purpose)),
    statement: met === 'debtor' ? draft.statement : '',
  }
  return withOutcome(turned, outcome)
}

/** A notice number that was taken stays with the draft: it is used once or explained by the office. */
export function withOutcome(draft: Draft, code: string | null): Draft {
  if (draft.outcome === code) return draft
  const number = draft.answers['notice.number']
  return { ...draft, outcome: code, agreement: null, answers: number === undefined ? {} : { 'notice.number': number } }
}

export const withAnswer = (draft: Draft, name: string, value: string): Draft => ({
  ...draft, answers: { ...draft.answers, [name]: value },
})

export interface Typing {
  /** Cents of what was typed, or null when it does not read as an amount. */
  readonly cents: (typed: string) => number | null
  /** The instant at which the visits' wall clock shows this day and hour. */
  readonly instant: (day: string, hour: string) => string | null
}

/** What the outcome's form holds, as the report carries it; what is not filled in is left out. */
export function capturedOf(draft: Draft, typing: Typing): Record<string, unknown> {
  const outcome = draft.outcome ? outcomeOf(draft.outcome) : undefined
  const captured: Record<string, unknown> = {}
  for (const field of outcome?.fields ?? []) {
    const value = valueOf(field, draft, typing)
    if (value !== null) captured[field.name] = value
  }
  return captured
}

function valueOf(field: Field, draft: Draft, typing: Typing): unknown {
  const typed = (draft.answers[field.name] ?? '').trim()
  switch (field.type) {
    case 'amount':
      return typed ? typing.cents(typed) : null
    case 'count':
      return /^[0-9]{1,3}$/.test(typed) ? Number(typed) : null
    case 'date':
    case 'choice':
    case 'text_short':
      return typed || null
    case 'photo':
      return photoFor(draft, typed)
    case 'notice': {
      const number = noticeNumber(draft)
      const delivery = draft.answers['notice.delivery']
      return number && delivery ? { number, delivery } : null
    }
    case 'window': {
      const [day, from, to] = ['day', 'from', 'to'].map((part) => draft.answers[`${field.name}.${part}`] ?? '')
      if (!day || !from || !to) return null
      const [first, last] = [typing.instant(day, from), typing.instant(day, to)]
      return first && last ? { from: first, to: last } : null
    }
  }
}

const photoFor = (draft: Draft, sha256: string): string | null =>
  draft.pictures.some((picture) => picture.sha256 === sha256) ? sha256 : null

/** The body of the `visit` envelope; `readBody` and `checkReport` judge it. */
export function bodyOf(
  draft: Draft,
  { leftAt, appVersion, offline, typing }: { leftAt: string; appVersion: string; offline: boolean; typing: Typing },
): Record<string, unknown> {
  const debtor = draft.met === 'debtor'
  const outcome = draft.outcome ? outcomeOf(draft.outcome) : undefined
  return {
    practice_id: draft.stop.practice.id,
    visit_id: draft.visit_id,
    stop_id: stopIdOf(draft),
    planned_day: draft.planned_day,
    address_id: draft.stop.address.id,
    arrived_at: draft.arrived_at,
    left_at: leftAt,
    position: draft.position,
    position_refused_reason: draft.position ? null : (draft.no_position ?? 'off'),
    attempt_no: attemptNo(draft.stop),
    met: {
      who: draft.met,
      identified_by: debtor ? draft.identified_by : null,
      role: draft.met === 'third_party' ? draft.role : null,
    },
    identified_self: draft.identified_self,
    observations: draft.observations,
    outcome: draft.outcome,
    captured: capturedOf(draft, typing),
    next_action: outcome?.next_step ?? null,
    attachments: draft.pictures.map(({ sha256, purpose, media_type, size, small_sha256 }) => ({
      sha256, purpose, media_type, size, small_sha256,
    })),
    app_version: appVersion,
    offline,
    ...(draft.left_position ? { left_position: draft.left_position } : {}),
    ...(draft.with_visit_id ? { with_visit_id: draft.with_visit_id } : {}),
    ...(draft.unplanned ? { unplanned: draft.unplanned.place } : {}),
    ...(debtor
      ? {
          statement: draft.statement.trim() || null, signature: draft.signature, payments: draft.payments,
          agreement: draft.agreement ?? null,
        }
      : {}),
  }
}

export const attemptNo = (stop: StopCard): number =>
  Math.min(999, stop.practice.attempts.filter((attempt) => attempt.channel === 'visit').length + 1)

/** The outcomes that come with a paper of their own, and are asked by it instead of field by field. */
export const withAgreement = (code: string | null): boolean => code === 'PLAN_SIGNED' || code === 'SETTLEMENT_PROPOSED'

/** Which of the four steps still waits for an answer. */
export type StepName = 'arrival' | 'met' | 'outcome' | 'closing'

/** `met` and `outcome`: the agent has gone on from them; a step never folds away under the finger. */
export function currentStep(draft: Draft, goneOn: { readonly met: boolean; readonly outcome: boolean }): StepName {
  if (!draft.arrived_at) return 'arrival'
  if (!goneOn.met || !isMetAnswered(draft)) return 'met'
  return goneOn.outcome ? 'closing' : 'outcome'
}

export function isMetAnswered(draft: Draft): boolean {
  if (draft.met === 'debtor') return draft.identified_by !== null && draft.identified_self
  if (draft.met === 'third_party') return draft.role !== null
  return draft.met === 'nobody'
}

/** Whether instalments are due, as far as the day knows. */
export const planRuns = ({ practice: { plan } }: StopCard): boolean => plan?.state === 'active' || plan?.state === 'broken'

/** Outcomes for who was met and where, in their groups; the most used stand apart. */
export function offered(draft: Pick<Draft, 'met' | 'unplanned' | 'stop'>): { common: Outcome[]; rest: Outcome[] } {
  if (!draft.met) return { common: [], rest: [] }
  const fitting = outcomesWith(draft.met).filter(
    (entry) => !(entry.at_the_address && isElsewhere(draft)) && (entry.code !== 'PAID_INSTALMENT' || planRuns(draft.stop)),
  )
  const common = fitting.filter((entry) => entry.common > 0)
  return { common, rest: CATALOGUE.filter((entry) => fitting.includes(entry) && entry.common === 0) }
}
