/** The device's own key: made on the phone, never leaves it, signs requests and receipts (ECDSA P-256, SHA-256). */
import { base64url, sha256Hex, utf8 } from './bytes'
import type { Storage } from './storage'

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGN = { name: 'ECDSA', hash: 'SHA-256' }

/** The device's key pair; made at the first call, not extractable. */
export async function deviceKeyPair(storage: Storage): Promise<CryptoKeyPair> {
  const known = await storage.keyPair()
  if (known) return known
  const pair = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify'])
  await storage.keepKeyPair(pair)
  return pair
}

/** base64url of the raw uncompressed point, 65 bytes. */
export async function publicPoint(pair: CryptoKeyPair): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
}

/** base64url of r||s. */
export async function sign(pair: CryptoKeyPair, content: Uint8Array<ArrayBuffer>): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.sign(SIGN, pair.privateKey, content)))
}

/** The headers that prove who sends: no cookie, so that an expired sign-in never holds work back. */
export async function signedHeaders(
  storage: Storage,
  deviceId: string,
  { method, path, body }: { method: string; path: string; body: Uint8Array<ArrayBuffer> },
): Promise<Record<string, string>> {
  const pair = await storage.keyPair()
  if (!pair) throw new Error('this device has no key')
  const counter = await storage.raise('requests')
  const said = `${method}\n${path}\n${await sha256Hex(body)}\n${String(counter)}`
  return {
    'x-device': deviceId,
    'x-counter': String(counter),
    'x-signature': await sign(pair, utf8(said)),
  }
}
