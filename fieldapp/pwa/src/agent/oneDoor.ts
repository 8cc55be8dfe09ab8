/**
 * Several practices behind one door: which visits of the day seek the same person at the same place, and what the
 * report of the first says for the next. Pure.
 *
 * Only the same person counts, known by tax code or VAT number and sought as the debtor both times: of a neighbour's
 * visit in the same house nothing is carried over and nothing is offered.
 */
import { newDraft, type Draft } from './draft'
import { isElsewhere, outsideStop } from './outside'
import type { AddressCard, StopCard } from './shapes'

const plain = (text: string): string =>
  text.normalize('NFD').toLowerCase().replace(/[^a-z0-9]+/g, ' ').trim()

const place = (address: AddressCard): string =>
  address.street && address.house_number
    ? [address.comune, address.street, address.house_number].map(plain).join('|')
    : plain(address.text)

/** What the debtor is known by for certain; a name is shared by many. */
function person({ practice }: StopCard): string | null {
  const debtor = practice.obligors.find((obligor) => obligor.role === 'debtor')
  const code = debtor?.tax_code ?? debtor?.vat_number
  return code ? plain(code) : null
}

export function isSameVisit(a: StopCard, b: StopCard): boolean {
  const known = person(a)
  return a.practice.id !== b.practice.id && known !== null && known === person(b) && place(a.address) === place(b.address)
}

/** The visits still to be made to the person sought at `stop`, at the same place, in the day's order. */
export const othersAt = (stop: StopCard, waiting: readonly StopCard[]): StopCard[] =>
  waiting.filter((other) => isSameVisit(stop, other))

/**
 * The next report of the same visit: when, where and who was met stand as in the first. What was agreed, paid, signed,
 * stated, photographed or left as a numbered notice belongs to one creditor and is asked anew.
 */
export function continued(first: Draft, stop: StopCard, { visitId }: { visitId: string }): Draft {
  // Who was met elsewhere was met there for both.
  const unplanned = first.unplanned && isElsewhere(first) ? { of: stop.stop_id, place: first.unplanned.place } : null
  return {
    ...newDraft(unplanned ? outsideStop(stop, { id: visitId, place: unplanned.place }) : stop, { visitId, day: first.planned_day }),
    ...(unplanned ? { unplanned } : {}),
    arrived_at: first.arrived_at, position: first.position, no_position: first.no_position, met: first.met,
    identified_by: first.identified_by, role: first.role, identified_self: first.identified_self,
    observations: first.observations, with_visit_id: first.with_visit_id ?? first.visit_id,
  }
}
