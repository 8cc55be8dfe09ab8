/**
 * The phone's present for all screens: who, on which device, which day, what is open and what waits to leave.
 * Screens read it; what they do goes through `actions.ts`.
 */
import { fromBytes, NotWritten, openStorage, same, SEALED, toBytes, type Storage, type StoredRecord, type WipedBecause } from '../outbox/storage'
import { Locked, openVault, type Vault } from '../outbox/vault'
import type { Office } from '../outbox/sealing'
import type { Deliverer, Delivery } from '../outbox/delivery'
import { COUNTERS, commit, withBlocks, type Counters } from '../outbox/envelopes'
import { forgetSettled, startDriver, type Driver, type DriverStatus } from '../outbox/driver'
import { openWire, understands, type Failed, type Wire } from '../outbox/wire'
import { showTimesIn } from '../text'
import type { Ruleset } from '../domain/conduct.ts'
import { dayAt } from './time'
import { also } from './words/words'
import { dayKey, dayRecord, daysOn, heldDay, outdated, rowsOf, workingDay, type HeldDay, type NextDay } from './days'
import { newsOf, paymentsOf, readItem, unseenBy, type DayNews, type OutboxItem } from './day'
import type { Draft } from './draft'
import { kept, opened, type KeptDraft } from './keptDraft'
import type { AgencyCard, ClockReading, DayBundle, PersonCard, SignedIn, StopCard } from './shapes'

export interface DeviceSetting {
  readonly device_id: string
  readonly person: PersonCard
  readonly agency: AgencyCard
  /** Missing on phones enrolled before offices had one; the day carries it too. */
  readonly office_key?: string
}

interface ClockSetting {
  readonly offset_ms: number
  readonly demo: boolean
}

/** `no_storage`: a browser that keeps nothing. `set_lock`: a phone that has no PIN yet. `wiped`: its cases are gone, what is unsent is not. */
export type Stage = 'opening' | 'no_storage' | 'sign_in' | 'enrol' | 'set_lock' | 'locked' | 'wiped' | 'ready'

/** Ids and nothing else, so that it may lie among the settings. */
export interface KeptOrder {
  readonly day: string
  readonly stops: readonly string[] | null
}
export const ORDER = 'order'

const ENROLLED = 'agent.enrolled'
const SIGNED_IN = 'agent.signed_in'
const CHANGED = 'changed'
const HURRY = 'hurry'
const SHUT = 'shut'
const FORGET_AFTER_MS = 36 * 3_600_000
const REFETCH_MS = 5 * 60_000

class Phone {
  stage = $state<Stage>('opening')
  signedIn = $state.raw<SignedIn | null>(null)
  device = $state.raw<DeviceSetting | null>(null)
  clock = $state.raw<ClockSetting>({ offset_ms: 0, demo: false })
  held = $state.raw<HeldDay | null>(null)
  /** The next published day, to be read and not worked on before its date. */
  next = $state.raw<NextDay | null>(null)
  /** The agent's own order of the visits left, for this day only. */
  order = $state.raw<readonly string[] | null>(null)
  /** What the office changed in the day while the agent was out, until it was seen. */
  news = $state.raw<DayNews | null>(null)
  /** Stops of earlier days on which something still has no verdict. */
  earlier = $state.raw<readonly StopCard[]>([])
  drafts = $state.raw<readonly Draft[]>([])
  items = $state.raw<readonly OutboxItem[]>([])
  picturesLeft = $state(0)
  counters = $state.raw<Counters | null>(null)
  status = $state.raw<DriverStatus>({ sending: null, trouble: null, quietUntil: 0, reachedAtMs: null })
  persisted = $state<boolean | null>(null)
  /** The last write failed: the storage is full or broken. */
  unsaved = $state(false)
  /** This browser had an enrolled phone once, and its data are gone. */
  evicted = $state(false)
  /** Why the cases are gone from this phone. */
  wiped = $state<WipedBecause | null>(null)
  /** Somebody else signed in on a phone that was wiped and still holds work of its own person. */
  otherPerson = $state(false)
  /** Items that outlived a wipe, sealed: nobody reads them here. */
  sealedLeft = $state(0)
  /** What the office last said of sealed items. */
  delivery = $state.raw<Delivery | Failed | null>(null)
  dayTrouble = $state.raw<Failed | null>(null)
  /** The phone's own clock, moved a few times a minute so that screens follow. */
  tick = $state(Date.now())

