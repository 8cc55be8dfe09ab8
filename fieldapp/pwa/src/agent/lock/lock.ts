/** What a person does with the lock of this phone. */
import * as lock from '../../outbox/lock'
import { dropOldDayKeys, type Opened, type PasskeySecret, type Secret } from '../../outbox/lock'
import { Locked, type Ring } from '../../outbox/vault'
import { dayAt } from '../time'
import { office, phone, raw, storage } from '../phone.svelte'
import { andForget, standBefore, start } from '../stages'

/** Whose day key it is: the phone's own day, since it is only turned over, never judged by it. */
const day = (): string => dayAt(phone.now)

/** The first PIN, or the first after a wipe. What an app before locks has left in the clear is sealed at once. */
export async function setLock(secret: Secret): Promise<void> {
  let ring: Ring
  try {
    ring = await lock.setLock(raw, secret, { day: day() })
  } catch (problem) {
    // Another window was faster: its PIN is the phone's.
    if (!(problem instanceof lock.HasLock)) throw problem
    return standBefore()
  }
  await opened(ring)
}

export async function openWith(secret: Secret): Promise<Opened> {
  const said = await andForget(() => lock.openLock(raw, secret, { day: day(), office: office() }))
  if (said.kind === 'open') await opened(said.ring)
  if (said.kind === 'wiped') await standBefore()
  return said
}

/** Open with finger or face; what stood in the way, else. `other`: the passkey is not this lock's any more. */
export async function openByPasskey(): Promise<'open' | 'wiped' | 'other' | 'cancelled' | 'no_secret' | 'unavailable'> {
  const passkey = (await raw.lock())?.passkey
  if (!passkey) return 'other'
  const { secretOf } = await import('./passkey')
  const shown = await secretOf(passkey.credential, passkey.salt)
  if (shown.kind !== 'done') return shown.kind
  const said = await lock.openWithPasskey(raw, shown.value, { day: day() })
  if (said.kind === 'open') await opened(said.ring)
  if (said.kind === 'wiped') await standBefore()
  return said.kind === 'open' || said.kind === 'wiped' ? said.kind : 'other'
}

/** The PIN of now, and the next one; a passkey does not outlive it. */
export async function changeTo(now: Secret, next: Secret): Promise<Opened> {
  const said = await andForget(() => lock.changeSecret(raw, now, next, { office: office() }))
  if (said.kind === 'wiped') location.reload()
  return said
}

/** Take a passkey that was just made, from whom knows the PIN. */
export async function addPasskey(now: Secret, passkey: PasskeySecret): Promise<Opened> {
  const said = await andForget(() => lock.addPasskey(raw, now, passkey, { office: office() }))
  if (said.kind === 'wiped') location.reload()
  return said
}

export const removePasskey = (): Promise<void> => andForget(() => lock.dropPasskey(raw))

async function opened(ring: Ring): Promise<void> {
  storage.open(ring)
  await start()
  // The day is on the screen; what lies under an older key, or under none, follows.
  try {
    await storage.renew()
    await dropOldDayKeys(raw, ring)
  } catch (problem) {
    if (!(problem instanceof Locked)) throw problem
  }
}

/** How long is still to wait, and a second less once it has passed with the app open. */
export async function waitASecond(): Promise<number> {
  const began = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  return lock.hasWaited(raw, performance.now() - began)
}
