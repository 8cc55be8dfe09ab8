/** What an agent does on this phone: each act is one transaction, written before the screen says so. */
import type { Spot } from './pin'
import { Refused } from '../domain/reading.ts'
import type { DangerBody, DangerPositionBody } from '../domain/danger.ts'
import type { Paper, SendBy } from '../domain/paperRequest.ts'
import { checkReport, readBody, type OutsideThePlan, type VisitBody } from '../domain/visit.ts'
import { commit, nextNumber, seal, takeBack, type EnvelopeKind, type StoredEnvelope } from '../outbox/envelopes'
import { uuid7 } from '../outbox/bytes'
import { fromBytes, SEALED, type Row, type StoredRecord } from '../outbox/storage'
import { bodyOf, isBegun, isBound, newDraft, type Draft, type Typing } from './draft'
import { counted, Drafts, OTHER_WINDOW, type Placed } from './drafts'
import { opened, type KeptDraft } from './keptDraft'
import { writeReading } from './messages'
import { writeAnswer, type Answer } from './questions'
import { cutShort } from './danger'
import { continued } from './oneDoor'
import { isElsewhere, outsideStop, stopIdOf } from './outside'
import { typing } from './visit/typing'
import { knownStops, ORDER, phone, raw, serviceNow, settingRecord, storage, today } from './phone.svelte'
import { report } from './report'
import { hurry, wrote } from './stages'
import type { Prepared } from './pictures'
import type { SaidInstead } from './corrections'
import type { OutboxItem } from './day'
import type { Found } from './position'
import type { KeptOrder } from './phone.svelte'
import type { StopCard } from './shapes'

export const UNDO_MS = 10_000
export const APP_VERSION = '0.1.0'

// --- a visit --------------------------------------------------------------------------------------------------

export const draftFor = (stop: StopCard): Draft =>
  newDraft(stop, { visitId: uuid7(serviceNow().getTime()), day: phone.bundle?.day ?? today() })

export const drafts = new Drafts(storage, knownStops)

export const loadDraft = (stopId: string): Promise<Draft | null> => drafts.load(stopId)

/** Save what was typed, over what it was typed into. Refused where another window has written this visit meanwhile. */
export const saveDraft = (draft: Draft): Promise<Draft> => drafts.write(draft, draft)

/**
 * Begin a visit outside the plan to the debtor whom this stop of the day or the reserve knows. It lies on the phone at once,
 * for no list of the day leads to it.
 */
export async function beginOutside(stop: StopCard, place: OutsideThePlan): Promise<Draft> {
  const fresh = draftFor(stop)
  const begun = await saveDraft({ ...fresh, stop: outsideStop(stop, { id: fresh.visit_id, place }), unplanned: { of: stop.stop_id, place } })
  await wrote()
  return begun
}

/** A visit outside the plan at which nobody has arrived is given up. */
export async function giveUpOutside(draft: Draft): Promise<void> {
  await drafts.remove(draft)
  await wrote()
}

/** Writes the arrival as an envelope of its own, once the position is known or will not be. */
export async function checkIn(draft: Draft, found: Found): Promise<Draft> {
  const nowMs = Date.now()
  const done = await drafts.commit(draft, async (counters, written) => {
    const { counters: moved, envelope, record } = await seal(counters, {
      kind: 'check_in', nowMs, offsetMs: phone.clock.offset_ms, restMs: UNDO_MS, pictures: [],
      body: {
        visit_id: draft.visit_id, stop_id: stopIdOf(draft), practice_id: draft.stop.practice.id,
        ...(draft.unplanned ? { unplanned: draft.unplanned.place } : {}),
        arrived_at: draft.arrived_at, position: found.position, position_refused_reason: found.reason,
      },
    })
    const arrived = written({ ...draft, check_in_id: envelope.id, position: found.position, no_position: found.reason })
    return { counters: moved, draft: arrived, put: [record], result: arrived }
  })
  await wrote()
  return done
}

