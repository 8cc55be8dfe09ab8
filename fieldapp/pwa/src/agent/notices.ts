/**
 * Notices that the day has changed, told by the browser while the app is closed: switched on by a tap and never offered
 * by themselves. The message holds a word and nothing of a case; what changed is fetched by the app.
 */
import { keepSetting, setting, storage, wire } from './phone.svelte'
import { base64url } from '../outbox/bytes'
import { language } from '../text'
import { rememberForWorker } from './words/words'

/**
 * `missing`: this browser has no notices, or only once the app is installed. `none`: the office sends none. `denied`: the
 * browser was told to let none through. `away`: nobody could be asked.
 */
export type Standing = 'missing' | 'none' | 'denied' | 'away' | 'off' | 'on'

const KEPT = 'notices'
const PATH = '/api/v1/field/push'

interface Kept {
  readonly endpoint: string
}

const able = (): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis

const manager = async (): Promise<PushManager> => (await navigator.serviceWorker.ready).pushManager

export async function standing(): Promise<Standing> {
  if (!able() || !(await navigator.serviceWorker.getRegistration('/agent/'))) return 'missing'
  if (Notification.permission === 'denied') return 'denied'
  if ((await setting<Kept>(KEPT)) && (await (await manager()).getSubscription())) return 'on'
  const key = await officeKey()
  return key === undefined ? 'away' : key === null ? 'none' : 'off'
}

/** Ask the browser, then tell the office where to. */
export async function turnOn(): Promise<Standing> {
  // First of all: a browser asks only while the tap is fresh.
  if ((await Notification.requestPermission()) !== 'granted') return standing()
  const key = await officeKey()
  if (!key) return key === null ? 'none' : 'away'
  return subscribe(key)
}

export async function turnOff(): Promise<Standing> {
  await (await (await manager()).getSubscription())?.unsubscribe()
  await storage.write({ remove: [`setting:${KEPT}`] })
  // Where nobody hears it now, the push service says at the next notice that the place is gone.
  await wire.signed({ method: 'DELETE', path: PATH })
  return standing()
}

/** Browsers give up places by themselves: whoever had notices on has them on, at each start. */
export async function renew(): Promise<void> {
  const kept = await setting<Kept>(KEPT)
  if (!kept || !able() || Notification.permission !== 'granted') return
  await rememberForWorker(language())
  const found = await (await manager()).getSubscription()
  if (found?.endpoint === kept.endpoint) return
  const key = await officeKey()
  if (key) await subscribe(key)
}

async function subscribe(key: string): Promise<Standing> {
  const options = { userVisibleOnly: true, applicationServerKey: key }
  // The push service may be out of reach, or the browser has none: the row says that it did not work.
  const place = await (await manager()).subscribe(options).catch(() => null)
  const [p256dh, auth] = [place?.getKey('p256dh'), place?.getKey('auth')]
  if (!place || !p256dh || !auth) return 'away'
  const json = { endpoint: place.endpoint, p256dh: base64url(new Uint8Array(p256dh)), auth: base64url(new Uint8Array(auth)) }
  const reply = await wire.signed({ method: 'PUT', path: PATH, json })
  if (reply.kind === 'failed') return 'away'
  await rememberForWorker(language())
  await keepSetting(KEPT, { endpoint: place.endpoint } satisfies Kept)
  return 'on'
}

/** Undefined: nobody answered. Null: the office sends no notices. */
async function officeKey(): Promise<string | null | undefined> {
  const reply = await wire.signed<{ public_key: string | null }>({ method: 'GET', path: PATH })
  return reply.kind === 'ok' ? reply.value.public_key : undefined
}
