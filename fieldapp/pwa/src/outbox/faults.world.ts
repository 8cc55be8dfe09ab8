/// <reference types="node" />
/**
 * A phone with its windows, an office and the weather between them, for the fault tests: everything that can break is
 * an action, and time passes only when one says so. One agent may have two such phones. The phone's code is the real one over a real IndexedDB; the office
 * judges with the real `domain.sync` (`tests/faults/office.py`).
 */
import { dangerBody } from '../domain/danger.ts'
import { hex } from './bytes'
import { deliver } from './delivery'
import { deviceKeyPair } from './deviceKey'
import { forgetSettled, takeTurns, type Turns } from './driver'
import {
  bodyOf as envelopeBody, commit, COUNTERS, countersRecord, firstCounters, nextNumber, readEnvelope, seal, takeBack,
  type Counters, type StoredEnvelope,
} from './envelopes'
import { Door } from './faults.door'
import { changeSecret, dropOldDayKeys, hasWaited, MOST_TRIES, openLock, setLock, wipe, type Opened, type Secret } from './lock'
import { Gone, Locks, mortal, present, Tab, type Books, type Death, type Office } from './faults.ground'
import { aCorrection, anAnswer, aPayment, aReport, MESSAGE, PRACTICE, somePictures } from './faults.papers'
import { LONGEST_WAIT_MS } from './machine'
import type { Office as OfficeSeal } from './sealing'
import { fromBytes, openStorage, SEALED, type RecordKind, type Row, type Storage } from './storage'
import { Locked, openVault, type Vault } from './vault'
import type { Call, Reply, Trouble, Wire } from './wire'

const MORNING = Date.parse('2026-11-26T08:20:00.000Z')
const DAY_MS = 86_400_000
const UNDO_MS = 10_000
/** Of the originals here, which are larger, several parts are made. */
const PART_BYTES = 9
/** As dear as it must be on a phone, a million steps would take weeks. */
const CHEAP = { memory_kib: 8, passes: 1 }
const WRONG: Secret = { kind: 'pin', pin: '135790' }
const LONG_ENOUGH_MS = 3_600_000
const WRITTEN_AS = { call: 'contact', visit: 'visit', payment: 'visit', alarm: 'danger', reading: 'message_read', answer: 'visit_answer', correction: 'visit_correction' } as const
const KINDS: readonly RecordKind[] = ['envelope', 'draft', 'receipt', 'day', 'small', 'original']

export type Weather =
  | { readonly kind: 'good' | 'lost' | 'cut' | 'doubled' | 'late' }
  | { readonly kind: 'office dies'; readonly when: 'before' | 'after' }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }

/** An alarm overtakes what was written before it. */
export type What = 'call' | 'visit' | 'payment' | 'alarm' | 'reading' | 'answer' | 'correction'

export type Action =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'set clock'; readonly days: number }
  | { readonly kind: 'write'; readonly tab: number; readonly what: What; readonly dies: Death | null }
  | { readonly kind: 'take back'; readonly tab: number; readonly dies: Death | null }
  | { readonly kind: 'turn'; readonly tab: number; readonly weather: Weather; readonly nudge: boolean; readonly dies: Death | null }
  /** Money is taken in the open visit, by a window that has it in hand as it saw it last. */
  | { readonly kind: 'hold'; readonly tab: number; readonly dies: Death | null }
  /** The open visit is closed and becomes a report. */
  | { readonly kind: 'close visit'; readonly tab: number; readonly dies: Death | null }
  /** The button is held in both windows in the same moment, over the same visit. */
  | { readonly kind: 'hold both'; readonly dies: Death | null }
  /** Both windows at once: one writes while the other sends. */
  | { readonly kind: 'both'; readonly what: What; readonly weather: Weather; readonly dies: Death | null }
  | { readonly kind: 'close'; readonly tab: number }
  /** Whoever had the app open puts it away. */
  | { readonly kind: 'lock'; readonly tab: number }
  | { readonly kind: 'pin'; readonly tab: number; readonly right: boolean; readonly dies: Death | null }
  | { readonly kind: 'new pin'; readonly tab: number; readonly right: boolean; readonly dies: Death | null }
  /** So much time passes with the lock screen open. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Wrong PINs until the cases are gone, each wait sat out. */
  | { readonly kind: 'pins to the end'; readonly tab: number; readonly dies: Death | null }
  | { readonly kind: 'forgotten'; readonly tab: number; readonly dies: Death | null }
  | { readonly kind: 'late arrives' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'reinstall' }