/** Take the arrival back while it still rests. */
export async function undoArrival(draft: Draft): Promise<Draft | null> {
  const before = counted(draft, { ...draft, arrived_at: null, check_in_id: null, position: null, no_position: null })
  if (draft.check_in_id === null) return drafts.write(draft, before)
  if (!(await takeBack(storage, draft.check_in_id, { nowMs: Date.now(), also: () => drafts.placed(draft, before) }))) return null
  await wrote()
  return before
}

/** Bind a neutral notice to this visit: its number is used from now on. */
export async function takeNoticeNumber(draft: Draft): Promise<Draft> {
  return drafts.commit(draft, async (counters, written) => {
    const number = counters.notice ? nextNumber(counters.notice) : null
    if (!counters.notice || number === null) throw new Refused('visit.notice_numbers_used_up')
    const name = `${counters.notice.series}-${String(number).padStart(6, '0')}`
    const numbered = written({ ...draft, answers: { ...draft.answers, 'notice.number': name } })
    const notice = { ...counters.notice, used: number }
    return { counters: { ...counters, notice }, draft: numbered, result: numbered }
  })
}

export async function keepPicture(draft: Draft, { picture, records }: Prepared): Promise<Draft> {
  const others = draft.pictures.filter((known) => known.sha256 !== picture.sha256)
  return drafts.write(draft, { ...draft, pictures: [...others, picture] }, { put: records })
}

/** Out of the visit; its bytes go once nobody can want it back (`forgetDropped`). */
export const dropPicture = (draft: Draft, sha256: string): Promise<Draft> =>
  drafts.write(draft, { ...draft, pictures: draft.pictures.filter((picture) => picture.sha256 !== sha256) })

/** The bytes of pictures that neither a draft nor a report holds any more: of these, or of all that a crash left behind. */
export async function forgetDropped(keys?: readonly string[]): Promise<void> {
  const lying = keys ?? (await Promise.all((['original', 'small'] as const).map((kind) => storage.keysOf(kind, 'draft')))).flat()
  const held = new Set((await storage.ofKind('draft')).flatMap((record) => hashesOf(opened(fromBytes<KeptDraft>(record.bytes), []))))
  const remove = unnamed(lying.filter((key) => !held.has(key)))
  if (remove.length) await storage.write({ remove })
}

export interface Closed {
  readonly envelope: StoredEnvelope
  readonly draft: Draft
  readonly undoable: boolean
}

/**
 * What time alone undoes, and no answer may put right any more: a visit was left open overnight, and a day that was signed
 * has passed. It is closed all the same, with what was signed, and the service flags it.
 */
const undoneByTime = (draft: Draft, code: string): boolean =>
  code === 'visit.too_long_a_visit' || (draft.signature !== null && code === 'visit.date_too_early')

/** What still keeps the report from being saved, in the order of the form. */
export function problemsOf(draft: Draft, leftAt: Date, typing: Typing): Refused[] {
  if (!draft.arrived_at || !draft.met || !draft.outcome) return [new Refused('visit.field_missing', { field: 'outcome' })]
  const body = reportOf(draft, leftAt, typing)
  const read = readBody(body)
  if (read.kind === 'refused') return [read.refusal]
  const { placement_starts_on, placement_ends_on } = draft.stop.practice
  const placement = { starts_on: placement_starts_on, ends_on: placement_ends_on }
  return checkReport(read.value, { now: leftAt, placement }).filter(({ code }) => !undoneByTime(draft, code))
}

const reportOf = (draft: Draft, leftAt: Date, typing: Typing): VisitBody =>
  bodyOf(draft, {
    leftAt: leftAt.toISOString(), appVersion: APP_VERSION, offline: phone.offline === true, typing,
  }) as unknown as VisitBody

/** Close a visit: report, pictures and envelope in one transaction; the draft is gone only when they are written. */
export async function closeVisit(draft: Draft, typing: Typing): Promise<Closed> {
  const leftAt = serviceNow()
  const [problem] = problemsOf(draft, leftAt, typing)
  if (problem) throw problem
  const body = reportOf(draft, leftAt, typing)
  const undoable = !isBound(draft)
  const hashes = hashesOf(draft)
  const envelope = await report(drafts, draft, {
    body, nowMs: Date.now(), offsetMs: phone.clock.offset_ms, restMs: undoable ? UNDO_MS : 0, hashes,
    pictures: () => inState(hashes, 'waiting'),
  })
  await wrote()
  return { envelope, draft, undoable }
}