  readonly bundle = $derived(this.held?.bundle ?? null)
  /** Rules that came with the day; null until they are read, or when this app does not understand them. */
  ruleset = $state.raw<Ruleset | null>(null)
  rulesUnknown = $state(false)
  readonly payments = $derived(paymentsOf(this.items, this.drafts))
  readonly unseen = $derived(unseenBy(this.payments, this.held?.fetched_ms ?? 0))
  readonly unsent = $derived(this.items.filter((item) => item.state !== 'accepted'))
  readonly now = $derived(new Date(this.tick + this.clock.offset_ms))
}

export const phone = new Phone()
const lying = openStorage()
/** As it lies on the phone: for the lock and for what is sealed, never for a screen. */
export const raw: Storage = {
  ...lying,
  write: async (change) => {
    const outcome = await lying.write(change).catch((problem: unknown) => {
      phone.unsaved = true
      throw problem
    })
    phone.unsaved = false
    return outcome
  },
}
export const storage: Vault = openVault(raw, office, () => {
  void shut()
})
export const wire: Wire = openWire(raw, () => phone.device?.device_id ?? null)

let driver: Driver | null = null
let deliverer: Deliverer | null = null
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('fieldapp') : null

/** Service time now, to the millisecond, for what is written down. */
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- a reading of the clock, made anew each time
export const serviceNow = (): Date => new Date(Date.now() + phone.clock.offset_ms)

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

/** What else holds something of a case in memory. */
export const whenShut: (() => void)[] = []

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
    // A fetch on its way may have been answered before the change.
    if (data === 'day-changed') void (fetching ?? Promise.resolve()).then(fetchDay)
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

export const reread = (): Promise<void> => whileOpen(readAgain)

/** What was begun when somebody locked the phone comes to nothing, and nobody misses it. */
async function whileOpen(work: () => Promise<void>): Promise<void> {
  if (!storage.isOpen()) return
  await work().catch((problem: unknown) => {
    if (!(problem instanceof Locked)) throw problem
  })
}

async function readAgain(): Promise<void> {
  const [drafts, envelopes, counters, ...pictures] = await Promise.all([
    storage.ofKind('draft'),
    storage.ofKind('envelope'),
    storage.get(COUNTERS),
    ...(['small', 'original'] as const).flatMap((kind) => [storage.keysOf(kind, 'waiting'), storage.keysOf(kind, 'held')]),
  ])
  phone.drafts = unlessSame(phone.drafts, drafts.map(draftIn))
  phone.items = unlessSame(phone.items, envelopes.map((record) => once(itemsRead, record, readItem)))
  phone.counters = counters ? fromBytes<Counters>(counters.bytes) : null
  phone.picturesLeft = pictures.reduce((sum, keys) => sum + keys.length, 0)
  phone.tick = Date.now()
}

// What storage hands out again is read once: a tap costs the same at the end of a day as at its beginning.
const itemsRead = new WeakMap<StoredRecord, OutboxItem>()
const draftsRead = new WeakMap<StoredRecord, { readonly bundle: DayBundle | null; readonly earlier: readonly StopCard[]; readonly draft: Draft }>()

function once<T>(read: WeakMap<StoredRecord, T>, record: StoredRecord, reader: (record: StoredRecord) => T): T {
  const made = read.get(record) ?? reader(record)
  read.set(record, made)
  return made
}