// --- the world ---

interface Written {
  readonly id: string
  readonly cents: number
  readonly pictures: readonly string[]
}

interface Window {
  readonly tab: Tab
  /** What lies on the phone, as this window reaches it. */
  readonly raw: Storage
  readonly vault: Vault
  readonly door: Door
  /** A sender of its own for each time that the window is open. */
  turns: Turns
}

let worlds = 0
/** Of every phone at once: each window asks for those of its own. */
const locks = new Locks()

export class World {
  steps = 0
  readonly written = new Map<string, Written>()
  /** Written by a window that died before it could say so: it may stand or not. */
  readonly unsaid = new Map<string, Written>()
  readonly takenBack = new Set<string>()
  readonly #office: Office
  /** Which of the agent's phones it is: its series and its devices are its own. */
  readonly #phone: number
  readonly #ground: Storage
  readonly #name: string
  readonly #opened: Storage[] = []
  #windows: Window[] = []
  #now = MORNING
  #weather: Weather = { kind: 'good' }
  #late: object[] = []
  #device = ''
  #devices = 0
  #last: string | null = null
  #luck = 0
  #pin: Secret = { kind: 'pin', pin: '481590' }
  /** Another PIN that may be the right one by now: the window that changed it died over it. */
  #perhaps: Secret | null = null
  #seal: OfficeSeal = { device: '', key: '' }
  /** Tries since the phone was last opened, those that a window died over among them. */
  #tries = 0
  #meantToWipe = false
  readonly wipes = { pin: 0, forgotten: 0 }

  constructor(office: Office, phone = 0) {
    this.#office = office
    this.#phone = phone
    this.#name = `world-${String((worlds += 1))}`
    this.#ground = openStorage(this.#name)
    Object.defineProperty(navigator, 'locks', { value: locks, configurable: true })
  }

  /** `beside`: the office has another phone of this agent already. */
  async begin({ beside = false } = {}): Promise<void> {
    await this.#enrol(beside)
    this.#windows = [this.#window(), this.#window()]
    for (const tab of [0, 1]) await this.#in(tab, null, async (window) => void (await this.#openUp(window)))
  }

