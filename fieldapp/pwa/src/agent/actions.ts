/** What an agent does on this phone: each act is one transaction, written before the screen says so. */
import type { Spot } from './pin'
import { Refused } from '../domain/reading.ts'
import type { DangerBody, DangerPositionBody } from '../domain/danger.ts'
import type { Paper, SendBy } from '../domain/paperRequest.ts'
import { checkReport, readBody, type VisitBody } from '../domain/visit.ts'
import { commit, nextNumber, seal, takeBack, type EnvelopeKind, type StoredEnvelope } from '../outbox/envelopes'
import { uuid7 } from '../outbox/bytes'
import { BOUND, fromBytes, same, SEALED, toBytes, type Row, type StoredRecord } from '../outbox/storage'
import { bodyOf, draftKey, isBound, newDraft, type Draft, type Typing } from './draft'
import { kept, opened, type KeptDraft } from './keptDraft'
import { writeReading } from './messages'
import { writeAnswer, type Answer } from './questions'
import { cutShort } from './danger'
import { continued } from './oneDoor'
import { typing } from './visit/typing'
import { knownStops, ORDER, phone, raw, serviceNow, settingRecord, storage, today, whenShut } from './phone.svelte'
import { hurry, wrote } from './stages'
import type { Prepared } from './pictures'
import type { Found } from './position'
import type { KeptOrder } from './phone.svelte'
import type { StopCard } from './shapes'

export const UNDO_MS = 10_000
export const APP_VERSION = '0.1.0'

// --- a visit --------------------------------------------------------------------------------------------------

export const draftFor = (stop: StopCard): Draft =>
  newDraft(stop, { visitId: uuid7(serviceNow().getTime()), day: phone.bundle?.day ?? today() })

/** Bytes of each draft as this tab last saw them: another tab's writing is noticed, not overwritten. */
const seen = new Map<string, Uint8Array>()
whenShut.push(() => {
  seen.clear()
})

export async function loadDraft(stopId: string): Promise<Draft | null> {
  const record = await storage.get(draftKey(stopId))
  if (!record) {
    seen.delete(stopId)
    return null
  }
  seen.set(stopId, record.bytes)
  return opened(fromBytes<KeptDraft>(record.bytes), knownStops())
}

/** Whether this visit lies on the phone as this window left it. */
export async function asSeen(stopId: string): Promise<boolean> {
  const record = await storage.get(draftKey(stopId))
  return same(record?.bytes ?? null, seen.get(stopId) ?? null)
}

/** Save what was typed; `false` when another window has written this visit meanwhile. */
export async function saveDraft(draft: Draft): Promise<boolean> {
  const id = draft.stop.stop_id
  const record = draftRecord(draft)
  if (same(seen.get(id) ?? null, record.bytes)) return true
  const expect = [{ key: record.key, bytes: seen.get(id) ?? null }]
  const outcome = await storage.write({ expect, put: [record] })
  if (outcome === 'written') seen.set(id, record.bytes)
  return outcome === 'written'
}

export const draftRecord = (draft: Draft): StoredRecord => ({
  key: draftKey(draft.stop.stop_id), kind: 'draft', state: isBound(draft) || draft.payments.length > 0 ? BOUND : 'open', seq: draft.stop.position, bytes: toBytes(kept(draft)),
})

/** A draft is gone: what it was written from, too. */
export const forgetDraft = (stopId: string): boolean => seen.delete(stopId)

/** Remember that a draft was written elsewhere in this tab (with a payment, with a notice number). */
export function sawDraft(draft: Draft): void {
  seen.set(draft.stop.stop_id, toBytes(kept(draft)))
}

/** Writes the arrival as an envelope of its own, once the position is known or will not be. */
export async function checkIn(draft: Draft, found: Found): Promise<Draft> {
  const nowMs = Date.now()
  const done = await commit(storage, async (counters) => {
    const { counters: moved, envelope, record } = await seal(counters, {
      kind: 'check_in', nowMs, offsetMs: phone.clock.offset_ms, restMs: UNDO_MS, pictures: [],
      body: {
        visit_id: draft.visit_id, stop_id: draft.stop.stop_id, practice_id: draft.stop.practice.id,
        arrived_at: draft.arrived_at, position: found.position, position_refused_reason: found.reason,
      },
    })
    const arrived: Draft = { ...draft, check_in_id: envelope.id, position: found.position, no_position: found.reason }
    return { counters: moved, put: [record, draftRecord(arrived)], result: arrived }
  })
  sawDraft(done)
  await wrote()
  return done
}

