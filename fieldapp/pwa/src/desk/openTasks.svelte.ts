/** Tasks of one kind that stand on every open desk until somebody has dealt with them. */
import type { TaskRow } from '../api/shapes'
import { service } from '../api/service'
import { live } from './live.svelte'
import { session } from './session.svelte'

class OpenTasks {
  open: readonly TaskRow[] = $state.raw([])
  readonly #kind: string
  readonly #moves: (kind: string) => boolean

  constructor(kind: string, moves: (kind: string) => boolean) {
    this.#kind = kind
    this.#moves = moves
  }

  async look(): Promise<void> {
    const answer = await service.tasks({ state: 'open', kind: this.#kind })
    if (answer.kind === 'ok') this.open = answer.value
  }

  /** Look now and whenever one may have come or gone; the returned function ends it. */
  follow(): () => void {
    void this.look()
    return live.hear((event) => {
      if (this.#moves(event.kind) || event.kind === 'task.finished') void this.look()
    })
  }
}

/** Agents who call for help, until a person has written what was done. */
export const alarms = new OpenTasks('agent.in_danger', (kind) => kind === 'agent.in_danger')

/** Agents who stand at a door and wait for a yes or a no. */
export const asks = new OpenTasks('settlement_at_the_door', (kind) => kind.startsWith('settlement.'))

/** Who may say that yes or no. */
export const mayDecide = (): boolean => ['back_office', 'administrator'].includes(session.role ?? '')
