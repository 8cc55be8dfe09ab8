/**
 * The visit in hand: what is typed is saved at once, and everything that writes it stands in one queue, so that a
 * payment, a picture and a keystroke never overwrite each other.
 */
import { t } from '../../text'
import type { Draft } from '../draft'
import { loadDraft, saveDraft } from '../actions'
import { reread } from '../phone.svelte'
import { say } from '../toast.svelte'

export class OpenVisit {
  draft: Draft = $state.raw() as Draft
  /** An action is being written: its button waits. */
  writing = $state(false)
  #queue: Promise<unknown> = Promise.resolve()
  #unsaved = false

  constructor(draft: Draft) {
    this.draft = draft
  }

  /** What was typed or tapped: shown at once, saved at once. */
  change(next: Draft): void {
    if (next === this.draft) return
    this.draft = next
    if (this.#unsaved) return
    this.#unsaved = true
    void this.#enqueue(() => this.#save())
  }

  patch(part: Partial<Draft>): void {
    this.change({ ...this.draft, ...part })
  }

  /**
   * An act that writes the draft together with something else. `merge` puts what it brought into the draft as it
   * is then: typing goes on meanwhile.
   */
  async act<T>(work: (draft: Draft) => Promise<T>, merge?: (latest: Draft, done: T) => Draft): Promise<T> {
    this.writing = true
    try {
      return await this.#enqueue(async () => {
        await this.#save()
        const done = await work(this.draft)
        if (merge) this.change(merge(this.draft, done))
        return done
      })
    } finally {
      this.writing = false
    }
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #save(): Promise<void> {
    if (!this.#unsaved) return
    this.#unsaved = false
    if (await saveDraft(this.draft)) {
      void reread()
      return
    }
    const other = await loadDraft(this.draft.stop.stop_id)
    if (other) this.draft = other
    say(t('visit.other_window'))
  }
}
