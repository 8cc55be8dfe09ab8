/** A button that acts only when it was held: by finger, mouse or key, and never by a touch that slips or doubles. */
export class Hold {
  holding = $state(false)
  readonly ms: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #held: () => void

  constructor(held: () => void, ms = 1_000) {
    this.#held = held
    this.ms = ms
  }

  press(): void {
    if (this.holding) return
    this.holding = true
    this.#timer = setTimeout(() => {
      this.holding = false
      this.#held()
    }, this.ms)
  }

  release = (): void => {
    clearTimeout(this.#timer)
    this.holding = false
  }

  key(event: KeyboardEvent, down: boolean): void {
    if (event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    if (event.repeat) return
    if (down) this.press()
    else this.release()
  }
}
