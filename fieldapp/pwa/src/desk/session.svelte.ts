/** Who is signed in, and the service's clock; nothing of it is kept on this machine. */
import type { Answer } from '../api/answer'
import type { ClockReading, Role, SignedIn } from '../api/shapes'
import { service, whenSignedOut } from '../api/service'
import { localDay, showTimesIn } from '../text'

type State =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out'; readonly because: 'nobody' | 'expired' }
  | { readonly kind: 'in'; readonly who: SignedIn }

class Session {
  state: State = $state.raw({ kind: 'asking' })
  clock: ClockReading | null = $state.raw(null)
  #offsetMs = $state(0)
  #tick = $state(Date.now())

  constructor() {
    whenSignedOut(() => {
      if (this.state.kind === 'in') this.state = { kind: 'out', because: 'expired' }
    })
    setInterval(() => (this.#tick = Date.now()), 10_000)
  }

  /** The service's present, to ten seconds. */
  get now(): Date {
    return new Date(this.#tick + this.#offsetMs)
  }

  /** Today where the visits are. */
  get today(): string {
    return localDay(this.now)
  }

  get role(): Role | null {
    return this.state.kind === 'in' ? this.state.who.person.role : null
  }

  get personId(): string | null {
    return this.state.kind === 'in' ? this.state.who.person.id : null
  }

  async begin(): Promise<void> {
    const [clock, who] = await Promise.all([service.clock(), service.session()])
    if (clock.kind === 'ok') this.keep(clock.value)
    if (who.kind === 'ok') this.#enter(who.value)
    else this.state = { kind: 'out', because: 'nobody' }
  }

  async signIn(login: string, password: string): Promise<Answer<SignedIn>> {
    const answer = await service.signIn(login, password)
    if (answer.kind === 'ok') this.#enter(answer.value)
    return answer
  }

  async signOut(): Promise<void> {
    await service.signOut()
    this.state = { kind: 'out', because: 'nobody' }
  }

  keep(clock: ClockReading): void {
    this.clock = clock
    this.#tick = Date.now()
    this.#offsetMs = Date.parse(clock.now) - this.#tick
    showTimesIn(clock.time_zone)
  }

  #enter(who: SignedIn): void {
    this.keep(who.clock)
    this.state = { kind: 'in', who }
  }
}

export const session = new Session()
