/**
 * Drives the machine: carries its requests out, writes what an answer settled, then lets the machine believe it.
 * One tab drives for all (a Web Lock); the others are told over a channel.
 */
import { mediaTypeOf, sha256Hex } from './bytes'
import { bodyOf, envelopeRecord, inOrderOfEvents, LEAVING, readEnvelope, SENDING_NOW, underLock, URGENT, type StoredEnvelope } from './envelopes'
import { EMPTY, LONGEST_WAIT_MS, next, step, type Answer, type Event, type Fact, type FactState, type Picture, type PictureSaid, type PictureState, type PutFailure, type Request, type Sync } from './machine'
import type { Storage } from './storage'
import { PROTOCOL, type Reply, type Wire } from './wire'

export interface DriverStatus {
  readonly sending: Request['kind'] | null
  readonly trouble: Sync['trouble']
  readonly quietUntil: number
  /** The phone's clock at the last good answer. */
  readonly reachedAtMs: number | null
}

interface Verdict {
  readonly id: string
  readonly verdict: 'accepted' | 'duplicate' | 'conflict' | 'refused'
  readonly code: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly flags: readonly string[]
}

interface SyncAnswer {
  readonly verdicts: readonly Verdict[]
  readonly missing: readonly string[]
  readonly clock: { readonly now: string }
}

export interface Driver {
  /** Look for new work, waiting or not. */
  nudge(): void
  /** The same, and whatever is under way makes room: something urgent was written. */
  hurry(): void
  stop(): void
}

export interface DriverParts {
  readonly storage: Storage
  readonly wire: Wire
  readonly onStatus: (status: DriverStatus) => void
  /** Stored records changed: screens read again. */
  readonly onSettled: () => void
  readonly onClock: (clock: SyncAnswer['clock']) => void
  readonly now?: () => number
  readonly luck?: () => number
  /** An original that is larger goes in parts of so many bytes. */
  readonly partBytes?: number
}

/** The sender, turn by turn: nothing in here waits for a clock. */
export interface Turns {
  nudge(): void
  hurry(): void
  /** One request carried out and written down; returns how long to pause before the next turn. */
  once(): Promise<number>
}

const IDLE_MS = 60_000
const BROKEN_WAIT_MS = 5_000
export const PART_BYTES = 256 * 1024
const LONGEST_UPLOAD_MS = 120_000

export function takeTurns(parts: DriverParts): Turns {
  const now = parts.now ?? Date.now
  const luck = parts.luck ?? Math.random
  let sync = EMPTY
  let reachedAtMs: number | null = null
  let nudged = true
  /** Breaks off what is under way; none while that is urgent itself. */
  let underWay: AbortController | null = null
  /** Turns that storage broke, one after the other. */
  let broken = 0
  let hurried = false

  const tell = (sending: Request['kind'] | null): void => {
    parts.onStatus({ sending, trouble: sync.trouble, quietUntil: sync.quietUntil, reachedAtMs })
  }

  const feed = (event: Event): void => void (sync = step(sync, event))

  async function turn(): Promise<number> {
    hurried = false
    if (nudged) {
      nudged = false
      await freeHeld(parts.storage)
      feed({ kind: 'nudged' })
    }
    // Choosing what leaves and taking back exclude each other.
    const chosen = await underLock(SENDING_NOW, async () => {
      feed({ kind: 'loaded', ...(await read(parts.storage)) })
      const wanted = next(sync, now())
      if (wanted.kind === 'push') await letGo(parts.storage, wanted.ids)
      if (wanted.kind !== 'rest' && wanted.kind !== 'wait') feed({ kind: 'sent', request: wanted })
      return wanted
    })
    if (chosen.kind === 'rest' || chosen.kind === 'wait') {
      tell(null)
      return chosen.kind === 'wait' ? Math.max(50, chosen.until - now()) : IDLE_MS
    }
    tell(chosen.kind)
    const urgent = chosen.kind === 'push' && sync.facts.some((fact) => fact.urgent && chosen.ids.includes(fact.id))
    const cut = new AbortController()
    underWay = urgent ? null : cut
    if (hurried && !urgent) cut.abort()
    const ways: Ways = {
      signal: cut.signal,
      heldOf: (sha256) => sync.pictures.find((item) => item.sha256 === sha256)?.offset ?? 0,
      makesRoom: () => nudged,
    }
    const { answer, verdicts } = await carryOut(parts, chosen, ways)
    underWay = null
    if (cut.signal.aborted && answer.kind === 'failed') {
      feed({ kind: 'broken_off' })
      return 0
    }
    if (answer.kind !== 'failed') reachedAtMs = now()
    const before = sync
    const after = step(sync, { kind: 'answered', answer, now: now(), luck: luck() })
    await persist(parts.storage, before, after, verdicts, now())
    sync = after
    tell(null)
    parts.onSettled()
    return 0
  }

  return {
    nudge: () => {
      nudged = true
    },
    hurry: () => {
      nudged = true
      hurried = true
      underWay?.abort()
    },
    once: async () => {
      try {
        const pause = await turn()
        broken = 0
        return pause
      } catch {
        // Storage may be gone for a moment (a phone waking up): what was not written is simply sent again. Where it stays
        // full, not at once each time: the office has it already.
        sync = EMPTY
        broken += 1
        return Math.min(BROKEN_WAIT_MS * 2 ** Math.min(broken - 1, 12), LONGEST_WAIT_MS)
      }
    },
  }
}

