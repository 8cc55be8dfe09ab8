/** The checks behind the rules: pure functions of a case and a rule's numbers, twins of `domain/conduct/*.py`. */
import {
  addDays, covers, daysBetween, isLocalHoliday, isNationalHoliday, knowsPatronOf, weekday, type Calendar,
} from './calendar.ts'
import type { Facts, ParameterValue } from './conduct.ts'
import type { Details } from './reading.ts'

/** One judgement under way: the facts with the local day and hours of the act worked out once. */
export interface Case {
  readonly facts: Facts
  readonly calendar: Calendar
  readonly now: Date
  readonly at: Date
  readonly endsAt: Date
  readonly on: string
  readonly startS: number
  readonly endOn: string
  readonly endS: number
}

export type Numbers = Readonly<Record<string, ParameterValue>>
export type Said = readonly (readonly [string, Details])[]
export type Check = (judged: Case, numbers: Numbers) => Said

const NOTHING: Said = []
const say = (code: string, details: Details = {}): Said => [[code, details]]

const SUNDAY = 0
const SATURDAY = 6

const whole = (numbers: Numbers, name: string): number => Number(numbers[name])
const flag = (numbers: Numbers, name: string): boolean => numbers[name] === true
const text = (numbers: Numbers, name: string): string => String(numbers[name])
const codes = (numbers: Numbers, name: string): readonly string[] => {
  const value = numbers[name]
  return Array.isArray(value) ? (value as readonly string[]) : []
}

/** `08:30` as seconds after midnight. */
function clock(numbers: Numbers, name: string): number {
  const [hours, minutes] = text(numbers, name).split(':')
  return Number(hours) * 3600 + Number(minutes) * 60
}

function inAppointment(judged: Case, outsideHours = false): boolean {
  return judged.facts.practice.appointments.some(
    (agreed) =>
      Date.parse(agreed.from_at) <= judged.at.getTime() &&
      judged.endsAt.getTime() <= Date.parse(agreed.to_at) &&
      (agreed.outside_hours || !outsideHours),
  )
}

// --- when

function hours(judged: Case, numbers: Numbers): Said {
  const band = weekday(judged.on) === SATURDAY ? 'saturday' : 'weekday'
  const [from, to] = [clock(numbers, `${band}_from`), clock(numbers, `${band}_to`)]
  if (from <= judged.startS && judged.endS <= to && judged.endOn === judged.on) return NOTHING
  if (flag(numbers, 'agreement_lifts') && inAppointment(judged, true)) return NOTHING
  const late = from <= judged.startS && judged.startS < to
  const details = { from: text(numbers, `${band}_from`), to: text(numbers, `${band}_to`) }
  return say(late ? 'conduct.ends_after_hours' : 'conduct.outside_hours', details)
}

function restDay(judged: Case, numbers: Numbers): Said {
  const comune = judged.facts.address?.comune ?? ''
  let code: string
  if (flag(numbers, 'sundays') && weekday(judged.on) === SUNDAY) code = 'conduct.sunday'
  else if (flag(numbers, 'holidays') && isNationalHoliday(judged.calendar, judged.on)) code = 'conduct.public_holiday'
  else if (flag(numbers, 'local_holidays') && isLocalHoliday(judged.calendar, judged.on, comune)) {
    code = 'conduct.local_holiday'
  } else return NOTHING
  if (flag(numbers, 'agreement_lifts') && inAppointment(judged, true)) return NOTHING
  return say(code, { on: judged.on, comune })
}

const calendarKnown: Check = (judged) =>
  covers(judged.calendar, judged.on) ? NOTHING : say('conduct.calendar_unknown', { on: judged.on })

function patronSaintKnown(judged: Case): Said {
  const { address } = judged.facts
  if (!address || knowsPatronOf(judged.calendar, address.comune)) return NOTHING
  return say('conduct.patron_saint_unknown', { comune: address.comune })
}

const appointment: Check = (judged, numbers) =>
  !flag(numbers, 'required') || inAppointment(judged) ? NOTHING : say('conduct.appointment_missing')

interface Tally {
  readonly day: number
  readonly week: number
  readonly placement: number
}

function tally(judged: Case, weighs: (contact: Facts['practice']['contacts'][number]) => boolean): Tally {
  const { practice } = judged.facts
  const weekFrom = addDays(judged.on, -6)
  const weighed = practice.contacts.filter((contact) => contact.counts && contact.on <= judged.on && weighs(contact))
  return {
    day: weighed.filter((contact) => contact.on === judged.on).length,
    week: weighed.filter((contact) => contact.on >= weekFrom).length,
    placement: weighed.filter((contact) => contact.on >= practice.placement_starts_on).length,
  }
}

function conversationLimit(judged: Case, numbers: Numbers): Said {
  if (flag(numbers, 'appointment_lifts') && inAppointment(judged)) return NOTHING
  const count = tally(judged, (contact) => contact.reached)
  const [day, week] = [whole(numbers, 'max_per_day'), whole(numbers, 'max_per_week')]
  if (count.day >= day) return say('conduct.conversations_today', { count: count.day, most: day })
  if (count.week >= week) return say('conduct.conversations_this_week', { count: count.week, most: week })
  return NOTHING
}