/** The alarm, alone and before everything else. Returns its id. */
export async function writeAlarm(...[kind, body]: ['danger', DangerBody] | ['danger_position', DangerPositionBody]): Promise<string> {
  const id = await writeDown(kind, () => body, 0)
  hurry()
  return id
}

/** End a visit as UNSAFE as it lies on the phone; false where it was ended already. Nothing that is missing stops it. */
export async function endForSafety(draft: Draft): Promise<boolean> {
  const leftAt = serviceNow()
  for (;;) {
    const lying = (await drafts.load(draft.stop.stop_id)) ?? { ...draft, written: 0 }
    const last = cutShort(lying, leftAt.toISOString())
    const hashes = hashesOf(last)
    const reported = phone.items.some((item) => item.kind === 'visit' && item.body.visit_id === draft.visit_id)
    if (reported) return false
    try {
      await report(drafts, lying, {
        body: reportOf(last, leftAt, typing), nowMs: Date.now(), offsetMs: phone.clock.offset_ms, restMs: 0, hashes,
        pictures: () => inState(hashes, 'waiting'),
      })
      await wrote()
      return true
    } catch (problem) {
      // Another window wrote it in this moment: it ends as it lies now.
      if (!(problem instanceof Refused) || problem.code !== OTHER_WINDOW) throw problem
    }
  }
}

export const hashesOf = (draft: Draft): string[] => keysOf(draft.pictures)

export const keysOf = (pictures: Draft['pictures']): string[] =>
  pictures.flatMap((item) => [item.sha256, ...(item.small_sha256 ? [item.small_sha256] : [])])

/** Pictures that no report on this phone names: a report that was refused keeps its own. */
export const unnamed = (keys: readonly string[]): string[] =>
  keys.filter((key) => !phone.items.some((item) => item.pictures.includes(key)))

/**
 * Go on with the same person's next practice: its report begins with what the first one knows. A visit that was begun
 * there already is gone on with as it lies: nothing of it is written over.
 */
export async function goOnWith(first: Draft, stop: StopCard): Promise<Draft> {
  const lying = isElsewhere(first) ? null : await drafts.load(stop.stop_id)
  if (lying && isBegun(lying)) return lying
  const fresh = continued(first, stop, { visitId: lying?.visit_id ?? uuid7(serviceNow().getTime()) })
  const next: Draft = lying ? { ...lying, ...fresh, pictures: lying.pictures } : fresh
  const found = next.position ? ({ position: next.position, reason: null } as const) : ({ position: null, reason: next.no_position ?? 'off' } as const)
  return checkIn(next, found)
}

/** Open a closed visit again, while nobody has seen it. */
export async function undoClosing({ envelope, draft }: Closed): Promise<boolean> {
  const pictures = await inState(envelope.pictures, 'draft')
  // The visit may have been begun anew meanwhile.
  const also = (): Promise<Placed> => drafts.placed({ ...draft, written: 0 }, counted(draft, draft))
  const done = await takeBack(storage, envelope.id, { nowMs: Date.now(), put: pictures, also })
  await wrote()
  return done
}

/** Pictures in another state, sealed as they lie: nothing in them has changed. */
export async function inState(keys: readonly string[], state: string): Promise<Row[]> {
  const rows = await Promise.all(keys.map((key) => raw.get(key)))
  return rows.flatMap((row) => (row && row.state !== SEALED ? [{ ...row, state }] : []))
}

/** The office sends the paper: where to, and that the debtor agreed. Returns the envelope's id, to take it back. */
export async function askOfficeToSend(asked: {
  readonly practice_id: string
  readonly visit_id: string
  readonly paper: Paper
  readonly name: string
  readonly channel: SendBy
  readonly address: string
}): Promise<string> {
  return writeDown('paper_request', (at) => ({ request_id: uuid7(at.getTime()), ...asked, address: asked.address.trim(), consent: true, at: at.toISOString() }), UNDO_MS)
}

/** The way back from what was just written; false once it has left, or something was written after it. */
export type TakingBack = () => Promise<boolean>

