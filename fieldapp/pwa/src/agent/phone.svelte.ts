/**
 * The phone's present for all screens: who, on which device, which day, what is open and what waits to leave.
 * Screens read it; what they do goes through `actions.ts`.
 */
import { fromBytes, openStorage, toBytes, type Storage } from '../outbox/storage'
import { COUNTERS, commit, withBlocks, type Counters } from '../outbox/envelopes'
import { forgetSettled, startDriver, type Driver, type DriverStatus } from '../outbox/driver'
import { openWire, understands, type Failed, type Wire } from '../outbox/wire'
import { showTimesIn } from '../text'
import type { Ruleset } from '../domain/conduct.ts'
import { dayAt } from './time'
import { dayKey, dayRecord, daysOn, heldDay, outdated, rowsOf, workingDay, type HeldDay, type NextDay } from './days'
import { paymentsOf, readItem, unseenBy, type OutboxItem } from './day'
import { opened, type Draft, type KeptDraft } from './draft'
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

export type Stage = 'opening' | 'sign_in' | 'enrol' | 'ready'

const ENROLLED = 'agent.enrolled'
const SIGNED_IN = 'agent.signed_in'
const CHANGED = 'changed'
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
  /** Stops of earlier days on which something still has no verdict. */
  earlier = $state.raw<readonly StopCard[]>([])
  drafts = $state.raw<readonly Draft[]>([])
  items = $state.raw<readonly OutboxItem[]>([])
  picturesLeft = $state(0)
  counters = $state.raw<Counters | null>(null)
  status = $state.raw<DriverStatus>({ sending: null, trouble: null, quietUntil: 0, reachedAtMs: null })
  persisted = $state<boolean | null>(null)
  /** This browser had an enrolled phone once, and its data are gone. */
  evicted = $state(false)
  /** How many items the office has sealed in quarantine, once it has stopped this phone. */
  handedOver = $state<number | null>(null)
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
export const storage: Storage = openStorage()
export const wire: Wire = openWire(storage, () => phone.device?.device_id ?? null)

let driver: Driver | null = null
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('fieldapp') : null

/** Service time now, to the millisecond, for what is written down. */
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- a reading of the clock, made anew each time
export const serviceNow = (): Date => new Date(Date.now() + phone.clock.offset_ms)

/** Paint what is saved, then ask the network. */
export async function open(): Promise<void> {
  const [device, clock] = await Promise.all([setting<DeviceSetting>('device'), setting<ClockSetting>('clock')])
  if (clock) phone.clock = clock
  setInterval(() => {
    phone.tick = Date.now()
    // Midnight passed, perhaps without a network: the next day lies here already.
    if (phone.stage === 'ready' && phone.next?.day === today()) void takeUpDays().then(reread)
  }, 10_000)
  channel?.addEventListener('message', () => {
    void reread()
    driver?.nudge()
  })
  phone.persisted = (await navigator.storage?.persisted?.().catch(() => null)) ?? null
  if (device) {
    phone.device = device
    await start()
    return
  }
  phone.evicted = localStorage.getItem(ENROLLED) !== null
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
  if (signedIn.person.role === 'agent') phone.stage = 'enrol'
}

/** An enrolled phone at work: the saved day first. */
export async function start(): Promise<void> {
  await takeUpDays()
  await reread()
  phone.stage = 'ready'
  localStorage.setItem(ENROLLED, '1')
  driver ??= startDriver({
    storage,
    wire,
    onStatus: (status) => {
      phone.status = status
      if (status.trouble === 'not_allowed' && status.sending === null) void handOver()
    },
    onSettled: () => {
      void reread()
      channel?.postMessage(CHANGED)
    },
    onClock: (clock) => {
      tookClock(clock as ClockReading)
    },
  })
  const again = (): void => {
    phone.tick = Date.now()
    driver?.nudge()
    if (Date.now() - (phone.held?.fetched_ms ?? 0) > 20_000) void fetchDay()
  }
  addEventListener('online', again)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') again()
  })
  setInterval(() => {
    if (document.visibilityState === 'visible') void fetchDay()
  }, REFETCH_MS)
  void fetchDay()
}

/** Something was written: screens read it, and it leaves when it can. */
export async function wrote(): Promise<void> {
  await reread()
  driver?.nudge()
  channel?.postMessage(CHANGED)
}

export function sendNow(): void {
  driver?.nudge()
  void fetchDay()
}

export async function reread(): Promise<void> {
  const [drafts, envelopes, counters, ...pictures] = await Promise.all([
    storage.ofKind('draft'),
    storage.ofKind('envelope'),
    storage.get(COUNTERS),
    ...(['small', 'original'] as const).flatMap((kind) => [storage.keysOf(kind, 'waiting'), storage.keysOf(kind, 'held')]),
  ])
  phone.drafts = drafts.map((record) => opened(fromBytes<KeptDraft>(record.bytes), knownStops()))
  phone.items = envelopes.map(readItem)
  phone.counters = counters ? fromBytes<Counters>(counters.bytes) : null
  phone.picturesLeft = pictures.reduce((sum, keys) => sum + keys.length, 0)
  phone.tick = Date.now()
}

let fetching: Promise<void> | null = null

/** Ask for today's day; the one that is held stays when the network brings nothing. */
export function fetchDay(): Promise<void> {
  fetching ??= (async () => {
    const reply = await wire.signed<DayBundle>({ method: 'GET', path: '/api/v1/field/day' })
    if (reply.kind === 'failed') {
      phone.dayTrouble = reply
      return
    }
    phone.dayTrouble = null
    await keepDay(reply.value)
    await keepNext(reply.value)
    void keepPapers(reply.value)
  })().finally(() => {
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

async function setting<T>(name: string): Promise<T | null> {
  const record = await storage.get(`setting:${name}`)
  return record ? fromBytes<T>(record.bytes) : null
}

export async function keepSetting(name: string, value: unknown): Promise<void> {
  await storage.write({ put: [{ key: `setting:${name}`, kind: 'setting', state: 'kept', seq: 0, bytes: toBytes(value) }] })
}

/** Today by the service's clock, where the visits are. */
export const today = (): string => dayAt(phone.now)

function office(): { device: string; key: string } | null {
  const key = phone.bundle?.office_key ?? phone.device?.office_key
  return phone.device && key ? { device: phone.device.device_id, key } : null
}

let handing = false

/** The office has stopped this phone: what is unsent goes to it sealed, by the one door that is left. */
async function handOver(): Promise<void> {
  const to = office()
  if (handing || !to) return
  handing = true
  try {
    const rescue = await import('../outbox/rescue')
    const states = await rescue.handOver(storage, wire, to)
    if ('kind' in states) return
    phone.handedOver = states.filter((item) => item.state === 'waiting').length
    await reread()
  } finally {
    handing = false
  }
}

let exported: readonly string[] = []

/** Everything unsent as a file that only the office can open; the phone keeps what is in it. */
export async function saveRescueFile(): Promise<boolean> {
  const to = office()
  if (!to) return false
  const rescue = await import('../outbox/rescue')
  const keys = (await rescue.unsent(storage)).map((record) => record.key)
  const content = await rescue.rescueFile(storage, to)
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
  const safe = (await rescue.unsent(storage)).every((record) => exported.includes(record.key))
  if (!safe || phone.drafts.length) return false
  driver?.stop()
  await wire.plain({ method: 'DELETE', path: '/api/v1/session' })
  await storage.wipe()
  localStorage.removeItem(ENROLLED)
  location.hash = ''
  location.reload()
  return true
}