export function startDriver(parts: DriverParts): Driver {
  const turns = takeTurns(parts)
  let stopped = false
  let wake: () => void = () => undefined
  let woken = false

  async function pause(ms: number): Promise<void> {
    if (woken) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    wake = () => undefined
  }

  void underLock('fieldapp-sync', async () => {
    while (!stopped) {
      woken = false
      const ms = await turns.once()
      if (ms > 0) await pause(ms)
    }
  })

  const now = (turn: () => void): void => {
    woken = true
    turn()
    wake()
  }

  return {
    nudge: () => {
      now(turns.nudge)
    },
    hurry: () => {
      now(turns.hurry)
    },
    stop: () => {
      stopped = true
      woken = true
      wake()
    },
  }
}

/** As pictures lie on the phone until the office holds them. */
const UNSENT_PICTURES = (['small', 'original'] as const).flatMap((part) => (['waiting', 'held'] as const).map((state) => ({ part, state })))

async function read(storage: Storage): Promise<{ facts: Fact[]; pictures: Picture[] }> {
  const facts = (await storage.ofKind('envelope')).map((record): Fact => {
    const envelope = readEnvelope(record)
    const gone = record.state === LEAVING
    return {
      id: envelope.id, seq: envelope.seq, state: gone ? 'waiting' : (record.state as FactState),
      notBefore: gone ? 0 : envelope.not_before_ms, pictures: envelope.pictures, urgent: URGENT.has(envelope.kind),
    }
  })
  const seqOf = new Map(facts.flatMap((fact) => fact.pictures.map((sha256) => [sha256, fact.seq] as const)))
  const pictures: Picture[] = []
  for (const { part, state } of UNSENT_PICTURES) {
    for (const sha256 of await storage.keysOf(part, state)) {
      pictures.push({ sha256, part, seq: seqOf.get(sha256) ?? 0, state })
    }
  }
  return { facts, pictures }
}

/** From now on these cannot be taken back: the office may have them even if no answer ever comes. */
async function letGo(storage: Storage, ids: readonly string[]): Promise<void> {
  const records = await Promise.all(ids.map((id) => storage.get(id)))
  const put = records.flatMap((record) => {
    const envelope = record && readEnvelope(record)
    return record && envelope && envelope.not_before_ms > 0
      ? [envelopeRecord({ ...envelope, not_before_ms: 0 }, record.state)]
      : []
  })
  if (put.length) await storage.write({ put })
}

/** What was put aside is tried again when somebody asks for it. */
async function freeHeld(storage: Storage): Promise<void> {
  for (const kind of ['envelope', 'small', 'original'] as const) {
    for (const key of await storage.keysOf(kind, 'held')) await storage.mark(key, 'waiting')
  }
}

/** What a request minds on its way. */
interface Ways {
  readonly signal: AbortSignal
  /** How much of a picture the office said it holds. */
  readonly heldOf: (sha256: string) => number
  /** Something was written meanwhile: an original makes room after the part under way. */
  readonly makesRoom: () => boolean
}

