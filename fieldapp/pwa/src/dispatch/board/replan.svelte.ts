/** Replan from here: what a dispatcher tells of the day, and the preview of its rest. Nothing is kept until it is taken. */
import type { Answer, Refused } from '../../api/answer'
import type { BoardView, Happened, ReplanView, Route } from '../../api/shapes'
import { service } from '../../api/service'
import { aboutSame, type What } from './told'

export class Replan {
  /** What this dispatcher tells; what was told before is in the preview. */
  told: readonly Happened[] = $state.raw([])
  view: ReplanView | null = $state.raw(null)
  refusal: Refused | null = $state.raw(null)
  busy = $state(false)
  /** The day went on since the preview was made. */
  old = $state(false)
  readonly routes: readonly Route[] | null = $derived(this.view?.lanes.map((lane) => lane.route) ?? null)
  /** What the form speaks of at first. */
  readonly what: What
  readonly #day: string

  constructor(day: string, what: What = 'agent_away') {
    this.#day = day
    this.what = what
  }

  tell(one: Happened): Promise<void> {
    return this.#ask([...this.told.filter((other) => !aboutSame(other, one)), one])
  }

  takeBack(one: Happened): Promise<void> {
    return this.#ask(this.told.filter((other) => other !== one))
  }

  again(): Promise<void> {
    return this.#ask(this.told)
  }

  /** The touched lanes into the shared draft; whoever changed one of them since wins. */
  async take(): Promise<Answer<BoardView> | null> {
    const view = this.view
    if (!view) return null
    this.busy = true
    const touched = view.lanes.filter((lane) => lane.touched)
    const answer = await service.takeReplan(this.#day, {
      happened: [...this.told],
      orders: Object.fromEntries(touched.map((lane) => [lane.route.agent_id, lane.route.stops.map((stop) => stop.practice_id)])),
      seen: Object.fromEntries(touched.map((lane) => [lane.route.agent_id, lane.revision])),
      version: view.version,
    })
    this.busy = false
    this.refusal = answer.kind === 'refused' ? answer.refusal : null
    return answer
  }

  async #ask(told: readonly Happened[]): Promise<void> {
    this.busy = true
    const answer = await service.previewReplan(this.#day, [...told])
    this.busy = false
    if (answer.kind === 'ok') {
      this.told = told
      this.view = answer.value
      this.old = false
      this.refusal = null
    } else this.refusal = answer.refusal
  }
}