/** Take the arrival back while it still rests. */
export async function undoArrival(draft: Draft): Promise<Draft | null> {
  const before: Draft = { ...draft, arrived_at: null, check_in_id: null, position: null, no_position: null }
  if (draft.check_in_id !== null) {
    const nowMs = Date.now()
    if (!(await takeBack(storage, draft.check_in_id, { nowMs, put: [draftRecord(before)] }))) return null
    sawDraft(before)
  }
  await wrote()
  return before
}

/** Bind a neutral notice to this visit: its number is used from now on. */
export async function takeNoticeNumber(draft: Draft): Promise<Draft> {
  const done = await commit(storage, async (counters) => {
    const number = counters.notice ? nextNumber(counters.notice) : null
    if (!counters.notice || number === null) throw new Refused('visit.notice_numbers_used_up')
    const name = `${counters.notice.series}-${String(number).padStart(6, '0')}`
    const numbered: Draft = { ...draft, answers: { ...draft.answers, 'notice.number': name } }
    const notice = { ...counters.notice, used: number }
    return { counters: { ...counters, notice }, put: [draftRecord(numbered)], result: numbered }
  })
  sawDraft(done)
  return done
}

export async function keepPicture(draft: Draft, { picture, records }: Prepared): Promise<Draft> {
  const others = draft.pictures.filter((known) => known.sha256 !== picture.sha256)
  const kept: Draft = { ...draft, pictures: [...others, picture] }
  await storage.write({ put: [...records, draftRecord(kept)] })
  sawDraft(kept)
  return kept
}

export async function dropPicture(draft: Draft, sha256: string): Promise<Draft> {
  const dropped = draft.pictures.find((picture) => picture.sha256 === sha256)
  const kept: Draft = { ...draft, pictures: draft.pictures.filter((picture) => picture.sha256 !== sha256) }
  const remove = unnamed([sha256, ...(dropped?.small_sha256 ? [dropped.small_sha256] : [])])
  await storage.write({ put: [draftRecord(kept)], remove })
  sawDraft(kept)
  return kept
}

export interface Closed {
  readonly envelope: StoredEnvelope
  readonly draft: Draft
  readonly undoable: boolean
}

/** What still keeps the report from being saved, in the order of the form. */
export function problemsOf(draft: Draft, leftAt: Date, typing: Typing): Refused[] {
  if (!draft.arrived_at || !draft.met || !draft.outcome) return [new Refused('visit.field_missing', { field: 'outcome' })]
  const body = reportOf(draft, leftAt, typing)
  const read = readBody(body)
  if (read.kind === 'refused') return [read.refusal]
  const { placement_starts_on, placement_ends_on } = draft.stop.practice
  const placement = { starts_on: placement_starts_on, ends_on: placement_ends_on }
  return checkReport(read.value, { now: leftAt, placement })
}

const reportOf = (draft: Draft, leftAt: Date, typing: Typing): VisitBody =>
  bodyOf(draft, {
    leftAt: leftAt.toISOString(), appVersion: APP_VERSION, offline: withoutNetwork(), typing,
  }) as unknown as VisitBody

/** The browser knows before the first request fails; a request that failed knows where the browser is wrong. */
const withoutNetwork = (): boolean => !navigator.onLine || phone.status.trouble === 'unreachable'

/** Close a visit: report, pictures and envelope in one transaction; the draft is gone only when they are written. */
export async function closeVisit(draft: Draft, typing: Typing): Promise<Closed> {
  const leftAt = serviceNow()
  const [problem] = problemsOf(draft, leftAt, typing)
  if (problem) throw problem
  const body = reportOf(draft, leftAt, typing)
  const undoable = !isBound(draft)
  const hashes = hashesOf(draft)
  const envelope = await commit(storage, async (counters) => {
    const sealed = await seal(counters, {
      kind: 'visit', body, nowMs: Date.now(), offsetMs: phone.clock.offset_ms, restMs: undoable ? UNDO_MS : 0, pictures: hashes,
    })
    const pictures = await inState(hashes, 'waiting')
    return {
      counters: sealed.counters, put: [sealed.record, ...pictures], remove: [draftKey(draft.stop.stop_id)],
      result: sealed.envelope,
    }
  })
  seen.delete(draft.stop.stop_id)
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
  const key = draftKey(draft.stop.stop_id)
  const leftAt = serviceNow()
  const done = await commit(storage, async (counters) => {
    const record = await storage.get(key)
    const reported = phone.items.some((item) => item.kind === 'visit' && item.body.visit_id === draft.visit_id)
    if (reported) return { counters, result: false }
    const lying = record ? opened(fromBytes<KeptDraft>(record.bytes), knownStops()) : draft
    const last = cutShort(lying, leftAt.toISOString())
    const hashes = hashesOf(last)
    const sealed = await seal(counters, {
      kind: 'visit', body: reportOf(last, leftAt, typing), nowMs: Date.now(), offsetMs: phone.clock.offset_ms, restMs: 0, pictures: hashes,
    })
    const pictures = await inState(hashes, 'waiting')
    return {
      counters: sealed.counters, expect: [{ key, bytes: record?.bytes ?? null }], put: [sealed.record, ...pictures], remove: [key], result: true,
    }
  })
  seen.delete(draft.stop.stop_id)
  await wrote()
  return done
}

