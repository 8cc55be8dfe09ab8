/// <reference types="node" />
/**
 * A phone with its windows, an office and the weather between them, for the fault tests: everything that can break is
 * an action, and time passes only when one says so. The phone's code is the real one over a real IndexedDB; the office
 * judges with the real `domain.sync` (`tests/faults/office.py`).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { dangerBody } from '../domain/danger.ts'
import { buildReceipt, sealReceipt } from '../domain/receipt.ts'
import { base64url, hex, sha256Hex } from './bytes'
import { deviceKeyPair } from './deviceKey'
import { forgetSettled, takeTurns, type Turns } from './driver'
import { commit, countersRecord, firstCounters, nextNumber, readEnvelope, seal, takeBack } from './envelopes'
import { LONGEST_WAIT_MS } from './machine'
import { openStorage, type Storage, type StoredRecord } from './storage'
import type { Call, Reply, Trouble, Wire } from './wire'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PYTHON = [`${ROOT}.venv/bin/python`].find((path) => existsSync(path)) ?? 'python3'
const [PRACTICE, ADDRESS, LINE] = [1, 2, 3].map((n) => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`) as [string, string, string]
const MORNING = Date.parse('2026-11-26T08:20:00.000Z')
const DAY_MS = 86_400_000
const UNDO_MS = 10_000
const SIGNED_TEXT = 'Verso in acconto la somma indicata.'

export type Weather =
  | { readonly kind: 'good' | 'lost' | 'cut' | 'doubled' | 'late' }
  | { readonly kind: 'office dies'; readonly when: 'before' | 'after' }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }

/** `dies`: the window is gone at that storage call or request of the action, before or after it took effect. */
export interface Death {
  readonly at: number
  readonly after: boolean
}

/** An alarm overtakes what was written before it. */
export type What = 'call' | 'visit' | 'payment' | 'alarm'

export type Action =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'set clock'; readonly days: number }
  | { readonly kind: 'write'; readonly tab: number; readonly what: What; readonly dies: Death | null }
  | { readonly kind: 'take back'; readonly tab: number; readonly dies: Death | null }
  | { readonly kind: 'turn'; readonly tab: number; readonly weather: Weather; readonly nudge: boolean; readonly dies: Death | null }
  /** Both windows at once: one writes while the other sends. */
  | { readonly kind: 'both'; readonly what: What; readonly weather: Weather; readonly dies: Death | null }
  | { readonly kind: 'close'; readonly tab: number }
  | { readonly kind: 'late arrives' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'reinstall' }

// --- the office ---

interface Books {
  readonly applied: Readonly<Record<string, number>>
  readonly receipts: Readonly<Record<string, number>>
  readonly cents: number
  readonly wanted: readonly string[]
  readonly pictures: readonly string[]
}

/** The office's process; it answers in order. */
export class Office {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: ((line: string) => void)[] = []
  #complaint = ''

  constructor() {
    this.#process = spawn(PYTHON, ['-m', 'tests.faults.office'], { cwd: ROOT })
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.(line))
    this.#process.stderr.on('data', (said) => (this.#complaint += String(said)))
    this.#process.on('exit', () => {
      for (const wake of this.#waiting.splice(0)) wake('null')
    })
  }

  async ask<T>(question: object): Promise<T> {
    const line = await new Promise<string>((resolve) => {
      this.#waiting.push(resolve)
      this.#process.stdin.write(`${JSON.stringify(question)}\n`)
    })
    if (line === 'null') throw new Error(`the office is gone: ${this.#complaint}`)
    return JSON.parse(line) as T
  }

  close(): void {
    this.#process.kill()
  }
}

// --- windows and locks ---

const KINDS = { call: 'contact', visit: 'visit', payment: 'visit', alarm: 'danger' } as const

class Gone extends Error {}

interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (why: Error) => void
}

function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => undefined
  let reject: Deferred<T>['reject'] = () => undefined
  const promise = new Promise<T>((good, bad) => {
    resolve = good
    reject = bad
  })
  return { promise, resolve, reject }
}

/** One open window of the app. When it dies nothing of it goes on, and its locks are free. */
class Tab {
  readonly death = deferred<never>()
  dead = false
  #calls = 0
  #dies: Death | null = null

