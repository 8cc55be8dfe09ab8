/** Agents who stand at a door and wait for a yes or a no: on every open desk of those who may say it. */
import type { TaskRow } from '../api/shapes'
import { service } from '../api/service'
import { live } from './live.svelte'
import { session } from './session.svelte'

const ASK = 'settlement_at_the_door'

class Asks {
  open: readonly TaskRow[] = $state.raw([])

  async look(): Promise<void> {
    const answer = await service.tasks({ state: 'open', kind: ASK })
    if (answer.kind === 'ok') this.open = answer.value
  }

  /** Look now and whenever a settlement moves; the returned function ends it. */
  follow(): () => void {
    if (!['back_office', 'administrator'].includes(session.role ?? '')) return () => undefined
    void this.look()
    return live.hear((event) => {
      if (event.kind.startsWith('settlement.') || event.kind === 'task.finished') void this.look()
    })
  }
}

export const asks = new Asks()
