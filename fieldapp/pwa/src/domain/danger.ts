/** The agent's call for help as it is told, and who hears it. Twin of `domain/danger.py`. Pure. */
import type { Position } from './visit.ts'

/** An alarm says when and during which visit, and nothing of a debt. */
export interface DangerBody {
  readonly danger_id: string
  readonly at: string
  readonly visit_id: string | null
  readonly stop_id: string | null
  readonly practice_id: string | null
}

/** Told once more when a position came within a few seconds. */
export interface DangerPositionBody extends DangerBody {
  readonly position: Position
}

/** The visit that an alarm is about; none where it was raised from the day's list with no door open. */
export interface VisitInDanger {
  readonly visit_id: string
  readonly stop: { readonly stop_id: string; readonly practice: { readonly id: string } }
  /** Set for a visit outside the plan, which belongs to no stop. */
  readonly unplanned?: object | null
}

export const dangerBody = (visit: VisitInDanger | null, { id, at }: { id: string; at: string }): DangerBody => ({
  danger_id: id, at, visit_id: visit?.visit_id ?? null, stop_id: visit && !visit.unplanned ? visit.stop.stop_id : null,
  practice_id: visit?.stop.practice.id ?? null,
})