  close(): void {
    for (const { tab } of this.#windows) tab.die()
    for (const storage of [...this.#opened, this.#ground]) storage.close()
    indexedDB.deleteDatabase(this.#name)
  }

  async #enrol(again: boolean): Promise<void> {
    this.#devices += 1
    this.#device = `0198a3c2-7f00-7abc-8def-${String(this.#phone * 1_000_000 + this.#devices).padStart(12, '0')}`
    const pair = await deviceKeyPair(this.#ground)
    const point = hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
    const series = `A${String(this.#phone + 1)}`
    const blocks = [{ kind: 'receipt' as const, series, first: 1, last: 100_000, next: 1 }]
    const key = await this.#office.ask<string>({
      ask: 'open', again, device: this.#device, point, series, blocks: blocks.map(({ first, last }) => [first, last]),
    })
    this.#seal = { device: this.#device, key }
    await this.#ground.write({
      put: [countersRecord(firstCounters({ device_id: this.#device, next_seq: 1, chain_head: '', blocks }))],
    })
  }

  #window(): Window {
    const tab = new Tab(this.#phone)
    const opened = openStorage(this.#name)
    this.#opened.push(opened)
    const raw = mortal(opened, tab)
    const vault = openVault(raw, () => this.#seal)
    return { tab, raw, vault, door: new Door(this.#watched(vault)), turns: this.#sender(tab, vault) }
  }

  /** What is written as a report is known to the world, also where its window dies over it. */
  #watched(vault: Vault): Storage {
    return {
      ...vault,
      write: async (change) => {
        const reports = (change.put ?? []).filter(({ kind }) => kind === 'envelope').map((record) => asWritten(readEnvelope(record)))
        for (const done of reports) this.unsaid.set(done.id, done)
        const outcome = await vault.write(change)
        for (const done of reports) {
          this.unsaid.delete(done.id)
          if (outcome === 'written') this.written.set(done.id, done)
        }
        return outcome
      },
    }
  }

  #sender(tab: Tab, storage: Storage): Turns {
    const parts = { storage, wire: this.#wire(tab), now: () => this.#now, partBytes: PART_BYTES, luck: () => (this.#luck = (this.#luck * 7 + 0.3) % 1) }
    return takeTurns({ ...parts, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined })
  }

  #at(number: number): Window {
    const window = this.#windows[number]
    if (!window) throw new Error('no such window')
    return window
  }

  /** Do `work` in a window; when the window dies over it, another is opened in its place. */
  async #in(number: number, dies: Death | null, work: (window: Window) => Promise<void>): Promise<void> {
    const window = this.#at(number)
    window.tab.dyingAt(dies)
    try {
      await Promise.race([present.run(window.tab, () => work(window)), window.tab.death.promise])
    } catch (broken) {
      // What was begun when another window wiped the phone comes to nothing, as in `phone.svelte.ts`.
      if (!(broken instanceof Gone || broken instanceof Locked)) throw broken
    }
    window.tab.dyingAt(null)
    if (window.tab.dead) this.#windows[number] = this.#window()
  }

  async act(action: Action): Promise<void> {
    this.steps += 1
    switch (action.kind) {
      case 'pass':
        this.#now += action.ms
        return
      case 'set clock':
        this.#now += action.days * DAY_MS
        return
      case 'write':
        return this.#in(action.tab, action.dies, (window) => this.#write(window, action.what))
      case 'take back':
        return this.#in(action.tab, action.dies, (window) => this.#takeBack(window))
      case 'turn':
        this.#weather = action.weather
        return this.#in(action.tab, action.dies, (window) => this.#send(window, action.nudge))
      case 'hold':
        return this.#in(action.tab, action.dies, (window) => this.#hold(window, this.steps))
      case 'close visit':
        return this.#in(action.tab, action.dies, async (window) => void ((await this.#openUp(window)) && (await window.door.close(this.#now))))
      case 'hold both':
        for (const tab of [0, 1]) await this.#in(tab, null, async (window) => void ((await this.#openUp(window)) && (await window.door.look(this.#iso()))))
        await Promise.all([
          this.#in(0, null, (window) => this.#hold(window, this.steps)),
          this.#in(1, action.dies, (window) => this.#hold(window, this.steps + 50_000)),
        ])
        return
      case 'both':
        this.#weather = action.weather
        await Promise.all([
          this.#in(0, null, (window) => this.#write(window, action.what)),
          this.#in(1, action.dies, (window) => this.#send(window, false)),
        ])
        return
      case 'lock':
        this.#at(action.tab).vault.shut()
        return
      case 'pin':
        return this.#in(action.tab, action.dies, async (window) => void (await this.#try(window, action.right ? this.#pin : WRONG)))
      case 'new pin':
        return this.#in(action.tab, action.dies, (window) => this.#changePin(window, action.right))
      case 'wait':
        return this.#in(0, null, async ({ raw }) => void ((await raw.lock()) && (await hasWaited(raw, action.ms))))
      case 'pins to the end':
        return this.#in(action.tab, action.dies, (window) => this.#tryToTheEnd(window))
      case 'forgotten':
        await this.#in(action.tab, action.dies, ({ raw }) => wipe(raw, 'forgotten', this.#seal))
        this.#meantToWipe = Boolean((await this.#ground.lock())?.wiped)
        return
      case 'close':
        this.#at(action.tab).tab.die()
        this.#windows[action.tab] = this.#window()
        return
      case 'late arrives':
        // Nobody waits for its answer any more.
        for (const question of this.#late.splice(0)) await this.#office.ask(question)
        return
      case 'forget':
        // At once, where the app waits a day and a half: how old a verdict is must not decide whether anything is lost.
        return this.#in(0, null, async ({ vault }) => (vault.isOpen() ? forgetSettled(vault, this.#now + 1) : undefined))
      case 'reinstall':
        return this.#reinstall()
    }
  }

  /** The browser's data are gone, and with them what had not arrived; everything else goes on under a new device. */
  async #reinstall(): Promise<void> {
    for (const { tab } of this.#windows) tab.die()
    this.#late = []
    await this.#ground.wipe()
    const { applied } = await this.books()
    for (const id of [...this.written.keys(), ...this.unsaid.keys()]) {
      for (const book of [this.written, this.unsaid]) {
        const item = book.get(id)
        // What had not arrived is gone with the browser's data, its pictures too.
        if (item && applied[id]) book.set(id, { ...item, pictures: [] })
        else book.delete(id)
      }
    }
    this.#last = null
    this.#tries = 0
    this.#meantToWipe = false
    await this.#enrol(true)
    this.#windows = [this.#window(), this.#window()]
  }

  // --- the lock ---

  #day(): string {
    return new Date(this.#now).toISOString().slice(0, 10)
  }

  /** One PIN, as the lock screen tries it; what lies under an older key follows once the phone is open. */
  async #try(window: Window, secret: Secret): Promise<Opened> {
    // A browser whose data were cleared has no lock to try.
    if (!(await this.#ground.lock())) return { kind: 'wait', waitMs: 0 }
    this.#tries += 1
    const said = await openLock(window.raw, secret, { day: this.#day(), office: this.#seal })
    if (said.kind === 'wait') this.#tries -= 1
    if (said.kind === 'open') await this.#took(window, said.ring)
    return said
  }

  async #tryToTheEnd(window: Window): Promise<void> {
    for (let tried = 0; tried <= MOST_TRIES && (await this.#ground.lock()); tried += 1) {
      await hasWaited(window.raw, LONG_ENOUGH_MS)
      if ((await this.#try(window, WRONG)).kind === 'wiped') return
    }
  }

  async #took(window: Window, ring: Parameters<Vault['open']>[0]): Promise<void> {
    this.#tries = 0
    window.vault.open(ring)
    window.turns = this.#sender(window.tab, window.vault)
    await window.vault.renew()
    await dropOldDayKeys(window.raw, ring)
  }

  /** Whoever knows the PIN opens the phone, or begins again on one that was wiped. False while the lock still waits. */
  async #openUp(window: Window): Promise<boolean> {
    const held = await window.raw.lock()
    if (window.vault.isOpen() && held && !held.wiped) return true
    if (!held || held.wiped) {
      const ring = await setLock(window.raw, this.#pin, { day: this.#day(), cost: CHEAP })
      this.#meantToWipe = false
      await this.#took(window, ring)
      return true
    }
    const said = await this.#try(window, this.#pin)
    if (said.kind === 'open') this.#perhaps = null
    if (said.kind !== 'wrong' || !this.#perhaps) return said.kind === 'open'
    // So it is the other one, also where the lock now lets nobody try for a while.
    ;[this.#pin, this.#perhaps] = [this.#perhaps, null]
    return (await this.#try(window, this.#pin)).kind === 'open'
  }

  async #changePin(window: Window, right: boolean): Promise<void> {
    // Which of two PINs holds has to be found out first.
    if (this.#perhaps) window.vault.shut()
    if (!(await this.#openUp(window))) return
    const next: Secret = { kind: 'pin', pin: String(200_000 + this.steps) }
    this.#tries += 1
    this.#perhaps = right ? next : null
    const said = await changeSecret(window.raw, right ? this.#pin : WRONG, next, { office: this.#seal, cost: CHEAP })
    if (said.kind === 'wait') this.#tries -= 1
    this.#perhaps = null
    if (said.kind !== 'open') return
    this.#pin = next
    await this.#took(window, said.ring)
  }

  // --- what an agent does ---

  #iso(): string {
    return new Date(this.#now).toISOString()
  }

  async #hold(window: Window, cents: number): Promise<void> {
    if (await this.#openUp(window)) await window.door.hold(cents, { device: this.#device, at: this.#iso() })
  }

  /** An open phone sends what it can read; on a locked one it leaves sealed. What outlived a wipe always does. */
  async #send(window: Window, nudge: boolean): Promise<void> {
    const parts = { raw: window.raw, wire: this.#wire(window.tab), office: () => this.#seal, partBytes: PART_BYTES }
    if (!window.vault.isOpen()) return void (await deliver(parts, 'all'))
    if (nudge) {
      window.turns.nudge()
      await deliver(parts, 'outlived')
    }
    await window.turns.once()
  }

  async #write(window: Window, what: What): Promise<void> {
    if (!(await this.#openUp(window))) return
    const storage: Storage = window.vault
    const at = this.#iso()
    const pictures = what === 'visit' || what === 'payment' ? await somePictures(what === 'payment') : []
    const written = await commit(storage, async (counters) => {
      let moved = counters
      let body: object = { contact_id: crypto.randomUUID(), practice_id: PRACTICE, channel: 'call', phone_id: null, at }
      let cents = 0
      if (what === 'visit') body = aReport(at, pictures)
      if (what === 'alarm') body = dangerBody(null, { id: crypto.randomUUID(), at })
      if (what === 'reading') body = { message_id: MESSAGE, at }
      if (what === 'answer') body = anAnswer(counters.next_seq)
      if (what === 'correction') body = aCorrection(counters.next_seq)
      if (what === 'payment') {
        const pair = await storage.keyPair()
        const number = counters.receipt && nextNumber(counters.receipt)
        if (!pair || !counters.receipt || !number) throw new Error('no key or no number')
        const paid = await aPayment(pair, this.#device, { series: counters.receipt.series, number, chain_head: counters.chain_head })
        cents = paid.payment.amount_cents
        moved = { ...counters, chain_head: paid.payment.receipt.digest, receipt: { ...counters.receipt, used: number } }
        body = aReport(at, pictures, paid)
      }
      const sealed = await seal(moved, {
        kind: WRITTEN_AS[what], body, nowMs: this.#now, offsetMs: 0,
        restMs: what === 'visit' ? UNDO_MS : 0, pictures: pictures.map((picture) => picture.key),
      })
      const done: Written = { id: sealed.envelope.id, cents, pictures: pictures.map((picture) => picture.key) }
      this.unsaid.set(done.id, done)
      return { counters: sealed.counters, put: [sealed.record, ...pictures], result: done }
    })
    this.unsaid.delete(written.id)
    this.written.set(written.id, written)
    this.#last = written.id
  }

  async #takeBack(window: Window): Promise<void> {
    if (!(await this.#openUp(window))) return
    const storage: Storage = window.vault
    const id = this.#last
    const known = id === null ? undefined : this.written.get(id)
    if (id === null || !known) return
    this.written.delete(id)
    this.unsaid.set(id, known)
    const done = await takeBack(storage, id, { nowMs: this.#now, remove: known.pictures })
    this.unsaid.delete(id)
    if (done) {
      this.takenBack.add(id)
      this.#last = null
    } else this.written.set(id, known)
  }

  // --- the network ---

  #wire(tab: Tab): Wire {
    const signed = async (call: Call): Promise<Reply<never>> => {
      const weather = this.#weather
      if (weather.kind === 'trouble') return tab.step(() => Promise.resolve(failed(weather.trouble)))
      if (weather.kind === 'cut') return tab.step(() => Promise.resolve(failed('unreachable')))
      const question = asked(call, this.#device, weather.kind === 'office dies' ? weather.when : null)
      if (weather.kind === 'late') {
        this.#late.push(question)
        return tab.step(() => Promise.resolve(failed('unreachable')))
      }
      if (weather.kind === 'doubled') await this.#office.ask(question)
      const said = await tab.step(() => this.#office.ask<Record<string, unknown>>(question))
      if (said['crashed'] || weather.kind === 'lost') return failed(said['crashed'] ? 'office_down' : 'unreachable')
      if (said['refused']) return { ...failed('not_understood'), code: said['code'] ?? null, details: said['details'] ?? {} } as Reply<never>
      return { kind: 'ok', value: said as never }
    }
    return { signed, plain: signed, bytes: () => Promise.reject(new Error('not asked')) }
  }

  // --- what must hold ---

  books(): Promise<Books> {
    return this.#office.ask<Books>({ ask: 'books' })
  }

  /** At every moment: what was written is on the phone or in the office, and "in the office" is true. */
  async check(): Promise<string[]> {
    const { applied, receipts } = await this.books()
    const held = new Map((await this.#ground.ofKind('envelope')).map((record) => [record.key, record.state]))
    const wrong: string[] = []
    for (const id of this.written.keys()) if (!held.has(id) && !applied[id]) wrong.push(`${id} is lost`)
    for (const [id, state] of held) if (state === 'accepted' && !applied[id]) wrong.push(`${id} is said to be in the office`)
    for (const [id, times] of Object.entries(applied)) if (times > 1) wrong.push(`${id} was applied ${String(times)} times`)
    for (const [name, times] of Object.entries(receipts)) if (times > 1) wrong.push(`receipt ${name} was posted ${String(times)} times`)
    for (const id of this.takenBack) if (applied[id] || held.has(id)) wrong.push(`${id} was taken back and is there`)
    return [...wrong, ...(await this.#readable())]
  }

  /** At every moment: nothing lies in the clear, and cases are wiped for a reason, wholly and with their keys. */
  async #readable(): Promise<string[]> {
    const [lock, ...kinds] = await Promise.all([this.#ground.lock(), ...KINDS.map((kind) => this.#ground.ofKind(kind))])
    const rows: Row[] = kinds.flat()
    const wrong: string[] = []
    for (const { key, by, office, state } of rows) {
      const unreadable = state === SEALED && office !== undefined && by === undefined
      if (by === undefined && !unreadable) wrong.push(`${key} lies in the clear`)
      if (state !== SEALED && lock && !lock.wiped && !lock.day_keys.some(({ id }) => id === by)) wrong.push(`nothing opens ${key} any more`)
      if (lock?.wiped && !unreadable) wrong.push(`${key} outlived a wipe readable`)
    }
    if (!lock?.wiped) return wrong
    this.wipes[lock.wiped === 'pin' ? 'pin' : 'forgotten'] += 1
    if (lock.day_keys.length) wrong.push('a wipe left keys')
    if (lock.wiped === 'pin' ? this.#tries < MOST_TRIES : !this.#meantToWipe) wrong.push(`wiped (${lock.wiped}) after ${String(this.#tries)} tries`)
    return wrong
  }

  /** A phone that nobody can read on sends all the same. */
  async #allLeavesSealed(window: Window): Promise<string[]> {
    const parts = { raw: window.raw, wire: this.#wire(window.tab), office: () => this.#seal, partBytes: PART_BYTES }
    const said = await present.run(window.tab, () => deliver(parts, 'all'))
    if (said.kind === 'failed') return [`nothing leaves a locked phone: ${said.trouble}`]
    const { applied } = await this.books()
    return [...this.written.keys()].filter((id) => !applied[id]).map((id) => `${id} does not leave a locked phone`)
  }

  /** The sky clears, nobody touches anything: at the end everything is in the office, once, and says so. */
  static async settle(...phones: readonly World[]): Promise<string[]> {
    const wrong: string[] = []
    for (const phone of phones) wrong.push(...(await phone.#comeToRest()))
    // What nobody can open nobody can look through: that would hide why.
    if (!phones.every((phone) => phone.#at(0).vault.isOpen())) return wrong
    for (const phone of phones) wrong.push(...(await phone.#everythingIsIn()))
    return [...wrong, ...(await World.#asWritten(phones))]
  }

  async #comeToRest(): Promise<string[]> {
    this.#weather = { kind: 'good' }
    await this.act({ kind: 'late arrives' })
    const window = this.#at(0)
    const stuck = window.vault.isOpen() ? [] : await this.#allLeavesSealed(window)
    // Whoever knows the PIN waits as long as they must, and opens the phone.
    window.vault.shut()
    for (let tries = 0; tries < 2; tries += 1) {
      if (await this.#ground.lock()) await hasWaited(this.#ground, LONG_ENOUGH_MS)
      if (await present.run(window.tab, () => this.#openUp(window))) break
    }
    if (!window.vault.isOpen()) return ['the right PIN opens nothing']
    await present.run(window.tab, () => this.#send(window, true))
    // A visit that was left open is closed at the end of the day; told that another window has written it, once more.
    for (let tries = 0; tries < 2; tries += 1) await present.run(window.tab, () => window.door.close(this.#now))
    for (let rests = 0, turns = 0; rests < 2; turns += 1) {
      if (turns > 400) return ['the outbox never comes to rest']
      const { turns: sender } = this.#at(0)
      if (turns === 0) sender.nudge()
      const pause = await present.run(this.#at(0).tab, () => sender.once())
      if (pause > LONGEST_WAIT_MS) return [`it would wait ${String(pause)} ms`]
      this.#now += pause
      rests = pause === 60_000 ? rests + 1 : 0
    }
    return stuck
  }

  async #everythingIsIn(): Promise<string[]> {
    const wrong = await this.check()
    const { applied, receipts, left_open } = await this.books()
    const counters = await this.#ground.get(COUNTERS)
    const used = counters ? (fromBytes<Counters>(counters.bytes).receipt?.used ?? 0) : 0
    for (let number = 1; number <= used; number += 1) {
      const name = `${this.#device}/${String(number)}`
      if (!receipts[name] && !left_open.includes(name)) wrong.push(`receipt ${name} was given and nobody has its payment`)
    }
    const states = new Map((await this.#ground.ofKind('envelope')).map((record) => [record.key, record.state]))
    for (const id of this.written.keys()) if (!applied[id]) wrong.push(`${id} never arrived`)
    for (const [id, state] of states) if (state !== 'accepted') wrong.push(`${id} ends as ${state}`)
    const left = [...(await this.#ground.ofKind('small')), ...(await this.#ground.ofKind('original'))]
    // Also one that nothing names any more: what has lost its report is never sent.
    for (const picture of left) wrong.push(`picture ${picture.key} stays on the phone`)
    return wrong
  }

  /** What the office holds is what was written on these phones, to the cent and the picture. */
  static async #asWritten(phones: readonly World[]): Promise<string[]> {
    const [first] = phones
    if (!first) return []
    const { applied, cents, pictures } = await first.books()
    const written = new Map(phones.flatMap((phone) => [...phone.unsaid, ...phone.written]))
    const wrong = Object.keys(applied).filter((id) => !written.has(id)).map((id) => `${id} is in the office and nobody wrote it`)
    const paid = [...written.values()].filter(({ id }) => applied[id])
    const sum = paid.reduce((total, item) => total + item.cents, 0)
    if (sum !== cents) wrong.push(`the office holds ${String(cents)} cents instead of ${String(sum)}`)
    const arrived = new Set(pictures)
    for (const sha256 of paid.flatMap((item) => item.pictures)) if (!arrived.has(sha256)) wrong.push(`picture ${sha256} never arrived`)
    return wrong
  }
}

function asWritten(envelope: StoredEnvelope): Written {
  const { payments = [] } = envelopeBody<{ payments?: readonly { amount_cents: number }[] }>(envelope)
  return { id: envelope.id, cents: payments.reduce((sum, payment) => sum + payment.amount_cents, 0), pictures: envelope.pictures }
}

const failed = (trouble: Trouble): Reply<never> => ({ kind: 'failed', trouble, code: null, details: {}, retryAfterMs: null })

function asked(call: Call, device: string, crash: 'before' | 'after' | null): object {
  if (call.path.endsWith('/envelopes')) return { ask: 'push', device, crash, ...(call.json as object) }
  if (call.path.endsWith('/rescue')) return { ask: 'rescue', crash, content: new TextDecoder().decode(call.content?.bytes) }
  if (call.path.endsWith('/rescue/states')) return { ask: 'rescued', ...(call.json as object) }
  if (call.path.endsWith('/missing')) return { ask: 'missing', device, ...(call.json as object) }
  if (call.method === 'PATCH' && call.path.includes('/rescue/items/')) return { ...aPart(call, device, crash), ask: 'sealed part' }
  if (call.method === 'PATCH') return aPart(call, device, crash)
  return { ask: 'put', crash, sha256: call.path.split('/').at(-1) }
}

function aPart(call: Call, device: string, crash: 'before' | 'after' | null): object {
  return {
    ask: 'part', device, crash, sha256: call.path.split('/').at(-1), content: hex(call.content?.bytes ?? new Uint8Array()),
    offset: Number(call.headers?.['upload-offset']), length: Number(call.headers?.['upload-length']),
  }
}
