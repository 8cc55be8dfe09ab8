/** Notes for those who plan a day: as they stand, and anew whenever one is written or ticked. */
import type { Refused } from '../../api/answer'
import type { PlanningNote } from '../../api/shapes'
import { service } from '../../api/service'
import { gathered } from '../../desk/gathered'
import { live } from '../../desk/live.svelte'

export interface NoteWish {
  readonly text: string
  readonly agent_id: string | null
  readonly practice_id: string | null
  readonly door: boolean
}

export class Notes {
  rows: readonly PlanningNote[] = $state.raw([])
  refusal: Refused | null = $state.raw(null)
  readonly open: readonly PlanningNote[] = $derived(this.rows.filter((one) => one.done_at === null))
  day = ''

  /** Follow `day`; the returned function ends it. */
  follow(day: string): () => void {
    this.day = day
    const load = async (): Promise<void> => {
      const answer = await service.planningNotes(day)
      if (answer.kind === 'ok' && day === this.day) this.rows = answer.value
    }
    void load()
    const { ask, end } = gathered(load, 300)
    const deaf = live.hear((event) => {
      if (event.kind.startsWith('note.')) ask()
    })
    return () => {
      deaf()
      end()
    }
  }

  /** What is open of a visit's practice and door. */
  of(practice: string): PlanningNote[] {
    return this.open.filter((one) => one.practice_id === practice)
  }

  /** Whether it was written. */
  async write(wish: NoteWish): Promise<boolean> {
    const answer = await service.writePlanningNote(this.day, { ...wish })
    this.refusal = answer.kind === 'refused' ? answer.refusal : null
    if (answer.kind === 'ok') this.rows = answer.value
    return answer.kind === 'ok'
  }

  async tick(one: PlanningNote): Promise<void> {
    const answer = await service.tickPlanningNote(one.id, one.done_at === null)
    this.refusal = answer.kind === 'refused' ? answer.refusal : null
    // The list comes anew with the fact; until then the tick stands.
    if (answer.kind === 'ok') this.rows = answer.value.some((row) => row.id === one.id) ? this.rows.map((row) => answer.value.find((fresh) => fresh.id === row.id) ?? row) : answer.value
  }
}
