/** The stream of facts: one connection for the whole desk; views say what they want to hear. */
import type { OfficeEvent, RunningDay } from '../api/shapes'
import { link } from '../api/service'
import { merged } from '../dispatch/board/running'

type Hear = (event: OfficeEvent) => void

class Live {
  connected = $state(false)
  /** How today runs, while it is published. */
  running: RunningDay | null = $state.raw(null)
  #source: EventSource | null = null
  #listeners = new Set<Hear>()
  #retry: ReturnType<typeof setTimeout> | undefined
  #last = 0

  open(): void {
    if (this.#source) return
    const source = new EventSource(this.#last > 0 ? `${link.events}?after=${this.#last}` : link.events)
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
    source.onerror = () => {
      this.connected = false
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