function visitLimit(judged: Case, numbers: Numbers): Said {
  if (flag(numbers, 'appointment_lifts') && inAppointment(judged)) return NOTHING
  const count = tally(judged, (contact) => contact.channel === 'visit')
  const limits = [
    ['conduct.visits_today', count.day, whole(numbers, 'max_per_day')],
    ['conduct.visits_this_week', count.week, whole(numbers, 'max_per_week')],
    ['conduct.visits_in_placement', count.placement, whole(numbers, 'max_per_placement')],
  ] as const
  for (const [code, made, most] of limits) if (made >= most) return say(code, { count: made, most })
  return NOTHING
}

function coolingOff(judged: Case, numbers: Numbers): Said {
  for (const { outcome, on } of judged.facts.practice.happened) {
    if (!codes(numbers, 'after').includes(outcome)) continue
    const until = addDays(on, whole(numbers, 'days'))
    if (on <= judged.on && judged.on < until) return say('conduct.cooling_off', { outcome, until })
  }
  return NOTHING
}

// --- whom

function debtState(judged: Case, numbers: Numbers): Said {
  const state = text(numbers, 'state')
  return judged.facts.practice.states.includes(state) ? say(`conduct.debt_${state}`, { state }) : NOTHING
}

function timeBarred(judged: Case): Said {
  const { states, time_barred_on } = judged.facts.practice
  const barred = states.includes('time_barred') || (time_barred_on !== null && time_barred_on <= judged.on)
  return barred ? say('conduct.debt_time_barred', { state: 'time_barred' }) : NOTHING
}

function placement(judged: Case): Said {
  const { practice } = judged.facts
  if (judged.on < practice.placement_starts_on) {
    return say('conduct.placement_not_started', { on: practice.placement_starts_on })
  }
  if (judged.on > practice.placement_ends_on) return say('conduct.placement_ended', { on: practice.placement_ends_on })
  return NOTHING
}

function letterSent(judged: Case, numbers: Numbers): Said {
  const [level, days] = [whole(numbers, 'level'), whole(numbers, 'days_since')]
  const latest = addDays(judged.on, -days)
  const sent = judged.facts.practice.letters.some((letter) => letter.level >= level && letter.sent_on <= latest)
  return sent ? NOTHING : say('conduct.letter_missing', { level, days })
}

function daysPastDue(judged: Case, numbers: Numbers): Said {
  const due = judged.facts.practice.oldest_due_on
  const least = whole(numbers, 'least')
  if (due === null || daysBetween(due, judged.on) >= least) return NOTHING
  return say('conduct.too_early', { days: Math.max(0, daysBetween(due, judged.on)), least })
}

function messageConsent(judged: Case): Said {
  const { act, practice } = judged.facts
  return act.kind === 'message' && act.tells_debt && !practice.electronic_consent
    ? say('conduct.message_without_consent')
    : NOTHING
}

function addressConfirmed(judged: Case): Said {
  const { address } = judged.facts
  return !address || address.state === 'confirmed' ? NOTHING : say(`conduct.address_${address.state}`)
}

function workplace(judged: Case): Said {
  const { address } = judged.facts
  return address?.kind === 'workplace' && !address.given_by_debtor ? say('conduct.workplace') : NOTHING
}

// --- who

const ended = (on: string | null): Details => ({ on: on ?? '' })

function licence(judged: Case): Said {
  const { agent, address } = judged.facts
  if (!agent) return NOTHING
  if (agent.licence_ends_on === null || agent.licence_ends_on < judged.on) {
    return say('conduct.licence_expired', ended(agent.licence_ends_on))
  }
  if (agent.notified_on === null || agent.notified_on > judged.on) return say('conduct.agent_not_notified')
  if (agent.provinces.length === 0) return say('conduct.no_province_notified')
  if (address && !agent.provinces.includes(address.province)) {
    return say('conduct.province_not_notified', { province: address.province })
  }
  return NOTHING
}

function badge(judged: Case): Said {
  const { agent } = judged.facts
  if (!agent || (agent.badge_ends_on !== null && agent.badge_ends_on >= judged.on)) return NOTHING
  return say('conduct.badge_expired', ended(agent.badge_ends_on))
}

function qualification(judged: Case): Said {
  const { agent } = judged.facts
  if (!agent || (agent.qualification_ends_on !== null && agent.qualification_ends_on >= judged.on)) return NOTHING
  return say('conduct.qualification_expired', ended(agent.qualification_ends_on))
}

function expiryNear(judged: Case, numbers: Numbers): Said {
  const { agent } = judged.facts
  if (!agent) return NOTHING
  const until = addDays(judged.on, whole(numbers, 'days'))
  const ends = [
    ['licence', agent.licence_ends_on],
    ['badge', agent.badge_ends_on],
    ['qualification', agent.qualification_ends_on],
  ] as const
  return ends.flatMap(([what, on]) =>
    on !== null && judged.on <= on && on <= until ? say(`conduct.${what}_expires_soon`, { on }) : [],
  )
}

// --- money

type Payment = Extract<Facts['act'], { kind: 'payment' }>