export const hashesOf = (draft: Draft): string[] =>
  draft.pictures.flatMap((item) => [item.sha256, ...(item.small_sha256 ? [item.small_sha256] : [])])

/** Pictures that no report on this phone names: a report that was refused keeps its own. */
export const unnamed = (keys: readonly string[]): string[] =>
  keys.filter((key) => !phone.items.some((item) => item.pictures.includes(key)))

/** Go on with the same person's next practice: its report begins with what the first one knows. */
export async function goOnWith(first: Draft, stop: StopCard): Promise<Draft> {
  const next = continued(first, stop, { visitId: uuid7(serviceNow().getTime()) })
  const found = next.position ? ({ position: next.position, reason: null } as const) : ({ position: null, reason: next.no_position ?? 'off' } as const)
  return checkIn(next, found)
}

/** Open a closed visit again, while nobody has seen it. */
export async function undoClosing({ envelope, draft }: Closed): Promise<boolean> {
  const pictures = await inState(envelope.pictures, 'draft')
  const done = await takeBack(storage, envelope.id, { nowMs: Date.now(), put: [draftRecord(draft), ...pictures] })
  if (done) sawDraft(draft)
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

/** Take back what was written last, while it rests. */
export async function takeBackLast(id: string): Promise<boolean> {
  const done = await takeBack(storage, id, { nowMs: Date.now() })
  await wrote()
  return done
}

/** The agent's own order of the visits left (`own`), or the office's again: kept here, and told. */
export async function keepOrder(stops: readonly string[], { own }: { own: boolean }): Promise<void> {
  const { bundle } = phone
  if (!bundle || bundle.version === 0) return
  const kept: KeptOrder = { day: bundle.day, stops: own ? stops : null }
  await writeDown('day_order', (at) => ({ day: bundle.day, version: bundle.version, stops, at: at.toISOString() }), 0, [settingRecord(ORDER, kept)])
  phone.order = kept.stops
}

export interface DayEnd {
  readonly done: number
  readonly left: readonly string[]
  readonly unsent: number
  readonly held: readonly { readonly method: string; readonly count: number; readonly cents: number }[]
}

/** The day is over for the agent; nothing is locked by it, and a later visit is still a visit. */
export async function closeDay(end: DayEnd): Promise<void> {
  const day = phone.bundle?.day ?? today()
  await writeDown('day_closed', (at) => ({ day, at: at.toISOString(), ...end }), 0)
}

/** A message of the office was read. */
export async function readMessage(id: string): Promise<void> {
  if (await writeReading(storage, id, { nowMs: Date.now(), offsetMs: phone.clock.offset_ms })) await wrote()
}

/** A question of the office was answered. */
export async function answerQuestion(id: string, answer: Answer): Promise<void> {
  if (await writeAnswer(storage, id, answer, { nowMs: Date.now(), offsetMs: phone.clock.offset_ms })) await wrote()
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
export async function writePin(stop: StopCard, at: Spot, by: 'position' | 'hand'): Promise<void> {
  await writeDown('address_pin', (now) => ({
    practice_id: stop.practice.id, address_id: stop.address.id, lat_e6: at.lat_e6, lon_e6: at.lon_e6, by, at: now.toISOString(),
  }), 0)
}

/** A call is a contact: written when the dialler opens. */
export async function writeCall(practiceId: string, phoneId: string): Promise<void> {
  await writeDown('contact', (at) => ({
    contact_id: uuid7(at.getTime()), practice_id: practiceId, channel: 'call', phone_id: phoneId, at: at.toISOString(),
  }), 0)
}
