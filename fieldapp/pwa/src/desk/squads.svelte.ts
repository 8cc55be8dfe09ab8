/** Teams of a day as they stand, and anew whenever one changes. */
import type { Squads } from '../api/shapes'
import { service } from '../api/service'
import { gathered } from './gathered'
import { live } from './live.svelte'

export class DaySquads {
  view: Squads | null = $state.raw(null)
  #day = ''

  /** Follow `day`; the returned function ends it. */
  follow(day: string): () => void {
    this.#day = day
    const load = async (): Promise<void> => {
      const answer = await service.squads(day)
      if (answer.kind === 'ok' && day === this.#day) this.view = answer.value
    }
    void load()
    const { ask, end } = gathered(load, 300)
    const deaf = live.hear((event) => {
      if (event.kind.startsWith('squad.')) ask()
    })
    return () => {
      deaf()
      end()
    }
  }
}