/** What passes from hand to hand: the amount and the stamp duty that the debtor bears. */
const handedOver = (act: Payment): number => act.amount_cents + act.duty_cents

const payment = (judged: Case): Payment | null => (judged.facts.act.kind === 'payment' ? judged.facts.act : null)

function cash(judged: Case): Payment | null {
  const act = payment(judged)
  return act?.method === 'cash' ? act : null
}

function cashBefore(judged: Case, days: number, skipInstalments: boolean): number {
  const after = addDays(judged.on, -days)
  return judged.facts.practice.cash_received
    .filter((item) => after < item.on && item.on <= judged.on && !(skipInstalments && item.instalment))
    .reduce((sum, item) => sum + item.cents, 0)
}

function cashCeiling(judged: Case, numbers: Numbers): Said {
  const act = cash(judged)
  const below = whole(numbers, 'below_cents')
  return !act || handedOver(act) < below ? NOTHING : say('conduct.cash_over_ceiling', { below_cents: below })
}

function cashRolling(judged: Case, numbers: Numbers): Said {
  const act = cash(judged)
  if (!act) return NOTHING
  const [below, days, exempt] = [whole(numbers, 'below_cents'), whole(numbers, 'days'), flag(numbers, 'instalments_exempt')]
  const before = cashBefore(judged, days, exempt)
  if (before + handedOver(act) < below || (act.instalment && exempt)) return NOTHING
  const free = Math.max(0, below - 1 - before - act.duty_cents)
  return say('conduct.cash_over_rolling', { below_cents: below, days, before_cents: before, free_cents: free })
}

function cashInstalmentsLogged(judged: Case, numbers: Numbers): Said {
  const act = cash(judged)
  if (!act?.instalment) return NOTHING
  const days = whole(numbers, 'days')
  const total = cashBefore(judged, days, false) + handedOver(act)
  if (total < whole(numbers, 'below_cents')) return NOTHING
  return say('conduct.cash_instalment_logged', { total_cents: total, days })
}

function cheque(judged: Case, numbers: Numbers): Said {
  const act = payment(judged)
  if (act?.method !== 'cheque' || !act.cheque) return NOTHING
  const from = whole(numbers, 'clause_from_cents')
  const said: [string, Details][] = []
  if (act.cheque.payee === 'agent') said.push(['conduct.cheque_to_agent', {}])
  else if (act.cheque.payee === 'other') said.push(['conduct.cheque_to_stranger', {}])
  if (handedOver(act) >= from && !act.cheque.non_transferable) {
    said.push(['conduct.cheque_without_clause', { from_cents: from }])
  }
  return said
}

const payerIdentified: Check = (judged) =>
  payment(judged)?.payer === 'other_unidentified' ? say('conduct.payer_unidentified') : NOTHING

function payerIsDebtor(judged: Case): Said {
  const act = payment(judged)
  return act && act.payer !== 'debtor' ? say('conduct.payer_not_debtor') : NOTHING
}

function exposure(judged: Case, numbers: Numbers): Said {
  const act = cash(judged)
  const { agent } = judged.facts
  if (!act || !agent) return NOTHING
  const limit = agent.cash_limit_cents ?? whole(numbers, 'limit_cents')
  if (agent.cash_held_cents + handedOver(act) <= limit) return NOTHING
  return say('conduct.cash_exposure', { held_cents: agent.cash_held_cents, limit_cents: limit })
}

function unusualCash(judged: Case, numbers: Numbers): Said {
  const act = cash(judged)
  if (!act) return NOTHING
  const [below, days] = [whole(numbers, 'below_cents'), whole(numbers, 'days')]
  const near = Math.floor((below * whole(numbers, 'near_pct')) / 100)
  const after = addDays(judged.on, -days)
  const recent = judged.facts.practice.cash_received.filter((item) => after < item.on && item.on <= judged.on)
  const count = [...recent.map((item) => item.cents), handedOver(act)].filter((c) => near <= c && c < below).length
  return count < whole(numbers, 'count') ? NOTHING : say('conduct.cash_unusual', { count, days })
}

export const CHECKS: Readonly<Record<string, Check>> = {
  hours,
  rest_day: restDay,
  calendar_known: calendarKnown,
  patron_saint_known: patronSaintKnown,
  appointment,
  debt_state: debtState,
  time_barred: timeBarred,
  placement,
  letter_sent: letterSent,
  days_past_due: daysPastDue,
  conversation_limit: conversationLimit,
  visit_limit: visitLimit,
  cooling_off: coolingOff,
  message_consent: messageConsent,
  address_confirmed: addressConfirmed,
  workplace,
  licence,
  badge,
  qualification,
  expiry_near: expiryNear,
  cash_ceiling: cashCeiling,
  cash_rolling: cashRolling,
  cash_instalments_logged: cashInstalmentsLogged,
  cheque,
  payer_identified: payerIdentified,
  payer_is_debtor: payerIsDebtor,
  exposure,
  unusual_cash: unusualCash,
  // Only carry the numbers of a calculation.
  stamp_duty: () => NOTHING,
  limitation_term: () => NOTHING,
}
