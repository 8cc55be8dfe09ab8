/**
 * From the first start to an open phone and back: signed in, enrolled, locked, open, wiped. What sends runs while it is
 * open, what delivers sealed work while it is not.
 */
import { startDriver, type Driver } from '../outbox/driver'
import type { Deliverer, Delivery } from '../outbox/delivery'
import { NotWritten, same, SEALED, type WipedBecause } from '../outbox/storage'
import type { Failed } from '../outbox/wire'
import {
  office, phone, raw, readClock, setting, storage, today, tookClock, whenLockedOut, whenNotAllowed, whenShut, wire,
  type ClockSetting, type DeviceSetting,
} from './phone.svelte'
import { reread, whileOpen } from './reread'
import type { ClockReading, SignedIn } from './shapes'
import { fetchChangedDay, fetchDay, takeUpDays } from './theDay'
import { also } from './words/words'

/** That this browser had an enrolled phone once, in the small storage that outlives the large one. */
export const ENROLLED = 'agent.enrolled'
const SIGNED_IN = 'agent.signed_in'
const CHANGED = 'changed'
const HURRY = 'hurry'
const SHUT = 'shut'
const REFETCH_MS = 5 * 60_000

let driver: Driver | null = null
let deliverer: Deliverer | null = null
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('fieldapp') : null

whenLockedOut.push(() => void shut())
whenNotAllowed.push(() => void askHowWeStand('all'))

/** Paint what is saved, then ask the network. */
export async function open(): Promise<void> {
  let device: DeviceSetting | null
  let clock: ClockSetting | null
  try {
    phone.evicted = localStorage.getItem(ENROLLED) !== null
    ;[device, clock] = await Promise.all([setting<DeviceSetting>('device'), setting<ClockSetting>('clock')])
  } catch {
    phone.stage = 'no_storage'
    return
  }
  // Whatever was being written is said by `unsaved`, also where nobody waits for it.
  addEventListener('unhandledrejection', (event) => {
    if (event.reason instanceof NotWritten) event.preventDefault()
  })
  if (clock) phone.clock = clock
  setInterval(() => {
    phone.tick = Date.now()
    // Midnight passed, perhaps without a network: the next day lies here already.
    if (phone.stage === 'ready' && phone.next?.day === today()) void whileOpen(takeUpDays).then(reread)
  }, 10_000)
  channel?.addEventListener('message', ({ data }) => {
    if (data === SHUT) void shut({ tellOthers: false })
    void reread()
    if (data === HURRY) driver?.hurry()
    else driver?.nudge()
  })
  void navigator.storage?.persisted?.().then((kept) => (phone.persisted = kept), () => undefined)
  if (device) {
    phone.device = device
    phone.evicted = false
    localStorage.setItem(ENROLLED, '1')
    listen()
    await standBefore()
    return
  }
  phone.stage = 'sign_in'
  await readClock()
  // Asked only where somebody had signed in: a stranger's phone makes no request that must fail.
  if (sessionStorage.getItem(SIGNED_IN) === null) return
  const session = await wire.plain<SignedIn>({ method: 'GET', path: '/api/v1/session' })
  if (session.kind === 'ok' && phone.stage === 'sign_in') welcome(session.value)
}

export function welcome(signedIn: SignedIn): void {
  phone.signedIn = signedIn
  sessionStorage.setItem(SIGNED_IN, '1')
  tookClock(signedIn.clock)
  if (signedIn.person.role !== 'agent') return
  if (!phone.device) phone.stage = 'enrol'
  // A wiped phone goes on as itself, for the one whose it is.
  else if (phone.device.person.id === signedIn.person.id) phone.stage = 'set_lock'
  else {
    phone.otherPerson = true
    phone.stage = 'wiped'
  }
}

/** A wiped phone begins again: by signing in. */
export function beginAgain(): void {
  phone.otherPerson = false
  location.hash = ''
  phone.stage = 'sign_in'
}

/** An enrolled phone before anybody has opened it. */
export async function standBefore(): Promise<void> {
  const [lock] = await Promise.all([raw.lock(), countSealed()])
  phone.wiped = lock?.wiped ?? null
  phone.stage = lock ? (lock.wiped ? 'wiped' : 'locked') : 'set_lock'
  if (lock) deliverSealed()
}

/** Work leaves also while nobody can read it. */
function deliverSealed(): void {
  void import('../outbox/delivery').then(({ keepDelivering }) => {
    if (phone.stage === 'ready') return
    deliverer ??= keepDelivering({ raw, wire, office }, heard)
  })
}

