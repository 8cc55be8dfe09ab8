/**
 * The open visit of the fault tests, written by what the app itself writes one with: money taken (`issue`) and the
 * report (`report`) over the drafts of a window. Each window holds the draft as it saw it last, right or stale.
 */
import { bodyOf, type Draft, type Typing } from '../agent/draft'
import { Drafts, OTHER_WINDOW } from '../agent/drafts'
import { issue } from '../agent/money/issue'
import { report } from '../agent/report'
import type { StopCard } from '../agent/shapes'
import { aStop } from '../agent/testing'
import { Refused } from '../domain/reading.ts'
import { ADDRESS, atTheDoor, paidBy, PRACTICE, someReceipt } from './faults.papers'
import type { Storage } from './storage'

const known = aStop('00000000-0000-0000-0000-000000000007')
const STOP: StopCard = { ...known, address: { ...known.address, id: ADDRESS }, practice: { ...known.practice, id: PRACTICE } }
/** Nothing in this form is an amount or an hour. */
const TYPING: Typing = { cents: () => null, instant: () => null }

export class Door {
  readonly #storage: Storage
  readonly #drafts: Drafts
  #hand: Draft | null = null

  constructor(storage: Storage) {
    this.#storage = storage
    this.#drafts = new Drafts(storage, () => [])
  }

  /** The visit as it lies there, read for the screen; one is begun where none does. */
  async look(at: string): Promise<void> {
    this.#hand = (await this.#lying()) ?? (await atTheDoor(STOP, at))
  }

  async #lying(): Promise<Draft | null> {
    return this.#drafts.load(STOP.stop_id)
  }

  /** Both have looked at the amount, and the button is held. */
  async hold(cents: number, { device, at }: { device: string; at: string }): Promise<void> {
    const pair = await this.#storage.keyPair()
    if (!pair) throw new Error('no key')
    if (!this.#hand) await this.look(at)
    await this.#unlessOvertaken(async (draft) => {
      this.#hand = await issue(this.#drafts, draft, {
        content: someReceipt(device, cents), payment: (receipt) => paidBy(cents, receipt), key: pair.privateKey,
      })
    })
  }

  /** Close the visit that lies there; nothing where none does. */
  async close(nowMs: number): Promise<void> {
    if (!this.#hand?.written) this.#hand = await this.#lying()
    const leftAt = new Date(nowMs).toISOString()
    await this.#unlessOvertaken(async (draft) => {
      const body = bodyOf({ ...draft, arrived_at: leftAt }, { leftAt, appVersion: 'test', offline: true, typing: TYPING })
      await report(this.#drafts, draft, { body, nowMs, offsetMs: 0, restMs: 0, hashes: [], pictures: () => Promise.resolve([]) })
      this.#hand = null
    })
  }

  /** What another window has written is read anew, as the page does it. */
  async #unlessOvertaken(work: (draft: Draft) => Promise<void>): Promise<void> {
    if (!this.#hand) return
    try {
      await work(this.#hand)
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused
      // No receipt is given beyond what a report holds: the visit has to be closed first.
      if (refused.code === 'payment.too_many') return
      if (refused.code !== OTHER_WINDOW) throw refused
      this.#hand = await this.#lying()
    }
  }
}