async function carryOut(
  parts: DriverParts, request: Request, ways: Ways,
): Promise<{ answer: Answer; verdicts: readonly Verdict[] }> {
  const { signal } = ways
  switch (request.kind) {
    case 'push': {
      const envelopes = await Promise.all(request.ids.map(async (id) => parts.storage.get(id)))
      const sent = envelopes
        .filter((record) => record !== undefined)
        .map((record) => readEnvelope(record))
        .map(({ id, seq, digest, text }) => ({ id, seq, digest, text }))
      const phone_clock = new Date(parts.now?.() ?? Date.now()).toISOString()
      const push = (said: object): Promise<Reply<SyncAnswer>> =>
        parts.wire.signed({ method: 'POST', path: '/api/v1/field/envelopes', json: { ...said, envelopes: sent }, signal })
      const first = await push({ protocol: PROTOCOL, phone_clock })
      // A service that is one version behind says so, and is spoken to in its own.
      const reply = olderService(first) ? await push({ protocol: PROTOCOL - 1 }) : first
      if (reply.kind === 'failed') return { answer: reply, verdicts: [] }
      if (!Array.isArray(reply.value.verdicts) || !Array.isArray(reply.value.missing)) return misread
      parts.onClock(reply.value.clock)
      const { verdicts, missing } = reply.value
      return { answer: { kind: 'verdicts', verdicts, missing }, verdicts }
    }
    case 'ask': {
      const reply: Reply<{ sha256: string; stored: boolean }[]> = await parts.wire.signed({
        method: 'POST', path: '/api/v1/field/attachments/missing', json: { sha256s: request.sha256s }, signal,
      })
      if (reply.kind === 'failed') return { answer: reply, verdicts: [] }
      if (!Array.isArray(reply.value)) return misread
      return { answer: { kind: 'states', states: reply.value }, verdicts: [] }
    }
    case 'put': {
      const each = await Promise.all(request.sha256s.map((sha256) => putOne(parts, sha256, { ...ways, sideBySide: request.sha256s.length })))
      const failures = each.flatMap((one) => ('trouble' in one ? [one] : []))
      const states = each.flatMap((one) => ('trouble' in one ? [] : [one]))
      // What was broken off for an alarm failed at nothing: it goes again.
      if (!signal.aborted) return { answer: { kind: 'put', states, failures }, verdicts: [] }
      if (states.length) return { answer: { kind: 'put', states, failures: [] }, verdicts: [] }
      return { answer: { kind: 'failed', trouble: 'unreachable', retryAfterMs: null }, verdicts: [] }
    }
  }
}

/** Side by side they share the line, and each may take as long as all of them one after the other. */
async function putOne(parts: DriverParts, sha256: string, ways: Ways & { sideBySide: number }): Promise<PictureSaid | PutFailure> {
  const record = await parts.storage.get(sha256)
  if (!record) return { sha256, stored: true }
  const inParts = record.kind === 'original' && record.bytes.length > (parts.partBytes ?? PART_BYTES)
  return inParts ? putParts(parts, sha256, record.bytes, ways) : putWhole(parts, sha256, record.bytes, ways)
}

async function putWhole(
  parts: DriverParts, sha256: string, bytes: Uint8Array<ArrayBuffer>, { signal, sideBySide }: Ways & { sideBySide: number },
): Promise<PictureSaid | PutFailure> {
  const reply = await parts.wire.signed<{ stored: boolean }>({
    method: 'PUT',
    path: `/api/v1/field/attachments/${sha256}`,
    content: { bytes, mediaType: mediaTypeOf(bytes) },
    timeoutMs: LONGEST_UPLOAD_MS * sideBySide,
    signal,
  })
  if (reply.kind === 'failed') return { sha256, trouble: reply.trouble, retryAfterMs: reply.retryAfterMs }
  return { sha256, stored: reply.value.stored }
}