function heard(said: Delivery | Failed): void {
  phone.delivery = said
  phone.tick = Date.now()
  void countSealed()
  if (said.kind === 'delivered' && said.stopped && said.unheard === 0 && phone.stage !== 'wiped') void wipeCases('office')
}

async function countSealed(): Promise<void> {
  const keys = await Promise.all((['envelope', 'draft', 'small', 'original'] as const).map((kind) => raw.keysOf(kind, SEALED)))
  phone.sealedLeft = keys.flat().length
}

/** The phone is open: the saved day first. */
export async function start(): Promise<void> {
  deliverer?.stop()
  deliverer = null
  await Promise.all([takeUpDays().then(reread), also('day')])
  phone.stage = 'ready'
  void also('refusals')
  driver ??= startDriver({
    storage,
    wire,
    onStatus: (status) => {
      phone.status = status
      if (status.trouble === 'not_allowed' && status.sending === null) void askHowWeStand('all')
    },
    onSettled: () => {
      void reread()
      channel?.postMessage(CHANGED)
    },
    onClock: (clock) => {
      tookClock(clock as ClockReading)
    },
  })
  if (phone.sealedLeft > 0) void askHowWeStand('outlived')
  void fetchDay()
  if (await setting('notices')) void import('./notices').then(({ renew }) => renew())
}

/** Nobody reads on this phone until it is opened again; other windows of it shut as well. */
export async function shut({ tellOthers = true } = {}): Promise<void> {
  if (phone.stage !== 'ready') return
  storage.shut()
  driver?.stop()
  driver = null
  phone.held = null
  phone.next = null
  phone.news = null
  phone.earlier = []
  phone.drafts = []
  phone.items = []
  phone.counters = null
  phone.dayTrouble = null
  for (const forget of whenShut) forget()
  if (tellOthers) channel?.postMessage(SHUT)
  await standBefore()
}

/** Forget the cases; what the office has not acknowledged stays, sealed, and goes on being delivered. */
export async function wipeCases(because: WipedBecause): Promise<void> {
  const { wipe } = await import('../outbox/lock')
  await andForget(() => wipe(raw, because, office()))
  if (phone.stage === 'ready') await shut()
  else await standBefore()
}

/** A passkey that the lock no longer holds after `work` leaves the phone's own list as well. */
export async function andForget<T>(work: () => Promise<T>): Promise<T> {
  const before = (await raw.lock())?.passkey
  const done = await work()
  const after = (await raw.lock())?.passkey
  if (before && !same(before.credential, after?.credential ?? null)) (await import('./lock/passkey')).forgetPasskey(before.credential)
  return done
}

export const stopSending = (): void => driver?.stop()

let listening = false

/** What wakes the phone up, once for all windows of time in which it is open. */
export function listen(): void {
  if (listening) return
  listening = true
  const again = (): void => {
    phone.tick = Date.now()
    driver?.nudge()
    deliverer?.nudge()
    if (Date.now() - (phone.held?.fetched_ms ?? 0) > 20_000) void fetchDay()
  }
  addEventListener('online', again)
  navigator.serviceWorker?.addEventListener('message', ({ data }) => {
    if (data === 'day-changed') void fetchChangedDay()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') again()
  })
  setInterval(() => {
    if (document.visibilityState === 'visible') void fetchDay()
  }, REFETCH_MS)
}

/** Something was written: screens read it, and it leaves when it can. */
export async function wrote(): Promise<void> {
  // Written is written: a phone that cannot be read anew must not look as if nothing had been.
  await reread().catch(() => undefined)
  driver?.nudge()
  channel?.postMessage(CHANGED)
}

/** Something urgent was written: it leaves before what is under way. */
export function hurry(): void {
  driver?.hurry()
  channel?.postMessage(HURRY)
}

export function sendNow(): void {
  driver?.nudge()
  deliverer?.nudge()
  if (phone.stage === 'ready' && phone.sealedLeft > 0) void askHowWeStand('outlived')
  void fetchDay()
}

let asking = false

/** The office may have stopped this phone: what is unsent goes to it sealed, by the one door that is left. */
async function askHowWeStand(which: 'all' | 'outlived'): Promise<void> {
  if (asking) return
  asking = true
  try {
    const { deliver } = await import('../outbox/delivery')
    heard(await deliver({ raw, wire, office }, which))
  } finally {
    asking = false
  }
}
