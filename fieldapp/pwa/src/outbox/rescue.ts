/**
 * Work that leaves this phone sealed: only the office can open it. As a file when nothing else goes, and by its own door
 * when the office has stopped this phone.
 *
 * Each item gets a key of its own, and that key is sealed to the office's public point (ECDH P-256, HKDF, AES-GCM); the
 * device signs the whole. `services/office_key.py` opens it.
 */
import { base64url, utf8 } from './bytes'
import { sign } from './deviceKey'
import { readEnvelope, envelopeRecord } from './envelopes'
import type { RecordKind, Storage, StoredRecord } from './storage'
import type { Failed, Wire } from './wire'

const VERSION = 1
const INFO = 'fieldapp sealed item v1'
/** What one delivery may carry, before it is spelled as text. */
const AT_ONCE_BYTES = 6_000_000
const UNSENT = ['waiting', 'held', 'refused', 'conflict'] as const

export interface Office {
  readonly device: string
  /** Base64url of the agency's public point. */
  readonly key: string
}

interface SealedItem {
  readonly kind: RecordKind
  readonly key: string
  readonly wrapped: string
  readonly content: string
}

export interface RescueState {
  readonly key: string
  readonly state: 'waiting' | 'accepted' | 'refused'
  readonly code: string | null
}

/** What no answer has settled, facts in device order before pictures. */
export async function unsent(storage: Storage): Promise<StoredRecord[]> {
  const envelopes = (await storage.ofKind('envelope')).filter((record) => record.state !== 'accepted')
  const keys = await Promise.all(
    (['small', 'original'] as const).flatMap((kind) => UNSENT.map((state) => storage.keysOf(kind, state))),
  )
  const pictures = await Promise.all(keys.flat().map((key) => storage.get(key)))
  return [...envelopes, ...pictures.filter((record) => record !== undefined)]
}

/** Everything unsent as one file. */
export async function rescueFile(storage: Storage, office: Office): Promise<Uint8Array<ArrayBuffer>> {
  return bundled(storage, office, await unsent(storage))
}

/** Hand over what is unsent by the door of stopped phones, and settle what the office has taken. */
export async function handOver(storage: Storage, wire: Wire, office: Office): Promise<readonly RescueState[] | Failed> {
  const states: RescueState[] = []
  for (const records of loads(await notYetThere(storage, wire, states))) {
    const reply = await wire.signed<{ items: RescueState[] }>({
      method: 'POST', path: '/api/v1/field/rescue', timeoutMs: 120_000,
      content: { bytes: await bundled(storage, office, records), mediaType: 'application/octet-stream' },
    })
    if (reply.kind === 'failed') return reply
    states.push(...reply.value.items)
  }
  await settle(storage, states)
  return states
}

/** What the office already holds is not carried again: only its verdict is asked for. */
async function notYetThere(storage: Storage, wire: Wire, states: RescueState[]): Promise<StoredRecord[]> {
  const records = await unsent(storage)
  const known = await wire.signed<RescueState[]>({
    method: 'POST', path: '/api/v1/field/rescue/states', json: { keys: records.slice(0, 500).map((record) => record.key) },
  })
  if (known.kind === 'failed') return records
  states.push(...known.value)
  const there = new Set(known.value.map((item) => item.key))
  return records.filter((record) => !there.has(record.key))
}

async function settle(storage: Storage, states: readonly RescueState[]): Promise<void> {
  for (const { key, state, code } of states) {
    const record = state === 'waiting' ? undefined : await storage.get(key)
    if (!record) continue
    if (record.kind === 'envelope') {
      const verdict = { code, details: {}, flags: [] }
      await storage.write({ put: [envelopeRecord({ ...readEnvelope(record), verdict, settled_ms: Date.now() }, state)] })
    } else if (state === 'accepted') await storage.write({ remove: [key] })
    else await storage.mark(key, 'held')
  }
}

function loads(records: readonly StoredRecord[]): StoredRecord[][] {
  const found: StoredRecord[][] = []
  let bytes = Infinity
  for (const record of records) {
    if (bytes + record.bytes.length > AT_ONCE_BYTES) {
      found.push([])
      bytes = 0
    }
    found.at(-1)?.push(record)
    bytes += record.bytes.length
  }
  return found
}

async function bundled(storage: Storage, office: Office, records: readonly StoredRecord[]): Promise<Uint8Array<ArrayBuffer>> {
  const pair = await storage.keyPair()
  if (!pair) throw new Error('this device has no key')
  const items = await Promise.all(records.map((record) => seal(record, office)))
  const signed = JSON.stringify({ v: VERSION, device: office.device, items })
  return utf8(JSON.stringify({ signed, signature: await sign(pair, utf8(signed)) }))
}

async function seal(record: StoredRecord, office: Office): Promise<SealedItem> {
  const label = utf8(`${office.device}|${record.kind}|${record.key}`)
  const itemKey = crypto.getRandomValues(new Uint8Array(32))
  const own = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', own.publicKey))
  const wrapping = await wrappingKey(own.privateKey, office.key, point)
  return {
    kind: record.kind,
    key: record.key,
    wrapped: base64url(joined(point, await encrypted(wrapping, itemKey, label))),
    content: base64url(await encrypted(await aes(itemKey), record.bytes, label)),
  }
}

async function wrappingKey(own: CryptoKey, officeKey: string, point: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const office = await crypto.subtle.importKey('raw', fromBase64url(officeKey), { name: 'ECDH', namedCurve: 'P-256' }, false, [])
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: office }, own, 256)
  const secret = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits'])
  const info = joined(utf8(INFO), point)
  return aes(new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, secret, 256)))
}

const aes = (raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt'])

async function encrypted(
  key: CryptoKey, content: Uint8Array<ArrayBuffer>, label: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  return joined(iv, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: label }, key, content)))
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
