/**
 * The lock of the phone: who may have the day keys. A day key is random; it lies wrapped under a key that is made from
 * the PIN (Argon2id) and a key of this browser that is not given out (HMAC), so that a PIN can be tried only here.
 * Where there is a passkey, the PIN's key lies wrapped under the passkey's secret too: a second way in, and the PIN stays.
 *
 * A try is counted before it is made, and waiting is counted down while the app is open: neither a reload nor a clock
 * takes anything back. Everything that changes lies in one row and changes at once, so a crash leaves the lock as it was
 * or as it will be.
 */
import { utf8 } from './bytes'
import { aesKey, decrypted, encrypted, randomBytes, sealedToOffice, type Office } from './sealing'
import { isUnsent, same, type Cost, type LockRow, type Passkey, type Row, type Storage, type WipedBecause, type WrappedDayKey, type Wrapping } from './storage'
import type { Ring } from './vault'

type Bytes = Uint8Array<ArrayBuffer>

export const LEAST_DIGITS = 6
export const MOST_DIGITS = 12
export const MOST_TRIES = 10
const SECOND = 1_000
const MINUTE = 60 * SECOND
/** After the third wrong PIN, the fourth and so on. */
const WAITS = [30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE]
/** RFC 9106's second choice in memory and passes, on one lane: browsers give one thread. */
const COST: Cost = { memory_kib: 65_536, passes: 3 }

/** What a person shows to get in. */
export interface Secret {
  readonly kind: 'pin'
  readonly pin: string
}

/** A passkey of this phone, and the secret that it gives for `salt`: 32 bytes that nobody can guess. */
export interface PasskeySecret extends Omit<Passkey, 'wrapped'> {
  readonly secret: Bytes
}

export type Opened =
  | { readonly kind: 'open'; readonly ring: Ring }
  | { readonly kind: 'wrong'; readonly triesLeft: number; readonly waitMs: number }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'wiped' }

/** Somebody has chosen a PIN already, in another window. */
export class HasLock extends Error {}

/** Why a PIN is not taken; null for one that is. */
export function weakness(pin: string): 'too_short' | 'too_long' | 'too_easy' | null {
  if (!/^\d*$/.test(pin) || pin.length < LEAST_DIGITS) return 'too_short'
  if (pin.length > MOST_DIGITS) return 'too_long'
  const steps = new Set([...pin].slice(1).map((digit, at) => (10 + Number(digit) - Number(pin[at])) % 10))
  // All alike, or counting up or down.
  return steps.size === 1 && [0, 1, 9].includes([...steps][0] ?? 0) ? 'too_easy' : null
}

/** How long to wait after so many wrong PINs. */
export const waitAfter = (failures: number): number => (failures < 3 ? 0 : (WAITS[Math.min(failures - 3, WAITS.length - 1)] ?? 0))

/** A new lock with its first day key: on a phone that has none, or that was wiped. */
export async function setLock(raw: Storage, secret: Secret, { day, cost = COST }: { day: string; cost?: Cost }): Promise<Ring> {
  const binding = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const { wrapping, key } = await wrappedBy(secret, binding, cost)
  const made = await aDayKey(key, day)
  await raw.changeLock((held) => {
    if (held && !held.wiped) throw new HasLock()
    return { key: 'lock', binding, wrapping, day_keys: [made.row], failures: 0, wait_ms: 0, wiped: null }
  })
  return { newest: made.row.id, keys: new Map([[made.row.id, await aesKey(made.raw)]]) }
}

/** Try to open. After the tenth wrong PIN the cases are wiped. */
export async function openLock(raw: Storage, secret: Secret, { day, office }: { day: string; office: Office | null }): Promise<Opened> {
  const tried = await counted(raw)
  if (!('key' in tried)) return tried
  const ring = await ringOf(tried, await pinKey(tried, secret))
  return ring ? entered(raw, ring, day) : failed(raw, tried, office)
}

/** Open with a passkey's secret. Nothing is counted: it cannot be guessed. `other` where it is not this lock's. */
export async function openWithPasskey(raw: Storage, secret: Bytes, { day }: { day: string }): Promise<Opened | { readonly kind: 'other' }> {
  const row = await raw.lock()
  if (!row || row.wiped) return { kind: 'wiped' }
  const behind = row.passkey && (await behindPasskey(row.passkey, secret, row.binding))
  const ring = behind ? await ringOf(row, behind) : null
  return ring ? entered(raw, ring, day) : { kind: 'other' }
}

