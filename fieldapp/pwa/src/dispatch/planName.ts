import type { PlanRow } from '../api/shapes'
import { hour, hourToSecond, t } from '../text'

/** A plan of the day by its hour; two of one minute by their second. */
export function planName(plan: PlanRow, plans: readonly PlanRow[]): string {
  const named = (at: string): string => t(plan.edited_from ? 'board.draft_of' : 'day.plan_of', { at })
  const twin = plans.some((one) =>
    one.id !== plan.id && Boolean(one.edited_from) === Boolean(plan.edited_from) && hour(one.created_at) === hour(plan.created_at))
  return named(twin ? hourToSecond(plan.created_at) : hour(plan.created_at))
}
