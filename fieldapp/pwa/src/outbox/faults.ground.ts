/// <reference types="node" />
/**
 * What the fault tests stand on: an office's process, windows that die in the middle of anything, and the locks and the
 * storage that they share.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Storage } from './storage'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PYTHON = [`${ROOT}.venv/bin/python`].find((path) => existsSync(path)) ?? 'python3'

/** `dies`: the window is gone at that storage call or request of the action, before or after it took effect. */
export interface Death {
  readonly at: number
  readonly after: boolean
}

// --- the office ---

export interface Books {
  readonly applied: Readonly<Record<string, number>>
  readonly receipts: Readonly<Record<string, number>>
  /** Receipts in visits that were still open when their phone was wiped: the office has them to look at. */
  readonly left_open: readonly string[]
  readonly cents: number
  readonly pictures: readonly string[]
  /** How many originals came in parts. */
  readonly in_parts: number
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

export class Gone extends Error {}

export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (why: Error) => void
}

export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => undefined
  let reject: Deferred<T>['reject'] = () => undefined
  const promise = new Promise<T>((good, bad) => {
    resolve = good
    reject = bad
  })
  return { promise, resolve, reject }
}

/** One open window of the app, on one phone. When it dies nothing of it goes on, and its locks are free. */
export class Tab {
  readonly phone: number
  readonly death = deferred<never>()
  dead = false
  #calls = 0
  #dies: Death | null = null

  constructor(phone: number) {
    this.phone = phone
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

export const present = new AsyncLocalStorage<Tab>()

/** Web Locks between the windows of each phone, free again when their holder dies. */
export class Locks {
  readonly #tails = new Map<string, Promise<unknown>>()

  async request<T>(wanted: string, work: () => Promise<T>): Promise<T> {
    const tab = present.getStore()
    const name = `${String(tab?.phone)} ${wanted}`
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
export function mortal(storage: Storage, tab: Tab): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const known = Reflect.get(target, name) as (...given: unknown[]) => unknown
      if (name === 'close') return known
      return (...given: unknown[]) => tab.step(() => known.apply(target, given) as Promise<unknown>)
    },
  })
}
