/** A draft as it lies on the phone, and back. Pure, and without the catalogues that a form needs. */
import { aDoor, withoutCase, type Door } from './door'
import type { Draft } from './draft'
import { outsideStop } from './outside'
import type { StopCard } from './shapes'

/** What the phone writes down of a draft: while the debtor was not met, nothing of what the visit is about. */
export type KeptDraft = Draft | (Omit<Draft, 'stop' | 'statement' | 'signature' | 'payments' | 'agreement' | 'asked' | 'unfinished'> & { readonly stop: Door })

const OF_THE_CASE: ReadonlySet<string> = new Set(['stop', 'statement', 'signature', 'payments', 'agreement', 'asked', 'unfinished'])

export function kept(draft: Draft): KeptDraft {
  if (draft.met === 'debtor' || draft.paper?.kind === 'receipt') return draft
  const rest = Object.entries(draft).filter(([name]) => !OF_THE_CASE.has(name))
  return { ...(Object.fromEntries(rest) as Omit<Draft, 'stop' | 'statement' | 'signature' | 'payments' | 'agreement' | 'asked' | 'unfinished'>), stop: aDoor(draft.stop) }
}

/** How often a draft that lies on the phone was written; earlier apps did not count. */
export const writtenOf = (draft: KeptDraft): number => draft.written ?? 1

/** A draft as it was kept, with the case that the day holds for its stop. */
export function opened(draft: KeptDraft, stops: readonly StopCard[]): Draft {
  const written = writtenOf(draft)
  if ('payments' in draft) return { ...draft, written }
  const { unplanned } = draft
  const ofTheDay = stops.find((stop) => stop.stop_id === (unplanned?.of ?? draft.stop.stop_id))
  const known = ofTheDay && unplanned ? outsideStop(ofTheDay, { id: draft.stop.stop_id, place: unplanned.place }) : ofTheDay
  return { ...draft, written, stop: known ?? withoutCase(draft.stop), statement: '', signature: null, payments: [], agreement: null, asked: null }
}
