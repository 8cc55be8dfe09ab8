/** The stream of facts: one connection for the whole desk; views say what they want to hear. */
import type { Looker, Looking, OfficeEvent, RunningDay } from '../api/shapes'
import { link } from '../api/service'
import { merged } from '../dispatch/board/running'
import { uuid7 } from '../outbox/bytes'

type Hear = (event: OfficeEvent) => void

class Live {
  connected = $state(false)
  /** How today runs, while it is published. */
  running: RunningDay | null = $state.raw(null)
  /** Who else has which day open, for whoever plans. */
  colleagues: readonly Looker[] = $state.raw([])
  /** This window, as colleagues hear of it. */
  readonly window = uuid7(Date.now())
  #source: EventSource | null = null
  #listeners = new Set<Hear>()
  #retry: ReturnType<typeof setTimeout> | undefined
  #last = 0

  open(): void {
    if (this.#source) return
    const source = new EventSource(`${link.events}?window=${this.window}${this.#last > 0 ? `&after=${this.#last}` : ''}`)
    this.#source = source
    source.onopen = () => (this.connected = true)
    source.addEventListener('fact', (message: MessageEvent<string>) => this.#tell(message.data))
    source.addEventListener('hello', (message: MessageEvent<string>) => {
      // From here on nothing is missed, also over a lost connection.
      this.#last = (JSON.parse(message.data) as { number: number }).number
    })
    source.addEventListener('running', (message: MessageEvent<string>) => {
      this.running = merged(this.running, JSON.parse(message.data) as RunningDay)
    })
    source.addEventListener('looking', (message: MessageEvent<string>) => {
      this.colleagues = (JSON.parse(message.data) as Looking).colleagues
    })
    source.onerror = () => {
      this.connected = false
      // Whoever is there now is told anew.
      this.colleagues = []
      // The browser tries again by itself unless the answer was no stream at all.
      if (source.readyState !== EventSource.CLOSED) return
      this.close()
      this.#retry = setTimeout(() => this.open(), 3000)
    }
  }

  close(): void {
    clearTimeout(this.#retry)
    this.#source?.close()
    this.#source = null
    this.connected = false
    this.running = null
    this.colleagues = []
  }

  /** Hear every fact from now on; the returned function ends it. */
  hear(listener: Hear): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(data: string): void {
    const event = JSON.parse(data) as OfficeEvent
    this.#last = Math.max(this.#last, event.number)
    for (const listener of this.#listeners) listener(event)
  }
}

export const live = new Live()
