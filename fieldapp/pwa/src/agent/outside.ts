/**
 * Visits outside the plan: a debtor of the day or the reserve is met when nobody had planned it, at the door or anywhere
 * else. Such a visit belongs to no stop: the plan's stays to be made, the reserve in reserve. Pure.
 */
import type { AddressFacts } from '../domain/conduct.ts'
import type { OutsideThePlan } from '../domain/visit.ts'
import type { OutboxItem } from './day'
import type { StopCard } from './shapes'

/** `of`: the stop of the day that knows the debtor. */
export interface Unplanned {
  readonly of: string
  readonly place: OutsideThePlan
}

/** Not at the address: nothing is learned of it. */
export const isElsewhere = ({ unplanned }: { readonly unplanned?: Unplanned | null }): boolean => (unplanned?.place ?? 'address') !== 'address'

/** The stop that a visit belongs to, as the office knows stops; one outside the plan has none. */
export const stopIdOf = (visit: { readonly stop: { readonly stop_id: string }; readonly unplanned?: Unplanned | null }): string | null =>
  visit.unplanned ? null : visit.stop.stop_id

/**
 * The card of the day under an id of its own. Elsewhere the rules ask about the place: nobody asks whether the address is
 * right, and a workplace is one that the debtor did not name.
 */
export function outsideStop(stop: StopCard, { id, place }: { id: string; place: OutsideThePlan }): StopCard {
  const own: StopCard = { ...stop, stop_id: id, reserve: false, done: false }
  const known = stop.practice.conduct_facts as { readonly addresses?: Readonly<Record<string, AddressFacts>> }
  if (place === 'address') return own
  const there: AddressFacts = {
    kind: place === 'workplace' ? 'workplace' : 'other', state: 'confirmed', comune: stop.address.comune, province: stop.address.province,
    given_by_debtor: false,
  }
  const addresses = { ...known.addresses, [stop.address.id]: there }
  return { ...own, practice: { ...stop.practice, conduct_facts: { ...stop.practice.conduct_facts, addresses } } }
}

/** Reports of visits outside the plan of `day`, in the order in which they were written; a refused one happened too. */
export const madeOutside = (items: readonly OutboxItem[], day: string): OutboxItem[] =>
  items.filter((item) => item.kind === 'visit' && item.body.unplanned && item.body.planned_day === day)

/** When the debtor of this practice was met outside the plan of `day`, the last time; null where they were not. */
export function metOutside(items: readonly OutboxItem[], { practiceId, day }: { practiceId: string; day: string }): string | null {
  const last = madeOutside(items, day).filter((item) => item.body.practice_id === practiceId && item.body.met?.who === 'debtor').at(-1)
  return last?.body.arrived_at ?? null
}
