/** Stops, attempts and unsent things in words. */
import type { PaymentBody, Position } from '../domain/visit.ts'
import { dayShort, hour, knows, language, localDay, money, t } from '../text'
import { CATALOGUE } from '../domain/outcomes.ts'
import type { OutboxItem } from './day'
import { appointmentOf, handedOver } from './day'
import { streetOf } from './naming'
import { distanceM } from '../domain/distance.ts'
import type { AddressCard, PracticeCard, StopCard } from './shapes'

/** Metres as people say them: `35 m`, `2,0 km`. */
export const metres = (m: number): string =>
  m < 1000 ? `${String(m)} m` : `${(m / 1000).toFixed(1).replace('.', language() === 'en' ? '.' : ',')} km`

/** Staircase and flat: `scala B · int. 4`. */
export function withinHouse(address: AddressCard): string {
  const parts = []
  if (address.staircase) parts.push(t('address.staircase', { name: address.staircase }))
  if (address.unit) parts.push(t('address.unit', { name: address.unit }))
  return parts.join(' · ')
}

export const debtorOf = (practice: PracticeCard): string =>
  practice.obligors.find((obligor) => obligor.role === 'debtor')?.name ?? practice.obligors[0]?.name ?? ''

/**
 * `lun 16 nov, 18:30 · visita · assente, lasciato avviso`. Where others can read along, what was said of money is
 * only "incontrato".
 */
export function attemptInWords(attempt: PracticeCard['attempts'][number], { lifted }: { lifted: boolean }): string {
  const channel = t(`attempt.${attempt.channel}`)
  const known = outcomeGroups.has(attempt.outcome)
  const full = knows(`outcome.${attempt.outcome}`) ? t(`outcome.${attempt.outcome}`) : ''
  const words = lifted ? full : known ? outcomeInPublic(attempt.outcome) : ''
  return [`${dayShort(attempt.at)}, ${hour(attempt.at)}`, channel, words].filter(Boolean).join(' · ')
}

/** Whether an outcome says that the door stayed closed. */
export const foundNobody = (code: string | undefined): boolean => outcomeGroups.get(code ?? '') === 'not_met'

/** An outcome for a screen that others can see: what was met at the door, nothing of what it was about. */
export function outcomeInPublic(code: string): string {
  const group = outcomeGroups.get(code) ?? 'met'
  return group === 'met' ? t('outcome.group.met') : t(`outcome.${code}`)
}

/** How the doors ended, the most frequent first, in words that others may read. */
export function outcomesCounted(done: readonly { readonly outcome: string | null }[]): [string, number][] {
  const counted = new Map<string, number>()
  for (const { outcome } of done) {
    const name = outcome ? outcomeInPublic(outcome) : t('today.done_elsewhere')
    counted.set(name, (counted.get(name) ?? 0) + 1)
  }
  return [...counted].sort((a, b) => b[1] - a[1])
}

const outcomeGroups: ReadonlyMap<string, string> = new Map(CATALOGUE.map((entry) => [entry.code, entry.group]))

/** The window that was agreed on with the debtor for this day; empty where none was. */
export function appointmentInWords(stop: StopCard, day: string): string {
  const agreed = appointmentOf(stop, day, localDay)
  return agreed ? t('today.appointment', { from: hour(agreed.from_at), to: hour(agreed.to_at) }) : ''
}

export function hint(stop: StopCard): string | null {
  const [last] = stop.practice.attempts
  return last ? attemptInWords(last, { lifted: false }) : null
}

/** An unsent or sent thing as the list of Invio names it; nothing of the debt beyond the receipt's own number. */
export function itemInWords(item: OutboxItem, stops: readonly StopCard[]): string {
  if (item.kind === 'day_order' || item.kind === 'day_closed') return t(`item.${item.kind}`)
  if (item.kind === 'purse_count' || item.kind === 'message_read' || item.kind === 'visit_answer') return t(`item.${item.kind}`)
  if (item.kind === 'danger' || item.kind === 'danger_position') return t(`item.${item.kind}`)
  const stop = stops.find((known) => known.practice.id === item.body.practice_id)
  const where = stop ? streetOf(stop.address) : t('item.elsewhere')
  if (item.kind === 'visit_correction') return t('item.visit_correction', { where })
  if (item.kind === 'check_in') return t('item.check_in', { where })
  if (item.kind === 'address_pin') return t('item.address_pin', { where })
  if (item.kind === 'contact') return t('item.call', { where })
  if (item.kind === 'paper_request') return t('item.paper_request', { where })
  const outcome = item.body.outcome ? outcomeInPublic(item.body.outcome) : ''
  return t(item.body.unplanned ? 'item.visit_outside' : 'item.visit', { where, outcome })
}

/** Payments with a receipt: the number for everybody, the amount for whoever lifts the veil. */
export function receiptsOf(payments: readonly PaymentBody[]): { number: string; words: string }[] {
  return payments.flatMap((payment) => {
    if (!payment.receipt) return []
    const number = receiptName(payment.receipt.value)
    return [{ number, words: t('item.receipt', { amount: money(handedOver(payment)), number }) }]
  })
}

export function receiptName(value: Readonly<Record<string, unknown>>): string {
  return `${String(value['series'])}-${String(value['number']).padStart(6, '0')}`
}

/** A reading as the agent sees it: how far from the address, and how good it is. */
export function positionInWords(position: Position, { lat_e6, lon_e6 }: AddressCard): string {
  const within = metres(position.accuracy_m)
  if (lat_e6 === null || lon_e6 === null) return t('position.within', { within })
  return t('position.away', { away: metres(distanceM(position, { lat_e6, lon_e6 })), within })
}

/** Farther from its address than a wrong pin or a bad reading explains. */
const FAR_M = 300

/** The same of an arrival: far away is said, calmly, and keeps nobody from going on. */
export function arrivalInWords(position: Position, address: AddressCard): string {
  const words = positionInWords(position, address)
  const { lat_e6, lon_e6 } = address
  if (lat_e6 === null || lon_e6 === null) return words
  return distanceM(position, { lat_e6, lon_e6 }) - position.accuracy_m > FAR_M ? t('position.far', { where: words }) : words
}

const apple = (): boolean => /iPad|iPhone|iPod/.test(navigator.userAgent)

/** Hands over to the phone's own navigation; nothing is asked of anybody else by this app. */
export function navigationLink(address: AddressCard): string | null {
  if (address.lat_e6 === null || address.lon_e6 === null) return null
  const point = `${(address.lat_e6 / 1e6).toFixed(6)},${(address.lon_e6 / 1e6).toFixed(6)}`
  return apple() ? `maps://?daddr=${point}` : `geo:${point}?q=${point}(${encodeURIComponent(streetOf(address))})`
}
