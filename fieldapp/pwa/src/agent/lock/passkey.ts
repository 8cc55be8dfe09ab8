/**
 * A passkey of this phone as the browser gives it (WebAuthn, PRF extension): a finger or a face, and a secret that only
 * they uncover. Nothing is asked of a server: the signature that comes with it is nobody's business here.
 */
import { base64url } from '../../outbox/bytes'
import { randomBytes } from '../../outbox/sealing'
import type { PasskeySecret } from '../../outbox/lock'

type Bytes = Uint8Array<ArrayBuffer>

/** `no_secret`: this phone has passkeys, but none that gives a secret. `unavailable`: the browser would not even ask. */
export type Gesture<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'cancelled' | 'no_secret' | 'unavailable' }

const WAIT_MS = 60_000
const ES256 = -7
const RS256 = -257

/** Whether a passkey can be had here: the browser knows PRF, the phone knows its owner, and the address has a name. */
export async function canHavePasskey(): Promise<boolean> {
  if (!('PublicKeyCredential' in globalThis) || /^[\d.]+$|:/.test(location.hostname)) return false
  const [owner, able] = await Promise.all([
    PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false),
    // Browsers that cannot be asked show it when the passkey is made.
    PublicKeyCredential.getClientCapabilities?.().catch(() => null) ?? null,
  ])
  return owner && able?.['extension:prf'] !== false
}

/** A new passkey, named after its agent in the phone's own list, with its secret. */
export async function makePasskey(name: string): Promise<Gesture<PasskeySecret>> {
  const salt = randomBytes(32)
  const made = await asked(() => navigator.credentials.create({
    publicKey: {
      rp: { id: location.hostname, name: 'fieldapp' },
      user: { id: randomBytes(16), name, displayName: name },
      challenge: randomBytes(32),
      pubKeyCredParams: [{ type: 'public-key', alg: ES256 }, { type: 'public-key', alg: RS256 }],
      authenticatorSelection: { authenticatorAttachment: 'platform', residentKey: 'required', userVerification: 'required' },
      timeout: WAIT_MS,
      extensions: { prf: { eval: { first: salt } } },
    },
  }))
  if (made.kind !== 'done') return made
  const credential = new Uint8Array(made.value.rawId)
  const { prf } = made.value.getClientExtensionResults()
  // Some phones give the secret at once, others only when the passkey is first used.
  const secret = prf?.results ? ({ kind: 'done', value: bytesOf(prf.results.first) } as const)
    : prf?.enabled ? await secretOf(credential, salt) : ({ kind: 'no_secret' } as const)
  if (secret.kind === 'done') return { kind: 'done', value: { credential, salt, secret: secret.value } }
  forgetPasskey(credential)
  return secret
}

/** The secret of a passkey of this phone, once its owner has shown finger or face. */
export async function secretOf(credential: Bytes, salt: Bytes): Promise<Gesture<Bytes>> {
  const shown = await asked(() => navigator.credentials.get({
    publicKey: {
      rpId: location.hostname,
      challenge: randomBytes(32),
      allowCredentials: [{ type: 'public-key', id: credential, transports: ['internal'] }],
      userVerification: 'required',
      timeout: WAIT_MS,
      extensions: { prf: { eval: { first: salt } } },
    },
  }))
  if (shown.kind !== 'done') return shown
  const found = shown.value.getClientExtensionResults().prf?.results?.first
  return found ? { kind: 'done', value: bytesOf(found) } : { kind: 'no_secret' }
}

/** Tells the phone's own list that the passkey opens nothing any more; where the browser cannot, it stays there, of no use. */
export function forgetPasskey(credential: Bytes): void {
  if (!('PublicKeyCredential' in globalThis)) return
  const list = PublicKeyCredential as { signalUnknownCredential?: (gone: { rpId: string; credentialId: string }) => Promise<void> }
  void list.signalUnknownCredential?.({ rpId: location.hostname, credentialId: base64url(credential) }).catch(() => undefined)
}

async function asked(ask: () => Promise<Credential | null>): Promise<Gesture<PublicKeyCredential>> {
  try {
    const shown = await ask()
    return shown instanceof PublicKeyCredential ? { kind: 'done', value: shown } : { kind: 'cancelled' }
  } catch (problem) {
    // Browsers do not tell a wrong finger from a closed window or from time that ran out, on purpose.
    const name = problem instanceof DOMException ? problem.name : ''
    return { kind: name === 'NotAllowedError' || name === 'AbortError' ? 'cancelled' : 'unavailable' }
  }
}

const bytesOf = (source: BufferSource): Bytes =>
  ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice() as Bytes : new Uint8Array(source)