  constructor() {
    this.death.promise.catch(() => undefined)
  }

  die(): void {
    this.dead = true
    this.death.reject(new Gone())
  }

  dyingAt(dies: Death | null): void {
    this.#calls = 0
    this.#dies = dies
  }

  /** One step that the window may not survive; a dead window never hears of anything again. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    const { at, after } = this.#dies ?? { at: -1, after: false }
    const now = this.#calls++ === at
    if (now && !after) this.die()
    if (this.dead) return this.never()
    try {
      const result = await work()
      if (now) this.die()
      return this.dead ? await this.never() : result
    } catch (broken) {
      if (this.dead) return this.never()
      throw broken
    }
  }

  never<T>(): Promise<T> {
    return new Promise(() => undefined)
  }
}

const present = new AsyncLocalStorage<Tab>()

/** Web Locks between windows of one process, free again when their holder dies. */
class Locks {
  readonly #tails = new Map<string, Promise<unknown>>()

  async request<T>(name: string, work: () => Promise<T>): Promise<T> {
    const tab = present.getStore()
    const before = this.#tails.get(name)
    const mine = deferred<undefined>()
    tab?.death.promise.catch(() => {
      mine.resolve(undefined)
    })
    this.#tails.set(name, Promise.all([before, mine.promise]))
    await before
    if (tab?.dead) return tab.never()
    try {
      return await work()
    } finally {
      mine.resolve(undefined)
    }
  }
}

/** A storage whose every call is a step of its window. */
function mortal(storage: Storage, tab: Tab): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const known = Reflect.get(target, name) as (...given: unknown[]) => unknown
      if (name === 'close') return known
      return (...given: unknown[]) => tab.step(() => known.apply(target, given) as Promise<unknown>)
    },
  })
}

// --- the world ---

interface Written {
  readonly id: string
  readonly cents: number
  readonly pictures: readonly string[]
}

interface Window {
  readonly tab: Tab
  readonly storage: Storage
  readonly turns: Turns
}

let worlds = 0

export class World {
  steps = 0
  readonly written = new Map<string, Written>()
  /** Written by a window that died before it could say so: it may stand or not. */
  readonly unsaid = new Map<string, Written>()
  readonly takenBack = new Set<string>()
  readonly #office: Office
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

  constructor(office: Office) {
    this.#office = office
    this.#name = `world-${String((worlds += 1))}`
    this.#ground = openStorage(this.#name)
    Object.defineProperty(navigator, 'locks', { value: new Locks(), configurable: true })
  }

  async begin(): Promise<void> {
    await this.#enrol(false)
    this.#windows = [this.#window(), this.#window()]
  }