function draftIn(record: StoredRecord): Draft {
  const { bundle, earlier } = phone
  const known = draftsRead.get(record)
  if (known?.bundle === bundle && known.earlier === earlier) return known.draft
  const draft = opened(fromBytes<KeptDraft>(record.bytes), knownStops())
  draftsRead.set(record, { bundle, earlier, draft })
  return draft
}

/** The list that screens have, where the newer one holds the very same things. */
const unlessSame = <T>(held: readonly T[], read: readonly T[]): readonly T[] =>
  held.length === read.length && held.every((one, at) => one === read[at]) ? held : read

/** A draft was saved as it stands in somebody's hand: nothing else has changed. */
export function tookDraft(draft: Draft): void {
  if (!storage.isOpen()) return
  const others = phone.drafts.filter((one) => one.stop.stop_id !== draft.stop.stop_id)
  phone.drafts = [...others, opened(kept(draft), knownStops())].sort((a, b) => a.stop.position - b.stop.position)
}

let fetching: Promise<void> | null = null

/** Ask for today's day; the one that is held stays when the network brings nothing. */
export function fetchDay(): Promise<void> {
  fetching ??= whileOpen(async () => {
    const reply = await wire.signed<DayBundle>({ method: 'GET', path: '/api/v1/field/day' })
    if (!storage.isOpen()) return
    if (reply.kind === 'failed') {
      phone.dayTrouble = reply
      if (reply.trouble === 'not_allowed') void askHowWeStand('all')
      return
    }
    phone.dayTrouble = null
    await keepDay(reply.value)
    await keepNext(reply.value)
    void whileOpen(() => keepPapers(reply.value))
  }).finally(() => {
    fetching = null
  })
  return fetching
}

function hold(held: HeldDay): void {
  phone.held = held
  // The evaluator is not part of the first screen.
  void import('./rules').then(({ rulesetOf }) => {
    phone.ruleset = rulesetOf(held.bundle)
    phone.rulesUnknown = phone.ruleset === null
  })
}

async function keepDay(bundle: DayBundle): Promise<void> {
  if (!understands(bundle.protocol)) {
    phone.dayTrouble = { kind: 'failed', trouble: 'update_needed', code: null, details: {}, retryAfterMs: null }
    return
  }
  const held: HeldDay = { bundle, fetched_ms: Date.now() }
  const old = outdated(await daysOn(storage), { today: bundle.day, next: bundle.next_day, items: phone.items, drafts: phone.drafts })
  await storage.write({ put: [dayRecord(held)], remove: old.map(dayKey) })
  await commit(storage, async (counters) => ({ counters: withBlocks(counters, bundle.blocks), result: undefined }))
  await forgetSettled(storage, Date.now() - FORGET_AFTER_MS)
  if (phone.device && bundle.office_key && phone.device.office_key !== bundle.office_key) {
    phone.device = { ...phone.device, office_key: bundle.office_key }
    await keepSetting('device', phone.device)
  }
  const begun = new Set([...phone.items.flatMap((item) => item.body.stop_id ?? []), ...phone.drafts.map((draft) => draft.stop.stop_id)])
  phone.news = (phone.bundle && newsOf(phone.bundle, bundle, begun)) ?? phone.news
  hold(held)
  tookClock(bundle.clock)
  showTimesIn(bundle.clock.time_zone)
  await reread()
}

/** Today's day, or the last one before it, and the next one as a list. */
async function takeUpDays(): Promise<void> {
  const days = await daysOn(storage)
  const working = workingDay(days, today())
  const held = working === null ? null : await heldDay(storage, working)
  if (held) {
    hold(held)
    showTimesIn(held.bundle.clock.time_zone)
  }
  const order = await setting<KeptOrder>(ORDER)
  phone.order = order?.day === working ? order.stops : null
  const [next = null] = days.filter((day) => day > today())
  const following = next === null ? null : await heldDay(storage, next)
  phone.next = following && rowsOf(following.bundle)
  const before = await Promise.all(days.filter((day) => working !== null && day < working).map((day) => heldDay(storage, day)))
  phone.earlier = before.flatMap((one) => one?.bundle.stops ?? [])
}

