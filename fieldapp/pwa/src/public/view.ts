/** What the page says of an answer: words and facts, no document. */
import type { components } from '../api/contract'

type Check = components['schemas']['ReceiptCheck']
type Paper = components['schemas']['PaperFacts']

export type View =
  | { readonly kind: 'empty' | 'asking' | 'later' | 'busy' }
  | {
      readonly kind: 'checked'
      readonly check: Check
      /** The code was a plan's or a settlement's; an unknown one does not say what it is. */
      readonly agreement?: boolean
    }

export interface Shown {
  readonly tone: string
  /** A sign beside the colour: nobody has to see red from green. */
  readonly mark: string
  readonly title: string
  readonly words: readonly string[]
  readonly facts: readonly { label: string; text: string; sum: boolean }[]
  readonly call: { number: string; words: string } | null
  readonly again: boolean
  /** A form written by hand: whoever holds it may ask about the amount. */
  readonly compare: boolean
}

interface Formats {
  money(cents: number): string
  moment(at: string): string
}

const MARKS: Record<string, string> = { genuine: '✓', not_received: '…', voided: '×', withdrawn: '×', unknown: '?', registered: '✓', awaited: '…', spoiled: '×', contested: '!' }

const TONES: Record<string, string> = { withdrawn: 'voided', registered: 'genuine', awaited: 'not_received', spoiled: 'voided', contested: 'unknown' }

export function describe(view: View, say: (key: string) => string, formats: Formats): Shown {
  if (view.kind !== 'checked') {
    const again = view.kind === 'later' || view.kind === 'busy'
    return {
      tone: `${view.kind === 'busy' ? 'later' : view.kind} plain`, mark: view.kind === 'empty' ? '⌗' : '…',
      title: say(`${view.kind}.title`), words: [say(`${view.kind}.words`)], facts: [], call: null, again, compare: false,
    }
  }
  const { state, paper, phone_withdrawn } = view.check
  const own = view.agreement ? 'agreement.' : ''
  const words = [say(view.agreement && (state === 'genuine' || state === 'withdrawn') ? `${own}${state}.words` : `${state}.words`)]
  if (state === 'genuine' && paper?.kind === 'receipt_subject_to_clearance') words.push(say('genuine.clearance'))
  if (state === 'genuine' && paper?.kind === 'counter_receipt') words.push(say('genuine.counter_receipt'))
  if (state === 'genuine' && paper?.kind === 'settlement') words.push(say('genuine.settlement'))
  const differs = state === 'registered' && view.check.amount_agrees === false
  if (state === 'registered' && typeof view.check.amount_agrees === 'boolean') words.unshift(say(differs ? 'registered.differs' : 'registered.agrees'))
  if (phone_withdrawn) words.unshift(say('not_received.withdrawn'))
  return {
    tone: phone_withdrawn || differs ? 'unknown' : (TONES[state] ?? state),
    mark: phone_withdrawn || differs ? '!' : (MARKS[state] ?? '?'),
    title: say(`${own}${state}.title`),
    words,
    facts: paper ? factsOf(paper, say, formats) : [],
    call: paper ? { number: paper.agency_phone.replace(/[^0-9+]/g, ''), words: callWords(paper, say) } : null,
    again: false,
    compare: state === 'registered',
  }
}

const callWords = (paper: Paper, say: (key: string) => string): string =>
  `${say('call').replace('{agency}', paper.agency_name)} · ${paper.agency_phone.replace(/ /g, '\u00a0')}`

function factsOf(paper: Paper, say: (key: string) => string, { money, moment }: Formats): Shown['facts'] {
  const onTop = paper.stamp_duty_cents > 0 && paper.handed_over_cents !== null
  const rows: [string, string | null][] = [
    ['amount', paper.amount_cents === null ? null : money(paper.amount_cents)],
    ['stamp_duty', onTop ? money(paper.stamp_duty_cents) : null],
    ['handed_over', onTop ? money(paper.handed_over_cents ?? 0) : null],
    [paper.kind === 'repayment_plan' || paper.kind === 'settlement' ? 'fingerprint' : 'label', paper.label],
    ['issued_at', paper.issued_at === null ? null : moment(paper.issued_at)],
    ['agent_number', paper.agent_number],
    ['agency', paper.agency_name],
  ]
  return rows.flatMap(([key, text]) => (text === null ? [] : [{ label: say(`fact.${key}`), text, sum: key === (onTop ? 'handed_over' : 'amount') }]))
}

/** Cents of an amount as it stands on a paper: `150`, `1.234,50`; null where that cannot be told for sure. */
export function centsOf(typed: string): number | null {
  const found = /^(\d{1,7}|\d{1,3}(?:\.\d{3}){1,2})(?:,(\d{1,2}))?$/.exec(typed.replaceAll(/[\s€]/g, ''))
  if (!found) return null
  const cents = Number((found[1] ?? '').replaceAll('.', '')) * 100 + Number((found[2] ?? '').padEnd(2, '0'))
  return cents > 0 ? cents : null
}

/** Integer cents in the words of the locale; never through a float. */
export function moneyIn(locale: string, cents: number): string {
  const whole = Math.trunc(cents / 100)
  const rest = String(cents % 100).padStart(2, '0')
  const parts = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR', useGrouping: 'always' }).formatToParts(whole)
  return parts.map(({ type, value }) => (type === 'fraction' ? rest : value)).join('')
}
