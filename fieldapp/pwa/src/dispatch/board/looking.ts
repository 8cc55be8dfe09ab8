/** Where this window looks, said to colleagues while it does; nothing of it is kept anywhere. */
import type { Looker } from '../../api/shapes'
import { service } from '../../api/service'
import { live } from '../../desk/live.svelte'

/** The service forgets who says nothing for a while. */
const AGAIN_MS = 20_000
/** Lanes that are only passed on the way are not told. */
const STAYS_MS = 150

type Looked = Pick<Looker, 'day' | 'plan_id' | 'agent_id' | 'carries'>

class Looking {
  #at: Looked | null = null
  #again: ReturnType<typeof setInterval> | undefined
  #soon: ReturnType<typeof setTimeout> | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** This window has the day open from now on: a plan of it, or (null) what is published or prepared. */
  open(day: string, plan_id: string | null): void {
    this.#at = { agent_id: null, carries: false, ...this.#at, day, plan_id }
    clearInterval(this.#again)
    this.#again = setInterval(() => this.#say(), AGAIN_MS)
    this.#saySoon()
  }

  /** The lane that is chosen in it, or over which a visit is carried. */
  at(agent_id: string | null, carries: boolean): void {
    if (!this.#at || (this.#at.agent_id === agent_id && this.#at.carries === carries)) return
    this.#at = { ...this.#at, agent_id, carries }
    this.#saySoon()
  }

  close(): void {
    clearInterval(this.#again)
    this.#at = null
    this.#saySoon()
  }

  #saySoon(): void {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => this.#say(), STAYS_MS)
  }

  /** One after the other, so that the newest is heard last. */
  #say(): void {
    this.#last = this.#last.then(async () => {
      if (live.connected) await service.look({ window: live.window, ...(this.#at ?? NOWHERE) })
    })
  }
}

const NOWHERE = { day: null, plan_id: null, agent_id: null, carries: false }

export const looking = new Looking()

/** Who has this day open, each person once: where they carry something before where they only look. */
export function onDay(colleagues: readonly Looker[], day: string): Looker[] {
  const here = colleagues.filter((one) => one.day === day).toSorted((a, b) => weight(b) - weight(a))
  const first = here.filter((one, i) => here.findIndex((other) => other.person_id === one.person_id) === i)
  return first.toSorted((a, b) => a.name.localeCompare(b.name))
}

const weight = (one: Looker): number => (one.carries ? 2 : 0) + (one.agent_id === null ? 0 : 1)

/** Who is at which lane of this draft or published day. */
export function byLane(colleagues: readonly Looker[], day: string, plan_id: string | null): ReadonlyMap<string, readonly Looker[]> {
  const here = colleagues.filter((one) => one.day === day && one.plan_id === plan_id)
  return new Map(here.flatMap(({ agent_id }) => (agent_id === null ? [] : [[agent_id, here.filter((one) => one.agent_id === agent_id)]])))
}