/** A passkey for this lock, beside the PIN; that one has to be shown, and a wrong one counts. */
export async function addPasskey(raw: Storage, now: Secret, passkey: PasskeySecret, { office }: { office: Office | null }): Promise<Opened> {
  const tried = await counted(raw)
  if (!('key' in tried)) return tried
  const behind = await pinKey(tried, now)
  const ring = await ringOf(tried, behind)
  if (!ring) return failed(raw, tried, office)
  const { credential, salt, secret } = passkey
  const wrapped = await encrypted(await aesKey(await bound(secret, tried.binding)), behind, PASSKEY)
  await raw.changeLock((row) => {
    // Another window has changed the PIN meanwhile: this is the key of the one before.
    if (!row || row.wiped || !same(row.wrapping.salt, tried.wrapping.salt)) throw new Error('the lock has changed')
    return { ...row, passkey: { credential, salt, wrapped }, failures: 0, wait_ms: 0 }
  })
  return { kind: 'open', ring: { newest: ring.newest, keys: ring.keys } }
}

/** From now on only the PIN opens. */
export async function dropPasskey(raw: Storage): Promise<void> {
  await raw.changeLock((row) => {
    if (!row) throw new Error('this phone has no lock')
    return { ...row, passkey: null }
  })
}

async function entered(raw: Storage, ring: OpenedRing, day: string): Promise<Opened> {
  const next = ring.newestDay === day ? null : await aDayKey(ring.key, day)
  const held = await raw.changeLock((row) => {
    if (!row) throw new Error('this phone has no lock')
    const turns = next !== null && row.day_keys.at(-1)?.id === ring.newest
    return { ...row, failures: 0, wait_ms: 0, day_keys: turns ? [...row.day_keys, next.row] : row.day_keys }
  })
  const keys = new Map(ring.keys)
  if (next && held.day_keys.at(-1)?.id === next.row.id) keys.set(next.row.id, await aesKey(next.raw))
  return { kind: 'open', ring: { newest: held.day_keys.at(-1)?.id ?? ring.newest, keys } }
}

/** Another PIN for the same day keys; the one that holds now has to be shown, and a wrong one counts. A passkey is to be added anew. */
export async function changeSecret(
  raw: Storage, now: Secret, next: Secret, { office, cost = COST }: { office: Office | null; cost?: Cost },
): Promise<Opened> {
  const tried = await counted(raw)
  if (!('key' in tried)) return tried
  const ring = await ringOf(tried, await pinKey(tried, now))
  if (!ring) return failed(raw, tried, office)
  const { wrapping, key } = await wrappedBy(next, tried.binding, cost)
  const day_keys = await Promise.all(ring.raws.map(async ({ row, plain }) => ({ ...row, wrapped: await encrypted(key, plain, labelOf(row)) })))
  await raw.changeLock((row) => {
    if (row?.day_keys.map((one) => one.id).join() !== day_keys.map((one) => one.id).join()) throw new Error('the lock has changed')
    return { ...row, wrapping, day_keys, passkey: null, failures: 0, wait_ms: 0 }
  })
  return { kind: 'open', ring: { newest: ring.newest, keys: ring.keys } }
}

/** Day keys under which nothing lies any more are forgotten: call it when everything was renewed. */
export async function dropOldDayKeys(raw: Storage, ring: Ring): Promise<void> {
  await raw.changeLock((row) => {
    if (!row) throw new Error('this phone has no lock')
    return { ...row, day_keys: row.day_keys.filter(({ id }) => id === ring.newest || !ring.keys.has(id)) }
  })
}

/** So much time has passed with the app open; returns what is left to wait. */
export async function hasWaited(raw: Storage, ms: number): Promise<number> {
  const row = await raw.changeLock((held) => {
    if (!held) throw new Error('this phone has no lock')
    return { ...held, wait_ms: Math.max(0, held.wait_ms - Math.max(0, ms)) }
  })
  return row.wait_ms
}

// --- inside ---

