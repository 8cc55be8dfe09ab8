/**
 * How a record is sealed: its bytes under a key of their own, and that key for whoever may open it. The day key opens
 * it on this phone; the office's public point (ECDH P-256, HKDF, AES-GCM) lets the office open it and nobody else.
 * `services/office_key.py` has the office's half.
 */
import { utf8 } from './bytes'
import type { StoredRecord } from './storage'

type Bytes = Uint8Array<ArrayBuffer>

const INFO = 'fieldapp sealed item v1'
const IV = 12
const CURVE = { name: 'ECDH', namedCurve: 'P-256' }

export interface Office {
  readonly device: string
  /** Base64url of the agency's public point; empty where the office has not said it yet. */
  readonly key: string
}

/** What both seals are bound to, so that no record can be passed off as another's. */
export const labelOf = (device: string, { kind, key }: Pick<StoredRecord, 'kind' | 'key'>): Bytes => utf8(`${device}|${kind}|${key}`)

export const randomBytes = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length))

export const aesKey = (raw: Bytes): Promise<CryptoKey> => crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])

export async function encrypted(key: CryptoKey, content: Bytes, label: Bytes): Promise<Bytes> {
  const iv = randomBytes(IV)
  return joined(iv, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: label }, key, content)))
}

/** Throws where the key is another or a bit was turned. */
export async function decrypted(key: CryptoKey, sealed: Bytes, label: Bytes): Promise<Bytes> {
  const [iv, content] = [sealed.slice(0, IV), sealed.slice(IV)]
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: label }, key, content))
}

/** An item's key, for the office alone. */
export async function forOffice(officeKey: string, itemKey: Bytes, label: Bytes): Promise<Bytes> {
  const own = await crypto.subtle.generateKey(CURVE, false, ['deriveBits'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', own.publicKey))
  return joined(point, await encrypted(await wrappingKey(own.privateKey, officeKey, point), itemKey, label))
}

async function wrappingKey(own: CryptoKey, officeKey: string, point: Bytes): Promise<CryptoKey> {
  const office = await crypto.subtle.importKey('raw', fromBase64url(officeKey), CURVE, false, [])
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: office }, own, 256)
  const secret = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits'])
  const info = joined(utf8(INFO), point)
  const bits = await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, secret, 256)
  return aesKey(new Uint8Array(bits))
}

/** A record in the clear, sealed to the office now. */
export async function sealedToOffice(record: StoredRecord, office: Office): Promise<{ content: Bytes; wrapped: Bytes }> {
  const label = labelOf(office.device, record)
  const itemKey = randomBytes(32)
  return {
    content: await encrypted(await aesKey(itemKey), record.bytes, label),
    wrapped: await forOffice(office.key, itemKey, label),
  }
}

function joined(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

const fromBase64url = (text: string): Bytes =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
