/**
 * The visit in hand: what is typed is saved at once, and everything that writes it stands in one queue, so that a
 * payment, a picture and a keystroke never overwrite each other.
 */
import { Refused } from '../../domain/reading.ts'
import { t } from '../../text'
import type { Position } from '../../domain/visit.ts'
import { mayLocate, type Draft } from '../draft'
import { loadDraft, saveDraft } from '../actions'
import { OTHER_WINDOW } from '../drafts'
import { Locked } from '../../outbox/vault'
import { phone } from '../phone.svelte'
import { tookDraft } from '../reread'
import { go } from '../place.svelte'
import { askPosition } from '../position'
import { say } from '../toast.svelte'

/** Under this name the page of a visit tells what stands on it which visit is in hand. */
export const IN_HAND = Symbol('visit in hand')
export type InHand = () => OpenVisit

export class OpenVisit {
  /** The one that the screen shows: a visit that was left still writes what comes late, and says nothing. */
  static #shown: OpenVisit | null = null
  draft: Draft = $state.raw() as Draft
  /** An action is being written: its button waits. */
  writing = $state(false)
  /** It is closed: what comes late (a position) is not written into it any more. */
  ended = false
  /** The position is being read: shown as long as it lasts. */
  locating = $state(false)
  #queue: Promise<unknown> = Promise.resolve()
  #unsaved = false
  /** A save stands in the queue already: it will write what is there when its turn comes. */
  #queued = false

  constructor(draft: Draft) {
    this.draft = draft
    OpenVisit.#shown = this
  }

  /** What was typed or tapped: shown at once, saved at once. */
  change(next: Draft): void {
    if (next === this.draft || this.ended) return
    this.#hold(next)
    this.#unsaved = true
    if (this.#queued) return
    this.#queued = true
    this.#enqueue(() => {
      this.#queued = false
      return this.#save()
    }).catch(() => undefined)
  }

  patch(part: Partial<Draft>): void {
    this.change({ ...this.draft, ...part })
  }

  /**
   * An act that writes the draft together with something else. `merge` puts what it brought into the draft as it
   * is then: typing goes on meanwhile. Refused where another window has written this visit: it would be overwritten, and
   * money in it forgotten. `anyway` is for what reads the visit anew by itself.
   */
  async act<T>(work: (draft: Draft) => Promise<T>, merge?: (latest: Draft, done: T) => Draft, { anyway = false } = {}): Promise<T> {
    this.writing = true
    try {
      return await this.#enqueue(async () => {
        const inStep = (await this.#save()) && !this.ended
        if (!inStep && !anyway) throw new Refused(OTHER_WINDOW)
        const done = await work(this.draft).catch(async (problem: unknown) => {
          if (problem instanceof Refused && problem.code === OTHER_WINDOW) await this.#takeOver()
          throw problem
        })
        this.#hold(this.draft, writtenIn(done))
        if (merge) this.change(merge(this.draft, done))
        return done
      })
    } finally {
      this.writing = false
    }
  }

  /** One reading now, where the agent gave one at arrival; `keep` puts it into the visit if it still is in hand. */
  async locate(keep: (latest: Draft, position: Position) => Draft): Promise<void> {
    if (!mayLocate(this.draft) || this.locating) return
    this.locating = true
    const { position } = await askPosition(phone.clock.offset_ms)
    this.locating = false
    if (position) this.change(keep(this.draft, position))
  }

  /** How often it was written belongs to what is in hand, and to no form that was filled in meanwhile. */
  #hold(next: Draft, written = this.draft.written): void {
    this.draft = written === undefined ? next : { ...next, written }
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch((problem: unknown) => {
      // A refusal is said where it was asked; a locked phone shows nothing; anything else was not written (storage full).
      if (!(problem instanceof Refused || problem instanceof Locked)) say(t('saving.failed'), null, 15_000)
    })
    return done
  }

  /** What the other window wrote is shown, under the form being filled in here; where it closed the visit nothing is left to write. */
  async #takeOver(): Promise<false> {
    const other = await loadDraft(this.draft.stop.stop_id)
    if (other) this.draft = { ...other, unfinished: this.draft.unfinished ?? {} }
    else this.ended = true
    if (OpenVisit.#shown !== this) return false
    if (!other) go({ kind: 'today' })
    say(t(OTHER_WINDOW))
    return false
  }

  /** False where another window was faster. */
  async #save(): Promise<boolean> {
    if (!this.#unsaved) return true
    this.#unsaved = false
    try {
      const saved = await saveDraft(this.draft)
      this.#hold(this.draft, saved.written)
      tookDraft(saved)
      return true
    } catch (problem) {
      if (problem instanceof Refused) return this.#takeOver()
      this.#unsaved = true
      throw problem
    }
  }
}

/** The draft that an act brought back says how often it was written now. */
function writtenIn(done: unknown): number | undefined {
  return typeof done === 'object' && done !== null && 'written' in done && typeof done.written === 'number' ? done.written : undefined
}