  close(): void {
    for (const { tab } of this.#windows) tab.die()
    for (const storage of [...this.#opened, this.#ground]) storage.close()
    indexedDB.deleteDatabase(this.#name)
  }

  async #enrol(again: boolean): Promise<void> {
    this.#devices += 1
    this.#device = `0198a3c2-7f00-7abc-8def-${String(this.#devices).padStart(12, '0')}`
    const pair = await deviceKeyPair(this.#ground)
    const point = hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
    const blocks = [{ kind: 'receipt' as const, series: 'A1', first: 1, last: 100_000, next: 1 }]
    await this.#office.ask({ ask: 'open', again, device: this.#device, point, blocks: blocks.map(({ first, last }) => [first, last]) })
    await this.#ground.write({
      put: [countersRecord(firstCounters({ device_id: this.#device, next_seq: 1, chain_head: '', blocks }))],
    })
  }

  #window(): Window {
    const tab = new Tab()
    const opened = openStorage(this.#name)
    this.#opened.push(opened)
    const storage = mortal(opened, tab)
    const parts = { storage, wire: this.#wire(tab), now: () => this.#now, luck: () => (this.#luck = (this.#luck * 7 + 0.3) % 1) }
    const turns = takeTurns({ ...parts, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined })
    return { tab, storage, turns }
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
      if (!(broken instanceof Gone)) throw broken
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
        return this.#in(action.tab, action.dies, async ({ turns }) => {
          if (action.nudge) turns.nudge()
          await turns.once()
        })
      case 'both':
        this.#weather = action.weather
        await Promise.all([
          this.#in(0, null, (window) => this.#write(window, action.what)),
          this.#in(1, action.dies, async ({ turns }) => void (await turns.once())),
        ])
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
        return this.#in(0, null, ({ storage }) => forgetSettled(storage, this.#now - DAY_MS))
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
      if (applied[id]) continue
      this.written.delete(id)
      this.unsaid.delete(id)
    }
    this.#last = null
    await this.#enrol(true)
    this.#windows = [this.#window(), this.#window()]
  }

  async #write({ storage }: Window, what: What): Promise<void> {
    const at = new Date(this.#now).toISOString()
    const pictures = what === 'call' || what === 'alarm' ? [] : await somePictures(what === 'payment')
    const written = await commit(storage, async (counters) => {
      let moved = counters
      let body: object = { contact_id: crypto.randomUUID(), practice_id: PRACTICE, channel: 'call', phone_id: null, at }
      let cents = 0
      if (what === 'visit') body = aReport(at, pictures)
      if (what === 'alarm') body = dangerBody(null, { id: crypto.randomUUID(), at })
      if (what === 'payment') {
        const pair = await storage.keyPair()
        const number = counters.receipt && nextNumber(counters.receipt)
        if (!pair || !counters.receipt || !number) throw new Error('no key or no number')
        const paid = await aPayment(pair, this.#device, number, counters.chain_head)
        cents = paid.payment.amount_cents
        moved = { ...counters, chain_head: paid.payment.receipt.digest, receipt: { ...counters.receipt, used: number } }
        body = aReport(at, pictures, paid)
      }
      const sealed = await seal(moved, {
        kind: KINDS[what], body, nowMs: this.#now, offsetMs: 0,
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

  async #takeBack({ storage }: Window): Promise<void> {
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
      const question = asked(call, weather.kind === 'office dies' ? weather.when : null)
      if (weather.kind === 'late') {
        this.#late.push(question)
        return tab.step(() => Promise.resolve(failed('unreachable')))
      }
      if (weather.kind === 'doubled') await this.#office.ask(question)
      const said = await tab.step(() => this.#office.ask<Record<string, unknown>>(question))
      if (said['crashed'] || weather.kind === 'lost') return failed(said['crashed'] ? 'office_down' : 'unreachable')
      if (said['refused']) return failed('not_understood')
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
    return wrong
  }

  /** The sky clears, nobody touches anything: at the end everything is in the office, once, and says so. */
  async settle(): Promise<string[]> {
    this.#weather = { kind: 'good' }
    await this.act({ kind: 'late arrives' })
    for (let rests = 0, turns = 0; rests < 2; turns += 1) {
      if (turns > 400) return ['the outbox never comes to rest']
      const { turns: sender } = this.#at(0)
      if (turns === 0) sender.nudge()
      const pause = await present.run(this.#at(0).tab, () => sender.once())
      if (pause > LONGEST_WAIT_MS) return [`it would wait ${String(pause)} ms`]
      this.#now += pause
      rests = pause === 60_000 ? rests + 1 : 0
    }
    const wrong = await this.check()
    const { applied, cents, wanted, pictures } = await this.books()
    const states = new Map((await this.#ground.ofKind('envelope')).map((record) => [record.key, record.state]))
    for (const id of this.written.keys()) if (!applied[id]) wrong.push(`${id} never arrived`)
    for (const [id, state] of states) if (state !== 'accepted') wrong.push(`${id} ends as ${state}`)
    for (const id of Object.keys(applied)) {
      if (!this.written.has(id) && !this.unsaid.has(id)) wrong.push(`${id} is in the office and nobody wrote it`)
    }
    const paid = [...this.written.values(), ...this.unsaid.values()].filter(({ id }) => applied[id])
    const sum = paid.reduce((total, item) => total + item.cents, 0)
    if (sum !== cents) wrong.push(`the office holds ${String(cents)} cents instead of ${String(sum)}`)
    const left = [...(await this.#ground.ofKind('small')), ...(await this.#ground.ofKind('original'))]
    const named = new Set((await this.#ground.ofKind('envelope')).flatMap((record) => readEnvelope(record).pictures))
    for (const picture of left) if (named.has(picture.key)) wrong.push(`picture ${picture.key} stays on the phone`)
    for (const sha256 of wanted) if (!pictures.includes(sha256) && named.has(sha256)) wrong.push(`picture ${sha256} never arrived`)
    return wrong
  }
}

const failed = (trouble: Trouble): Reply<never> => ({ kind: 'failed', trouble, code: null, details: {}, retryAfterMs: null })

function asked(call: Call, crash: 'before' | 'after' | null): object {
  if (call.path.endsWith('/envelopes')) return { ask: 'push', crash, ...(call.json as object) }
  if (call.path.endsWith('/missing')) return { ask: 'missing', ...(call.json as object) }
  return { ask: 'put', crash, sha256: call.path.split('/').at(-1) }
}

// --- what is written ---

async function somePictures(signed: boolean): Promise<StoredRecord[]> {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  const small = crypto.getRandomValues(new Uint8Array(8))
  const original: StoredRecord = { key: await sha256Hex(bytes), kind: 'original', state: 'waiting', seq: 0, bytes }
  // A signature is small already.
  return signed ? [original] : [original, { key: await sha256Hex(small), kind: 'small', state: 'waiting', seq: 0, bytes: small }]
}

type Paid = Awaited<ReturnType<typeof aPayment>>

function aReport(at: string, pictures: readonly StoredRecord[], paid?: Paid): object {
  const [original, small] = pictures
  const attachments = [
    {
      sha256: original?.key, purpose: paid ? 'signature' : 'entrance', media_type: paid ? 'image/png' : 'image/jpeg',
      size: original?.bytes.length, small_sha256: small?.key ?? null,
    },
  ]
  return {
    practice_id: PRACTICE, visit_id: crypto.randomUUID(), stop_id: null, planned_day: '2026-11-26', address_id: ADDRESS,
    arrived_at: at, left_at: at, position: null, position_refused_reason: 'refused', attempt_no: 1,
    met: paid ? { who: 'debtor', identified_by: 'document', role: null } : { who: 'nobody', identified_by: null, role: null },
    identified_self: Boolean(paid), observations: ['name_on_intercom'], outcome: paid ? 'PAID_PARTIAL' : 'ABSENT_NO_NOTICE',
    captured: { reason: paid ? 'short_of_money' : 'no_letterbox' }, statement: null, next_action: null, attachments,
    signature: paid ? { refused: false, text: SIGNED_TEXT, text_digest: paid.textDigest, image_sha256: original?.key, signer: 'debtor' } : null,
    payments: paid ? [paid.payment] : [], app_version: 'test', offline: true,
  }
}

async function aPayment(pair: CryptoKeyPair, device: string, number: number, chainHead: string) {
  const cents = 5_000 + number
  const parts = { principal_cents: cents, interest_cents: 0, costs_cents: 0 }
  const stampDuty = { due_cents: 0, charged_to: 'none', reason: 'up_to_threshold', authorisation: '' } as const
  const built = buildReceipt(
    {
      issued_at: '2026-11-26T08:30:00.000Z', utc_offset_min: 60, place: 'Lodi',
      agency: { name: 'Agenzia Prova', vat: '01234567897', licence: '115/1', address: 'Via Roma 1, Lodi', phone: '0371 000000' },
      creditor: { name: 'Finanziaria Prova S.p.A.', iban: 'IT60X0542811101000000123456' }, debtor: 'Mario Bianchi',
      practice: 'P-001', lines: [{ title: 'Finanziamento', ...parts }], amount_cents: cents,
      method: { code: 'cash', answers: {} }, wording: { kind: 'part_payment', number: 0, of: 0 }, residual_cents: 10_000,
      stamp_duty: stampDuty, agent: { name: 'Anna Verdi', number: '1' }, device,
    },
    { series: 'A1', number, chain_head: chainHead },
  )
  if (built.kind === 'refused') throw built.refusal
  const sealed = await sealReceipt(built.value, pair.privateKey)
  const payment = {
    method: 'cash', amount_cents: cents, fields: {}, allocation: [{ debt_line_id: LINE, ...parts }],
    stamp_duty: { cents: 0, charged_to: 'none', reason: 'up_to_threshold' },
    receipt: { value: JSON.parse(sealed.text) as object, digest: sealed.digest, signature: base64url(sealed.signature) },
  }
  return { payment, textDigest: await sha256Hex(SIGNED_TEXT) }
}