/** The next day as the office has published it last; it only lies here until its date. */
async function keepNext({ next_day: day, next_version: version }: DayBundle): Promise<void> {
  if (day !== null && (phone.next?.day !== day || phone.next.version !== version)) {
    const reply = await wire.signed<DayBundle>({ method: 'GET', path: `/api/v1/field/day?day=${day}` })
    if (reply.kind === 'failed' || !understands(reply.value.protocol)) return
    await storage.write({ put: [dayRecord({ bundle: reply.value, fetched_ms: Date.now() })] })
  }
  await takeUpDays()
}

/** Documents of the credit of both days, while there is a network. */
async function keepPapers(today: DayBundle): Promise<void> {
  const next = phone.next && (await heldDay(storage, phone.next.day))
  const { keepDocuments } = await import('./documents')
  await keepDocuments(storage, wire, [today, ...(next ? [next.bundle] : [])])
}

/** Every stop that a draft on this phone may belong to. */
export const knownStops = (): readonly StopCard[] => [...(phone.bundle?.stops ?? []), ...phone.earlier]

export async function readClock(): Promise<void> {
  const reply = await wire.plain<ClockReading>({ method: 'GET', path: '/api/v1/clock' })
  if (reply.kind === 'ok') tookClock(reply.value)
}

/** The difference between the service's clock and this phone's; both are written into every envelope. */
function tookClock(clock: ClockReading): void {
  const offset_ms = Math.round(Date.parse(clock.now) - Date.now())
  if (!Number.isFinite(offset_ms)) return
  // Jitter of the network is no drift: only a real difference is taken over.
  const moved = Math.abs(offset_ms - phone.clock.offset_ms) > 1_500 || clock.demo !== phone.clock.demo
  if (!moved) return
  phone.clock = { offset_ms, demo: clock.demo }
  phone.tick = Date.now()
  void keepSetting('clock', phone.clock)
}

export async function setting<T>(name: string): Promise<T | null> {
  const record = await storage.get(`setting:${name}`)
  return record ? fromBytes<T>(record.bytes) : null
}

export const settingRecord = (name: string, value: unknown): StoredRecord => ({
  key: `setting:${name}`, kind: 'setting', state: 'kept', seq: 0, bytes: toBytes(value),
})

export async function keepSetting(name: string, value: unknown): Promise<void> {
  await storage.write({ put: [settingRecord(name, value)] })
}

/** Today by the service's clock, where the visits are. */
export const today = (): string => dayAt(phone.now)

export function office(): Office | null {
  const key = phone.device?.office_key ?? phone.bundle?.office_key
  return phone.device ? { device: phone.device.device_id, key: key ?? '' } : null
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

let exported: readonly string[] = []

/** Everything unsent as a file that only the office can open; the phone keeps what is in it. */
export async function saveRescueFile(): Promise<boolean> {
  const to = office()
  if (!to?.key) return false
  const rescue = await import('../outbox/rescue')
  const keys = (await rescue.unsent(raw)).map((record) => record.key)
  const content = await rescue.rescueFile(raw, to)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }))
  link.download = `${today()}-${to.device.slice(-6)}.fieldapp`
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 60_000)
  exported = keys
  return true
}

/** Forgets this phone's person and cases; refused while anything is neither sent nor in a rescue file. */
export async function leave(): Promise<boolean> {
  await reread()
  const rescue = await import('../outbox/rescue')
  const safe = (await rescue.unsent(raw)).every((record) => exported.includes(record.key))
  if (!safe || phone.drafts.length) return false
  driver?.stop()
  if (await setting('notices')) await (await import('./notices')).turnOff().catch(() => undefined)
  await wire.plain({ method: 'DELETE', path: '/api/v1/session' })
  await andForget(() => raw.wipe())
  localStorage.removeItem(ENROLLED)
  location.hash = ''
  location.reload()
  return true
}