/** From what the office holds to the end, or until something newer wants to leave. */
async function putParts(
  parts: DriverParts, sha256: string, bytes: Uint8Array<ArrayBuffer>, ways: Ways & { sideBySide: number },
): Promise<PictureSaid | PutFailure> {
  const most = parts.partBytes ?? PART_BYTES
  let offset = Math.min(ways.heldOf(sha256), bytes.length - 1)
  let corrected = false
  for (;;) {
    const part = bytes.slice(offset, offset + most)
    const reply = await parts.wire.signed<{ stored: boolean; offset: number }>({
      method: 'PATCH',
      path: `/api/v1/field/attachments/${sha256}`,
      content: { bytes: part, mediaType: 'application/partial-upload' },
      headers: {
        'upload-offset': String(offset), 'upload-length': String(bytes.length),
        'upload-complete': offset + part.length === bytes.length ? '?1' : '?0',
      },
      timeoutMs: LONGEST_UPLOAD_MS * ways.sideBySide,
      signal: ways.signal,
    })
    if (reply.kind === 'failed') {
      const elsewhere = reply.code === 'attachment.offset_differs' ? reply.details['offset'] : undefined
      if (typeof elsewhere === 'number' && elsewhere < bytes.length && !corrected) {
        corrected = true
        offset = elsewhere
        continue
      }
      // A service that is not updated yet takes pictures whole.
      if (reply.code === 'request.wrong_method') return putWhole(parts, sha256, bytes, ways)
      // What the office cannot put together goes anew from the start, where what lies here is still that picture.
      const anew = STARTS_ANEW.has(reply.code ?? '') && (await sha256Hex(bytes)) === sha256
      return { sha256, trouble: anew ? 'office_down' : reply.trouble, retryAfterMs: reply.retryAfterMs }
    }
    const { stored, offset: held } = reply.value
    if (stored) return { sha256, stored }
    if (!(held > offset && held < bytes.length)) return { sha256, trouble: 'not_understood', retryAfterMs: null }
    offset = held
    if (ways.makesRoom()) return { sha256, stored: false, offset }
  }
}

/** Answered by a service whose parts of a picture came apart from it, or that moved on twice while one was under way. */
const STARTS_ANEW: ReadonlySet<string> = new Set(['attachment.begun_anew', 'attachment.offset_differs', 'attachment.length_differs'])

const olderService = (reply: Reply<unknown>): boolean =>
  reply.kind === 'failed' && reply.trouble === 'update_needed' && Array.isArray(reply.details['understood']) &&
  reply.details['understood'].includes(PROTOCOL - 1) && !reply.details['understood'].includes(PROTOCOL)

const misread: { answer: Answer; verdicts: readonly Verdict[] } = {
  answer: { kind: 'failed', trouble: 'captive', retryAfterMs: null }, verdicts: [],
}

/** Writes what changed between two states; pictures that the service holds leave the phone's storage. */
async function persist(
  storage: Storage, before: Sync, after: Sync, verdicts: readonly Verdict[], nowMs: number,
): Promise<void> {
  const said = new Map(verdicts.map((verdict) => [verdict.id, verdict]))
  const states = new Map(before.facts.map((fact) => [fact.id, fact.state]))
  const settled_no = verdicts.length ? await inOrderOfEvents(storage) : 0
  for (const fact of after.facts) {
    if (states.get(fact.id) === fact.state) continue
    const record = await storage.get(fact.id)
    if (!record) continue
    const verdict = said.get(fact.id)
    const envelope: StoredEnvelope = {
      ...readEnvelope(record),
      verdict: verdict ? { code: verdict.code, details: verdict.details, flags: verdict.flags } : null,
      settled_ms: verdict ? nowMs : null,
      ...(verdict ? { settled_no } : {}),
    }
    await storage.write({ put: [envelopeRecord(envelope, fact.state)] })
  }
  const pictures = new Map<string, PictureState>(before.pictures.map((item) => [item.sha256, item.state]))
  for (const item of after.pictures) {
    if (pictures.get(item.sha256) === item.state) continue
    if (item.state === 'stored') await storage.write({ remove: [item.sha256] })
    else if (item.state === 'held') await storage.mark(item.sha256, 'held')
  }
}

/**
 * Accepted envelopes leave the phone once their day is over: it carries today's cases and nothing else. One whose pictures
 * have not all arrived stays as long as they do: only what an accepted envelope names is sent.
 */
export async function forgetSettled(storage: Storage, beforeMs: number): Promise<void> {
  const settled = (await storage.ofKind('envelope')).filter((record) => {
    const { settled_ms } = readEnvelope(record)
    return record.state === 'accepted' && settled_ms !== null && settled_ms < beforeMs
  })
  // Read after the envelopes: pictures come with their envelope and may only have gone since.
  const left = new Set((await Promise.all(UNSENT_PICTURES.map(({ part, state }) => storage.keysOf(part, state)))).flat())
  const old = settled.filter((record) => !readEnvelope(record).pictures.some((sha256) => left.has(sha256)))
  const receipts = old.flatMap((record) =>
    (bodyOf<{ payments?: { receipt: { digest: string } | null }[] }>(readEnvelope(record)).payments ?? []).flatMap(
      (payment) => (payment.receipt ? [payment.receipt.digest] : []),
    ),
  )
  await storage.write({ remove: [...old.map((record) => record.key), ...receipts] })
}
