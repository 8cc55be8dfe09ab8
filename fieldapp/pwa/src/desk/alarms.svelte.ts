/** Agents who call for help: known at once on every open desk, until a person has written what was done. */
import type { TaskRow } from '../api/shapes'
import { service } from '../api/service'
import { live } from './live.svelte'

export const ALARM = 'agent.in_danger'

class Alarms {
  open: readonly TaskRow[] = $state.raw([])

  async look(): Promise<void> {
    const answer = await service.tasks({ state: 'open', kind: ALARM })
    if (answer.kind === 'ok') this.open = answer.value
  }

  /** Look now and when one is raised or dealt with; the returned function ends it. */
  follow(): () => void {
    void this.look()
    return live.hear((event) => {
      if (event.kind === ALARM || event.kind === 'task.finished') void this.look()
    })
  }
}

export const alarms = new Alarms()
