/**
 * Work that leaves this phone sealed: only the office can open it. As a file when nothing else goes, and by its own door
 * when the phone is locked, wiped or stopped by the office.
 *
 * Items were sealed when they were written (`vault.ts`), so no key of the phone's lock is needed here; the device signs
 * the whole.
 */
import { base64url, sha256Hex, utf8 } from './bytes'
import { sign } from './deviceKey'
import { PART_BYTES } from './driver'
import { LEAVING, SENDING_NOW, underLock } from './envelopes'
import { sealedToOffice, type Office } from './sealing'
import { isUnsent, type RecordKind, type Row, type Storage } from './storage'
import type { Failed, Reply, Wire } from './wire'

export type { Office } from './sealing'

const VERSION = 1
/** What one delivery may carry, before it is spelled as text. */
const AT_ONCE_BYTES = 6_000_000
const AT_ONCE_QUESTIONS = 500
const KINDS: readonly RecordKind[] = ['envelope', 'draft', 'small', 'original']

interface SealedItem {
  readonly kind: RecordKind
  readonly key: string
  readonly wrapped: string
  readonly content?: string
  /** Instead of the content: the digest under which the office has it already. */
  readonly held?: string
}

export interface RescueState {
  readonly key: string
  readonly state: 'waiting' | 'accepted' | 'refused'
  readonly code: string | null
}

/**
 * What no answer has settled, facts in device order before pictures. An open visit that binds is among it only where it
 * can no longer be closed: on a phone that was wiped, or is about to be.
 */
export async function unsent(raw: Storage, { openVisits = false } = {}): Promise<Row[]> {
  const rows = (await Promise.all(KINDS.map((kind) => raw.ofKind(kind)))).flat()
  return rows.filter((row) => isUnsent(row) && (row.kind !== 'draft' || row.state === 'sealed' || openVisits))
}

/** Everything unsent as one file. */
export async function rescueFile(raw: Storage, office: Office): Promise<Uint8Array<ArrayBuffer>> {
  return bundled(raw, office, await leaving(raw, await unsent(raw)))
}

/**
 * Hand over what is unsent by the door for sealed work; what the office says of each item. It settles nothing here.
 * What is large goes before, in parts of `partBytes`: a network that breaks off costs one of them.
 */
export async function handOver(raw: Storage, wire: Wire, office: Office, rows: readonly Row[], partBytes = PART_BYTES): Promise<readonly RescueState[] | Failed> {
  const states: RescueState[] = []
  for (const records of loads(await notYetThere(wire, await leaving(raw, rows), states))) {
    const before = await partsBefore(wire, records, partBytes)
    if ('kind' in before) return before
    const bundle = async (held: ReadonlyMap<string, string>): Promise<Reply<{ items: RescueState[] }>> =>
      wire.signed<{ items: RescueState[] }>({
        method: 'POST', path: '/api/v1/field/rescue', timeoutMs: 120_000,
        content: { bytes: await bundled(raw, office, records, held), mediaType: 'application/octet-stream' },
      })
    let reply = await bundle(before)
    // What lay there too long, or was lost, goes whole.
    if (reply.kind === 'failed' && before.size > 0 && (reply.code === 'rescue.part_missing' || reply.code === 'rescue.unreadable')) reply = await bundle(new Map())
    if (reply.kind === 'failed') return reply
    states.push(...reply.value.items)
  }
  return states
}

/** Sends the sealed originals that are larger than a part; by their keys, the digests under which the office has them. */
async function partsBefore(wire: Wire, rows: readonly Row[], partBytes: number): Promise<ReadonlyMap<string, string> | Failed> {
  const held = new Map<string, string>()
  for (const row of rows) {
    // Only what lies sealed has a digest that stays the same until it is there.
    if (row.kind !== 'original' || !row.office || row.bytes.length <= partBytes) continue
    const digest = await sha256Hex(row.bytes)
    const failure = await putSealed(wire, digest, row.bytes, partBytes)
    if (failure === null) held.set(row.key, digest)
    else if (!GOES_WHOLE.has(failure.code ?? '')) return failure
  }
  return held
}

/** A service that is not updated yet, and what it takes in no parts. */
const GOES_WHOLE: ReadonlySet<string> = new Set(['request.nothing_here', 'request.wrong_method', 'attachment.too_many_open', 'attachment.too_large', 'attachment.begun_anew'])

