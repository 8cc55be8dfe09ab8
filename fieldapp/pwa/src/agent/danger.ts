/** What an alarm means on the phone: whom it calls, which visit it ends and how, what the screen after it says. Pure. */
import type { Draft } from './draft'
import { isMetAnswered, withMet, withOutcome } from './draft'
import type { ItemState, OutboxItem } from './day'

/** The office's own number, else the case owner's; null where the phone knows neither. */
export function officeNumber(
  agency: { readonly phone: string } | null | undefined,
  stop: { readonly practice: { readonly case_owner_phone: string | null } } | null,
): string | null {
  const known = [agency?.phone, stop?.practice.case_owner_phone].map((number) => (number ?? '').trim())
  return known.find((number) => /\d/.test(number)) ?? null
}

export const telLink = (number: string): string => `tel:${number.replace(/[^\d+]/g, '')}`

/** Of the visits left open, the one whose door the agent reached last; nobody stands where a sheet is only copied. */
export function doorInDanger(drafts: readonly Draft[]): Draft | null {
  return drafts.reduce<Draft | null>((last, draft) => {
    if (draft.arrived_at === null || draft.paper) return last
    return last?.arrived_at == null || draft.arrived_at > last.arrived_at ? draft : last
  }, null)
}

/** The report of a visit ended for safety, in whatever state it was: what was given stays, nothing more is asked. */
export function cutShort(draft: Draft, at: string): Draft {
  const arrived: Draft = { ...draft, arrived_at: draft.arrived_at ?? at, no_position: draft.position ? null : (draft.no_position ?? 'off') }
  // Turning to "nobody" is refused where money or a signature exist: those are the debtor's, recognised or not.
  const met = isMetAnswered(arrived) ? arrived : withMet(arrived, 'nobody')
  const known: Draft = met.met === 'debtor' ? { ...met, identified_by: met.identified_by ?? 'declared' } : met
  return { ...withOutcome(known, 'UNSAFE'), agreement: draft.agreement ?? null }
}

export interface Standing {
  readonly at: string
  readonly alarm: ItemState
  /** Null while none was written. */
  readonly position: ItemState | null
  /** Null where no visit was open. */
  readonly visit: ItemState | null
  readonly receipts: number
}

/** How far the newest alarm of this phone has come. */
export function standingOf(items: readonly OutboxItem[]): Standing | null {
  const alarm = items.filter((item) => item.kind === 'danger').at(-1)
  if (!alarm) return null
  const id = alarm.body.danger_id
  const position = items.find((item) => item.kind === 'danger_position' && item.body.danger_id === id)
  const visit = alarm.body.visit_id ? items.find((item) => item.kind === 'visit' && item.body.visit_id === alarm.body.visit_id) : undefined
  return {
    at: alarm.body.at ?? '', alarm: alarm.state, position: position?.state ?? null, visit: visit?.state ?? null,
    receipts: (visit?.body.payments ?? []).filter((payment) => payment.receipt !== null).length,
  }
}

/** Visits that an alarm has ended and that a crash has left open. */
export function leftOpen(drafts: readonly Draft[], items: readonly OutboxItem[]): Draft[] {
  const ended = new Set(items.flatMap((item) => (item.kind === 'danger' ? (item.body.visit_id ?? []) : [])))
  return drafts.filter((draft) => ended.has(draft.visit_id))
}
