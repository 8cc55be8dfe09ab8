/** The visits that dispatchers forbade, as they stand on a day: by practice, and anew whenever one is forbidden or allowed again. */
import type { Refused } from '../../api/answer'
import type { Forbidden } from '../../api/shapes'
import { service } from '../../api/service'
import { gathered } from '../../desk/gathered'
import { live } from '../../desk/live.svelte'
import { byPractice } from './forbidden'

export class Forbids {
  rows: readonly Forbidden[] = $state.raw([])
  refusal: Refused | null = $state.raw(null)
  readonly #byPractice: ReadonlyMap<string, readonly Forbidden[]> = $derived(byPractice(this.rows))
  #day = ''

  /** Follow `day`; the returned function ends it. */
  follow(day: string): () => void {
    this.#day = day
    const load = async (): Promise<void> => {
      const answer = await service.forbiddenVisits(day)
      if (answer.kind === 'ok' && day === this.#day) this.rows = answer.value
    }
    void load()
    const { ask, end } = gathered(load, 300)
    const deaf = live.hear((event) => {
      if (event.kind === 'visit.forbidden' || event.kind === 'visit.allowed_again') ask()
    })
    return () => {
      deaf()
      end()
    }
  }

  of(practice: string): readonly Forbidden[] {
    return this.#byPractice.get(practice) ?? []
  }

  async lift(one: Forbidden): Promise<void> {
    const answer = await service.allowVisitAgain(this.#day, one.id)
    this.refusal = answer.kind === 'refused' ? answer.refusal : null
    if (answer.kind === 'ok') this.rows = answer.value
  }
}