async function putSealed(wire: Wire, digest: string, bytes: Uint8Array<ArrayBuffer>, partBytes: number): Promise<Failed | null> {
  let offset = 0
  // The first one is small: where the office holds some of it already, it is all that is sent in vain.
  for (let most = Math.min(partBytes, FIRST_BYTES), mistaken = 0; ; most = partBytes) {
    const part = bytes.slice(offset, offset + most)
    const reply = await wire.signed<{ stored: boolean; offset: number }>({
      method: 'PATCH', path: `/api/v1/field/rescue/items/${digest}`, timeoutMs: 120_000,
      content: { bytes: part, mediaType: 'application/partial-upload' },
      headers: {
        'upload-offset': String(offset), 'upload-length': String(bytes.length),
        'upload-complete': offset + part.length === bytes.length ? '?1' : '?0',
      },
    })
    if (reply.kind === 'ok') {
      if (reply.value.stored) return null
      if (reply.value.offset <= offset) return notUnderstood
      offset = reply.value.offset
      continue
    }
    const there = reply.code === 'attachment.offset_differs' ? reply.details['offset'] : undefined
    if (typeof there !== 'number' || there > bytes.length || (mistaken += 1) > MOST_MISTAKEN) return reply
    if (there === bytes.length) return null
    offset = there
  }
}

const FIRST_BYTES = 4_096
/** Two windows may send the same for a moment; more is no misunderstanding any more. */
const MOST_MISTAKEN = 3
const notUnderstood: Failed = { kind: 'failed', trouble: 'not_understood', code: null, details: {}, retryAfterMs: null }

/** What has gone out to the office sealed can no longer be taken back on the phone. */
async function leaving(raw: Storage, rows: readonly Row[]): Promise<readonly Row[]> {
  return underLock(SENDING_NOW, async () => {
    const still: Row[] = []
    for (const row of rows) {
      const held = await raw.get(row.key)
      if (!held) continue
      if (held.kind === 'envelope' && held.state === 'waiting') await raw.mark(held.key, LEAVING)
      still.push(held)
    }
    return still
  })
}

/** What the office already holds is not carried again: only its verdict is asked for. */
async function notYetThere(wire: Wire, rows: readonly Row[], states: RescueState[]): Promise<readonly Row[]> {
  for (let at = 0; at < rows.length; at += AT_ONCE_QUESTIONS) {
    const known = await wire.signed<RescueState[]>({
      method: 'POST', path: '/api/v1/field/rescue/states', json: { keys: rows.slice(at, at + AT_ONCE_QUESTIONS).map((row) => row.key) },
    })
    if (known.kind === 'failed') return rows
    states.push(...known.value)
  }
  const there = new Set(states.map((item) => item.key))
  return rows.filter((row) => !there.has(row.key))
}

function loads(rows: readonly Row[]): Row[][] {
  const found: Row[][] = []
  let bytes = Infinity
  for (const row of rows) {
    if (bytes + row.bytes.length > AT_ONCE_BYTES) {
      found.push([])
      bytes = 0
    }
    found.at(-1)?.push(row)
    bytes += row.bytes.length
  }
  return found
}

async function bundled(raw: Storage, office: Office, rows: readonly Row[], held: ReadonlyMap<string, string> = new Map()): Promise<Uint8Array<ArrayBuffer>> {
  const pair = await raw.keyPair()
  if (!pair) throw new Error('this device has no key')
  const items = (await Promise.all(rows.map((row) => asItem(row, office, held.get(row.key))))).filter((item) => item !== null)
  const signed = JSON.stringify({ v: VERSION, device: office.device, items })
  return utf8(JSON.stringify({ signed, signature: await sign(pair, utf8(signed)) }))
}

/** As it was sealed; what an app before locks has left in the clear is sealed now. */
async function asItem(row: Row, office: Office, held?: string): Promise<SealedItem | null> {
  const { kind, key } = row
  if (row.office && held) return { kind, key, wrapped: base64url(row.office), held }
  if (row.office) return { kind, key, wrapped: base64url(row.office), content: base64url(row.bytes) }
  if (row.by !== undefined) return null
  const { wrapped, content } = await sealedToOffice(row, office)
  return { kind, key, wrapped: base64url(wrapped), content: base64url(content) }
}