/** Take back what was written last, while it rests. */
export async function takeBackLast(id: string, put: readonly StoredRecord[] = []): Promise<boolean> {
  const done = await takeBack(storage, id, { nowMs: Date.now(), put })
  await wrote()
  return done
}

/** The agent's own order of the visits left (`own`), or the office's again: kept here, and told. */
export async function keepOrder(stops: readonly string[], { own }: { own: boolean }): Promise<TakingBack | null> {
  const { bundle, order: before } = phone
  if (!bundle || bundle.version === 0) return null
  const kept = (order: readonly string[] | null): StoredRecord => settingRecord(ORDER, { day: bundle.day, stops: order } satisfies KeptOrder)
  const order = own ? stops : null
  const id = await writeDown('day_order', (at) => ({ day: bundle.day, version: bundle.version, stops, at: at.toISOString() }), UNDO_MS, [kept(order)])
  phone.order = order
  return async () => {
    const done = await takeBackLast(id, [kept(before)])
    if (done) phone.order = before
    return done
  }
}

export interface DayEnd {
  readonly done: number
  readonly left: readonly string[]
  readonly unsent: number
  readonly held: readonly { readonly method: string; readonly count: number; readonly cents: number }[]
}

/** The day is over for the agent; nothing is locked by it, and a later visit is still a visit. */
export async function closeDay(end: DayEnd): Promise<TakingBack> {
  const day = phone.bundle?.day ?? today()
  const id = await writeDown('day_closed', (at) => ({ day, at: at.toISOString(), ...end }), UNDO_MS)
  return () => takeBackLast(id)
}

/** A message of the office was read. */
export async function readMessage(id: string): Promise<void> {
  if (await writeReading(storage, id, { nowMs: Date.now(), offsetMs: phone.clock.offset_ms })) await wrote()
}

/** A question of the office was answered. */
export async function answerQuestion(id: string, answer: Answer): Promise<void> {
  if (await writeAnswer(storage, id, answer, { nowMs: Date.now(), offsetMs: phone.clock.offset_ms })) await wrote()
}

/** How a visit ended otherwise than its report says. */
export async function correctVisit({ body: { practice_id, visit_id } }: Pick<OutboxItem, 'body'>, { outcome, captured, reason, met: who, identified_by, role }: SaidInstead): Promise<TakingBack> {
  const id = await writeDown('visit_correction', (at) => ({
    practice_id, visit_id, outcome, captured, reason: reason.trim(), met: { who, identified_by, role }, at: at.toISOString(),
  }), UNDO_MS)
  return () => takeBackLast(id)
}

/** One envelope of its own, and what has to stand with it. */
async function writeDown(kind: EnvelopeKind, bodyAt: (at: Date) => unknown, restMs: number, put: readonly StoredRecord[] = []): Promise<string> {
  const nowMs = Date.now()
  const id = await commit(storage, async (counters) => {
    const sealed = await seal(counters, {
      kind, nowMs, offsetMs: phone.clock.offset_ms, restMs, pictures: [], body: bodyAt(new Date(nowMs + phone.clock.offset_ms)),
    })
    return { counters: sealed.counters, put: [sealed.record, ...put], result: sealed.envelope.id }
  })
  await wrote()
  return id
}

/** Where the door really is, from whoever stands at it; the office sees it and may put it back. */
export async function writePin(stop: StopCard, at: Spot, by: 'position' | 'hand'): Promise<TakingBack> {
  const id = await writeDown('address_pin', (now) => ({
    practice_id: stop.practice.id, address_id: stop.address.id, lat_e6: at.lat_e6, lon_e6: at.lon_e6, by, at: now.toISOString(),
  }), UNDO_MS)
  return () => takeBackLast(id)
}

/** A call is a contact: written when the dialler opens. */
export async function writeCall(practiceId: string, phoneId: string): Promise<TakingBack> {
  const id = await writeDown('contact', (at) => ({
    contact_id: uuid7(at.getTime()), practice_id: practiceId, channel: 'call', phone_id: phoneId, at: at.toISOString(),
  }), UNDO_MS)
  return () => takeBackLast(id)
}
