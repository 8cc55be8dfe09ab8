/** A dispatcher's hands on a draft: what is carried, what it would do, what colleagues changed meanwhile. */
import type { Answer, Refused } from '../../api/answer'
import type { BoardChange, BoardLane, BoardView, Route } from '../../api/shapes'
import { service } from '../../api/service'
import { byAgent, type Carried, carry, lies, refreshed, routesOf, seenOf, takenUp, withLanes } from './carry'
import { estimated } from './estimate'
import { type Lane, lanesOf } from './lanes'

/** A team by its name in the reader's words, and who is in it. */
export interface ShownTeam {
  readonly name: string
  readonly agents: ReadonlySet<string>
}

export interface HandOver {
  readonly from_agent: string
  readonly to_agent: string
  readonly practice_ids: string[]
}

export class Hands {
  board: BoardView = $state.raw() as unknown as BoardView
  carried: Carried | null = $state.raw(null)
  /** What putting it down would do, as the service judged it. */
  trial: BoardChange | null = $state.raw(null)
  /** The lanes as they would probably be, until the service has judged the place. */
  estimate: readonly BoardLane[] | null = $state.raw(null)
  /** What the last change did. */
  done: BoardChange | null = $state.raw(null)
  refusal: Refused | null = $state.raw(null)
  readonly lanes: readonly BoardLane[] = $derived(withLanes(this.board.lanes, this.trial?.lanes ?? this.estimate))
  readonly routes: readonly Route[] = $derived(routesOf(this.lanes))
  /** The team whose lanes are shown; null: all. Nothing is carried, handed or filled into a lane that is not. */
  team: ShownTeam | null = $state.raw(null)
  /** The lanes that are shown, without what is only tried: places are counted in them. */
  readonly firm: readonly Lane[] = $derived(
    lanesOf(routesOf(this.board.lanes.filter((lane) => this.team?.agents.has(lane.agent_id) ?? true))),
  )
  readonly byAgent: ReadonlyMap<string, BoardLane> = $derived(byAgent(this.lanes))
  #seen: Record<string, number> = {}
  #origin: Carried | null = null
  #trying = false
  #later: ReturnType<typeof setTimeout> | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(board: BoardView) {
    this.board = board
  }

  /** The state as the service has it; a change of a colleague comes in this way too. */
  async load(): Promise<void> {
    const answer = await service.board(this.board.plan_id)
    if (answer.kind === 'ok') this.board = { ...answer.value, lanes: [...refreshed(this.board.lanes, answer.value.lanes)] }
    // The line is cut: what happened meanwhile is asked for until it answers.
    else if (answer.refusal.status === 0) {
      clearTimeout(this.#later)
      this.#later = setTimeout(() => void this.load(), 2000)
    }
  }

  takeUp(agent: string, stop_id: string): void {
    this.#hold(takenUp(this.firm, agent, stop_id))
  }

  /** Take up a visit that lies in no lane. */
  takeUpAside(practice_id: string, name: string): void {
    this.#hold({ practice_id, name, from: null, agent: null, place: 0 })
  }

  #hold(carried: Carried | null): void {
    this.carried = carried
    this.#origin = carried
    this.#seen = seenOf(this.board)
    this.refusal = null
    this.done = null
  }

  /** An arrow; whether it led anywhere. */
  carry(key: string): boolean {
    const to = this.carried && carry(this.firm, this.carried, key)
    if (to) this.carryTo(to)
    return to !== null
  }

  carryTo(to: Carried): void {
    if (this.carried && lies(this.carried, to)) return
    this.carried = to
    this.trial = null
    this.estimate = this.#atHome(to) ? null : estimated(this.board.lanes, to)
    void this.#try()
  }

  letGo(): void {
    this.carried = null
    this.#untried()
  }

  #untried(): void {
    this.trial = null
    this.estimate = null
  }

  /** Whether it lies where it was taken up. */
  #atHome(carried: Carried): boolean {
    return this.#origin !== null && lies(carried, this.#origin)
  }

  async putDown(): Promise<void> {
    const carried = this.carried
    if (!carried) return
    if (this.#atHome(carried) || carried.agent === null) return this.letGo()
    this.carried = null
    await this.#take(() => service.moveVisit(this.board.plan_id, this.#move(carried, false)))
  }

  takeOut(practice_id: string): Promise<void> {
    return this.#take(() =>
      service.moveVisit(this.board.plan_id, { practice_id, agent_id: null, place: null, seen: seenOf(this.board), trial: false }),
    )
  }

  pin(practice_id: string, pinned: boolean): Promise<void> {
    return this.#take(() => service.pinVisit(this.board.plan_id, { practice_id, pinned, seen: seenOf(this.board) }))
  }

  lock(agent_id: string, locked: boolean): Promise<void> {
    return this.#take(() => service.lockLane(this.board.plan_id, { agent_id, locked, seen: seenOf(this.board) }))
  }

  /** Forbid a visit; what stands against it, else null. */
  forbid(wish: { practice_id: string; agent_id: string | null; always: boolean; reason: string }): Promise<Refused | null> {
    return this.#asked(() => service.forbidVisit(this.board.plan_id, { ...wish, seen: seenOf(this.board) }))
  }

  /** What handing visits over would do. */
  tryHandOver(wish: HandOver): Promise<Answer<BoardChange>> {
    return service.handOverVisits(this.board.plan_id, { ...wish, seen: seenOf(this.board), trial: true })
  }

  handOver(wish: HandOver): Promise<Refused | null> {
    return this.#asked(() => service.handOverVisits(this.board.plan_id, { ...wish, seen: seenOf(this.board), trial: false }))
  }

  /** What fits into the lane of `agent`; null: into all that are shown. */
  previewFill(agent: string | null): Promise<Answer<BoardChange>> {
    return service.previewFill(this.board.plan_id, { agent_id: agent, among: agent === null && this.team ? [...this.team.agents] : null })
  }

  /** Take what a preview showed; `seen`: the revisions on which it was looked at. */
  takeFill(preview: BoardChange, seen: Record<string, number>): Promise<Refused | null> {
    const orders = Object.fromEntries(preview.lanes.map((lane) => [lane.agent_id, lane.route.stops.map((stop) => stop.practice_id)]))
    return this.#asked(() => service.takeFill(this.board.plan_id, { orders, seen }))
  }

  seen(): Record<string, number> {
    return seenOf(this.board)
  }

  /** A change that a sheet asks for: what stands against it is said there. */
  async #asked(ask: () => Promise<Answer<BoardChange>>): Promise<Refused | null> {
    await this.#take(ask)
    const refusal = this.refusal
    this.refusal = null
    return refusal
  }

  undo(): Promise<void> {
    return this.#take(() => service.undoChange(this.board.plan_id))
  }

  #move(carried: Carried, trial: boolean): Parameters<typeof service.moveVisit>[1] {
    return { practice_id: carried.practice_id, agent_id: carried.agent, place: carried.place, seen: this.#seen, trial }
  }

  /** Ask what it would do where it is now; one question at a time, the newest place last. */
  async #try(): Promise<void> {
    if (this.#trying) return
    this.#trying = true
    for (let asked: Carried | null = null; this.carried && this.carried !== asked; ) {
      asked = this.carried
      if (asked.agent === null || this.#atHome(asked)) continue
      const answer = await service.moveVisit(this.board.plan_id, this.#move(asked, true))
      if (this.carried !== asked) continue
      this.trial = answer.kind === 'ok' ? answer.value : null
      this.estimate = null
      this.refusal = answer.kind === 'refused' ? answer.refusal : null
    }
    this.#trying = false
  }

  /** One change after the other: each is decided on what the one before left. */
  #take(ask: () => Promise<Answer<BoardChange>>): Promise<void> {
    this.#last = this.#last.then(() => this.#change(ask))
    return this.#last
  }

  async #change(ask: () => Promise<Answer<BoardChange>>): Promise<void> {
    const answer = await ask()
    if (answer.kind === 'ok') {
      for (const lane of answer.value.lanes) this.#seen[lane.agent_id] = lane.revision
      this.board = { ...this.board, lanes: [...withLanes(this.board.lanes, answer.value.lanes)] }
      this.done = answer.value
      this.refusal = null
    } else {
      this.done = null
      this.refusal = answer.refusal
    }
    if (!this.carried || this.#atHome(this.carried)) this.#untried()
    // Sums, what lies aside, and what a colleague did meanwhile.
    await this.load()
  }
}
