/**
 * The phone's present for all screens: who, on which device, which day, what is open and what waits to leave.
 * Screens read it; what they do goes through `actions.ts`. How it opens and shuts is in `stages.ts`, its days in `theDay.ts`.
 */
import { fromBytes, openStorage, toBytes, type Storage, type StoredRecord, type WipedBecause } from '../outbox/storage'
import { openVault, type Vault } from '../outbox/vault'
import type { Office } from '../outbox/sealing'
import type { Delivery } from '../outbox/delivery'
import type { Counters } from '../outbox/envelopes'
import type { DriverStatus } from '../outbox/driver'
import { openWire, type Failed, type Reply, type Wire } from '../outbox/wire'
import type { Ruleset } from '../domain/conduct.ts'
import { dayAt } from './time'
import type { HeldDay, NextDay } from './days'
import { isUntouched, paymentsOf, reportsIn, unseenBy, type DayNews, type OutboxItem } from './day'
import { isBegun, isBound, type Draft } from './draft'
import type { Known } from './rules'
import type { AgencyCard, ClockReading, PersonCard, SignedIn, StopCard } from './shapes'

export interface DeviceSetting {
  readonly device_id: string
  readonly person: PersonCard
  readonly agency: AgencyCard
  /** Missing on phones enrolled before offices had one; the day carries it too. */
  readonly office_key?: string
}

export interface ClockSetting {
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
  /** Which pictures these are, small ones and originals. */
  picturesHere = $state.raw<ReadonlySet<string>>(new Set())
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
  /** The last request met no network; null before the first. */
  offline = $state<boolean | null>(null)
  dayTrouble = $state.raw<Failed | null>(null)
  /** The phone's own clock, moved a few times a minute so that screens follow. */
  tick = $state(Date.now())

  readonly bundle = $derived(this.held?.bundle ?? null)
  /** Rules that came with the day; null until they are read, or when this app does not understand them. */
  ruleset = $state.raw<Ruleset | null>(null)
  rulesUnknown = $state(false)
  readonly payments = $derived(paymentsOf(this.items, this.drafts))
  readonly unseen = $derived(unseenBy(this.payments, this.held?.asked_no ?? 0))
  /** What the rules are asked with, beside act and stop. */
  readonly known = $derived<Known>({
    ruleset: this.ruleset, stops: this.bundle?.stops ?? [], payments: this.payments, items: this.items,
    askedNo: this.held?.asked_no ?? 0, reports: reportsIn(this.bundle),
  })
  /** Where a visit is under way, or a sheet is being copied. */
  readonly openStops = $derived(this.drafts.filter((draft) => !isUntouched(draft)).map((draft) => draft.stop.stop_id))
  /** Visits under way; a page that was only looked at is none. */
  readonly openVisits = $derived(this.drafts.filter(isBegun))
  /** Money, a signature or a numbered notice lies in a visit that is not closed: the office knows nothing of it, with or
   * without a network. */
  readonly takenOpen = $derived(this.drafts.filter((draft) => draft.payments.length > 0 || isBound(draft)))
  /** Written and not yet in the office, nobody's help needed. */
  readonly toLeave = $derived(this.items.filter(({ state }) => state === 'waiting' || state === 'held').length + this.sealedLeft)
  readonly unsent = $derived(this.items.filter((item) => item.state !== 'accepted'))
  readonly now = $derived(new Date(this.tick + this.clock.offset_ms))
}

export const phone = new Phone()

/** What else holds something of a case in memory, and forgets it as the phone is locked. */
export const whenShut: (() => void)[] = []
/** The keys in hand are no longer the phone's: another window has locked or wiped it. */
export const whenLockedOut: (() => void)[] = []
/** The office does not let this phone in any more. */
export const whenNotAllowed: (() => void)[] = []

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
  for (const react of whenLockedOut) react()
})
const lines = openWire(raw, () => phone.device?.device_id ?? null)
/** Each answer says whether there was a network; the browser's own word for it is asked nowhere. */
async function heard<T>(asked: Promise<Reply<T>>): Promise<Reply<T>> {
  const reply = await asked
  phone.offline = reply.kind === 'failed' && (reply.trouble === 'unreachable' || reply.trouble === 'captive')
  return reply
}
export const wire: Wire = {
  plain: (call) => heard(lines.plain(call)), signed: (call) => heard(lines.signed(call)), bytes: (path) => heard(lines.bytes(path)),
}

/** Service time now, to the millisecond, for what is written down. */
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- a reading of the clock, made anew each time
export const serviceNow = (): Date => new Date(Date.now() + phone.clock.offset_ms)

/** Every stop that a draft on this phone may belong to. */
export const knownStops = (): readonly StopCard[] => [...(phone.bundle?.stops ?? []), ...phone.earlier]

export async function readClock(): Promise<void> {
  const reply = await wire.plain<ClockReading>({ method: 'GET', path: '/api/v1/clock' })
  if (reply.kind === 'ok') tookClock(reply.value)
}

/** The difference between the service's clock and this phone's; both are written into every envelope. */
export function tookClock(clock: ClockReading): void {
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