/** Counts a try before it is made; what stands in its way instead. */
async function counted(raw: Storage): Promise<LockRow | Exclude<Opened, { kind: 'open' }>> {
  let before: LockRow | undefined
  const row = await raw.changeLock((held) => {
    if (!held) throw new Error('this phone has no lock')
    before = held
    if (held.wiped || held.wait_ms > 0) return held
    const failures = Math.min(held.failures + 1, MOST_TRIES)
    return { ...held, failures, wait_ms: waitAfter(failures) }
  })
  if (row.wiped) return { kind: 'wiped' }
  return before && before.wait_ms > 0 ? { kind: 'wait', waitMs: before.wait_ms } : row
}

async function failed(raw: Storage, { failures, wait_ms }: LockRow, office: Office | null): Promise<Exclude<Opened, { kind: 'open' }>> {
  if (failures < MOST_TRIES) return { kind: 'wrong', triesLeft: MOST_TRIES - failures, waitMs: wait_ms }
  await wipe(raw, 'pin', office)
  return { kind: 'wiped' }
}

/** Forgets the cases. What an app before locks has left unsent in the clear is sealed to the office first. */
export async function wipe(raw: Storage, because: WipedBecause, office: Office | null): Promise<void> {
  const clear = (await Promise.all(OUTBOX_KINDS.map((kind) => raw.ofKind(kind)))).flat().filter((row) => isUnsent(row) && row.by === undefined && !row.office)
  const sealed = await Promise.all(
    office?.key ? clear.map(async (row): Promise<Row> => {
      const { content, wrapped } = await sealedToOffice(row, office)
      return { ...row, bytes: content, office: wrapped }
    }) : [],
  )
  await raw.wipeCases(because, sealed)
}

const OUTBOX_KINDS = ['envelope', 'small', 'original', 'draft'] as const

interface OpenedRing extends Ring {
  readonly newestDay: string
  readonly key: CryptoKey
  readonly raws: readonly { readonly row: WrappedDayKey; readonly plain: Bytes }[]
}

async function ringOf({ day_keys }: LockRow, behind: Bytes): Promise<OpenedRing | null> {
  const key = await aesKey(behind)
  try {
    const raws = await Promise.all(day_keys.map(async (row) => ({ row, plain: await decrypted(key, row.wrapped, labelOf(row)) })))
    const keys = new Map(await Promise.all(raws.map(async ({ row, plain }) => [row.id, await aesKey(plain)] as const)))
    const newest = day_keys.at(-1)
    return newest ? { newest: newest.id, newestDay: newest.day, key, raws, keys } : null
  } catch {
    return null
  }
}

const labelOf = ({ id, day }: Pick<WrappedDayKey, 'id' | 'day'>): Bytes => utf8(`day key|${id}|${day}`)

async function aDayKey(key: CryptoKey, day: string): Promise<{ row: WrappedDayKey; raw: Bytes }> {
  const raw = randomBytes(32)
  const id = crypto.randomUUID()
  return { raw, row: { id, day, wrapped: await encrypted(key, raw, labelOf({ id, day })) } }
}

async function wrappedBy(secret: Secret, binding: CryptoKey, cost: Cost): Promise<{ wrapping: Wrapping; key: CryptoKey }> {
  const wrapping: Wrapping = { kind: 'pin', salt: randomBytes(16), cost }
  return { wrapping, key: await aesKey(await pinKey({ wrapping, binding }, secret)) }
}

/** The key that wraps day keys, as a PIN makes it in this browser: 32 bytes, right or wrong. */
async function pinKey({ wrapping, binding }: Pick<LockRow, 'wrapping' | 'binding'>, { pin }: Secret): Promise<Bytes> {
  const { stretch } = await import('./argon')
  return bound(new Uint8Array(await stretch(pin, wrapping.salt, wrapping.cost)), binding)
}

const PASSKEY = utf8('passkey')

/** The same key as a passkey's secret uncovers it; null where it is another's. */
async function behindPasskey({ wrapped }: Passkey, secret: Bytes, binding: CryptoKey): Promise<Bytes | null> {
  const key = await aesKey(await bound(secret, binding))
  return decrypted(key, wrapped, PASSKEY).catch(() => null)
}

/** A secret is of use in this browser only. */
const bound = async (secret: Bytes, binding: CryptoKey): Promise<Bytes> => new Uint8Array(await crypto.subtle.sign('HMAC', binding, secret))
