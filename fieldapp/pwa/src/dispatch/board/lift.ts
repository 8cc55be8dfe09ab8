/** A visit under a pointer: a mouse lifts it by moving, a finger by resting on it; at an edge the lanes roll on. */

/** So long a finger rests on a visit before it comes along; a shorter touch chooses, a moving one scrolls. */
export const REST_MS = 400
const MOVED = 5
const SLIPPED = 10
const EDGE = 28
const MOST_PER_FRAME = 14

/** What a lift works on. */
export interface Ground {
  /** The window over the lanes that scrolls, `above` it what covers its upper edge. */
  readonly box: HTMLElement
  readonly above: number
  readonly tracks: HTMLElement
  readonly takeUp: (agent: string, stop: string) => void
  /** The pointer is here now: where in the lanes is that? */
  readonly carryTo: (x: number, y: number) => void
  readonly putDown: () => void
  readonly letGo: () => void
  /** Whether anything is in the hand, by whatever means. */
  readonly holds: () => boolean
}

interface Grabbed {
  readonly pointer: number
  readonly x: number
  readonly y: number
  readonly agent: string
  readonly stop: string
  readonly on: EventTarget | null
}

/** How far the lanes roll in a frame for a pointer at `y`: faster the nearer to the edge or beyond it. Pure. */
export function rollBy(y: number, top: number, bottom: number): number {
  const over = y > bottom - EDGE ? y - (bottom - EDGE) : y < top + EDGE ? y - (top + EDGE) : 0
  return Math.sign(over) * Math.min(MOST_PER_FRAME, Math.ceil(Math.abs(over) / 3))
}

export class Lift {
  /** A pointer carries, or carried last: the click that ends it chooses nothing. */
  dragged = false
  #ground: Ground | null = null
  #grabbed: Grabbed | null = null
  #at = { x: 0, y: 0 }
  #rests: ReturnType<typeof setTimeout> | undefined
  #frame = 0

  /** Where it works; returns how to end it. A finger that carries does not scroll, so its moves must be refusable. */
  over(ground: Ground): () => void {
    this.#ground = ground
    ground.tracks.addEventListener('touchmove', this.#still, { passive: false })
    return () => {
      ground.tracks.removeEventListener('touchmove', this.#still)
      this.#end()
      this.#ground = null
    }
  }

  /** A pointer came down on a visit; `stop` null: on one that stays where it is. */
  grab(event: PointerEvent, agent: string, stop: string | null): void {
    if (event.isPrimary) this.dragged = false
    if (stop === null || !this.#ground || this.#ground.holds() || event.button !== 0 || !event.isPrimary) return
    this.#grabbed = { pointer: event.pointerId, x: event.clientX, y: event.clientY, agent, stop, on: event.target }
    this.#at = { x: event.clientX, y: event.clientY }
    clearTimeout(this.#rests)
    if (event.pointerType === 'mouse') return
    // A frame later: a finger that has moved while the page was busy is heard first.
    this.#rests = setTimeout(() => (this.#frame = requestAnimationFrame(() => this.#lift())), REST_MS)
  }

  move(event: PointerEvent): void {
    const ground = this.#ground
    if (!ground || !event.isPrimary) return
    this.#at = { x: event.clientX, y: event.clientY }
    const grabbed = this.#grabbed
    if (grabbed && !this.dragged) {
      const way = Math.hypot(event.clientX - grabbed.x, event.clientY - grabbed.y)
      if (event.pointerType === 'mouse') {
        if (way > MOVED) this.#lift()
      } else if (way > SLIPPED) this.#end()
    }
    // A finger on its way to scroll or to choose carries nothing.
    if (ground.holds() && (this.dragged || event.pointerType === 'mouse')) ground.carryTo(event.clientX, event.clientY)
  }

  drop(event: PointerEvent): void {
    const ground = this.#ground
    if (!ground || !event.isPrimary) return
    const lifted = this.dragged && this.#grabbed !== null
    const touched = !this.#grabbed && ground.holds()
    this.#end()
    const edge = ground.box.getBoundingClientRect()
    if (lifted && (event.clientY < edge.top || event.clientY > edge.bottom)) ground.letGo()
    else if (lifted || touched) {
      // A finger did not hover: it says with its end where to.
      if (touched && event.pointerType !== 'mouse') ground.carryTo(event.clientX, event.clientY)
      ground.putDown()
    }
  }

  /** The browser took the pointer away, or somebody changed their mind. */
  readonly cancel = (): void => {
    if (this.dragged && this.#grabbed) this.#ground?.letGo()
    this.#end()
  }

  /** A long touch asks for a menu, not while it lifts. */
  readonly menu = (event: Event): void => {
    if (this.#grabbed) event.preventDefault()
  }

  #lift(): void {
    const { tracks, takeUp } = this.#ground ?? {}
    const grabbed = this.#grabbed
    if (!tracks || !takeUp || !grabbed) return
    this.dragged = true
    // Not before: the click of a captured pointer would miss its visit.
    tracks.setPointerCapture(grabbed.pointer)
    // Its block may leave the lane while it is carried, and takes the moves of the finger along.
    grabbed.on?.addEventListener('touchmove', this.#still, { passive: false })
    window.addEventListener('pointerdown', this.#second, { capture: true })
    takeUp(grabbed.agent, grabbed.stop)
    this.#roll()
  }

  readonly #still = (event: Event): void => {
    if (this.dragged && this.#grabbed && event.cancelable) event.preventDefault()
  }

  readonly #second = (event: PointerEvent): void => {
    if (event.pointerId !== this.#grabbed?.pointer) this.cancel()
  }

  readonly #roll = (): void => {
    const ground = this.#ground
    if (!ground || !this.dragged || !this.#grabbed) return
    if (!ground.holds()) return this.#end()
    const edge = ground.box.getBoundingClientRect()
    const by = rollBy(this.#at.y, edge.top + ground.above, edge.bottom)
    const before = ground.box.scrollTop
    if (by !== 0) ground.box.scrollTop += by
    if (ground.box.scrollTop !== before) ground.carryTo(this.#at.x, this.#at.y)
    this.#frame = requestAnimationFrame(this.#roll)
  }

  #end(): void {
    clearTimeout(this.#rests)
    cancelAnimationFrame(this.#frame)
    this.#grabbed?.on?.removeEventListener('touchmove', this.#still)
    window.removeEventListener('pointerdown', this.#second, { capture: true })
    this.#grabbed = null
  }
}
