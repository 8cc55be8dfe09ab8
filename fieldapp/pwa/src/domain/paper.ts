/**
 * Papers as values, and the blocks of text that every rendering of them shows. The twin of `domain/papers.py`:
 * golden cases hold both to the same blocks. The words come from one template data file and are handed in.
 */
import { compactIban, epcPayload, spacedIban } from './epc.ts'
import { LARGEST_CENTS, italian } from './money.ts'
import type { Answer } from './payments.ts'
import { Refused, isDay, isWhole } from './reading.ts'
import {
  checkAgency, checkHeading, checkName, checkText, handedOverCents, receiptName, wallClock,
  type Agency, type PaperAgent, type PaperCreditor, type ReceiptValue, type SettledLine,
} from './receipt.ts'
import { totalOf } from './allocation.ts'

/** The sentences of a template by key, with `{placeholders}`. */
export type PaperWords = Readonly<Record<string, string>>

export type Role =
  | 'issuer' | 'issuer_detail' | 'title' | 'reference' | 'issued' | 'amount' | 'amount_words' | 'field' | 'section'
  | 'row' | 'row_detail' | 'total' | 'warning' | 'body' | 'note' | 'fingerprint' | 'qr'

/** One piece of a paper. `label` stands before the text where the role has one, else it is empty. */
export interface Block {
  readonly role: Role
  readonly label: string
  readonly text: string
}

/** Promemoria di bonifico: a transfer announced. No number, no posting; `expected_on` is the promise. */
export interface TransferMemo {
  readonly v: 1
  readonly kind: 'transfer_memo'
  readonly issued_at: string
  readonly utc_offset_min: number
  readonly place: string
  readonly agency: Agency
  readonly creditor: PaperCreditor
  readonly bic: string
  readonly debtor: string
  readonly practice: string
  readonly amount_cents: number
  readonly remittance: string
  readonly expected_on: string
  readonly agent: PaperAgent
  readonly device: string
}

/**
 * A payment that somebody else receives: no number, no posting. `on` is the day of the stamp, or until when the link
 * holds; `reference` the stamp's code, or the link itself (empty where the office sends it later).
 */
export interface AnnouncementMemo {
  readonly v: 1
  readonly kind: 'bulletin_memo' | 'link_memo'
  readonly issued_at: string
  readonly utc_offset_min: number
  readonly place: string
  readonly agency: Agency
  readonly creditor: PaperCreditor
  readonly debtor: string
  readonly practice: string
  readonly amount_cents: number
  readonly on: string
  readonly reference: string
  readonly agent: PaperAgent
  readonly device: string
}

/** Avviso di passaggio. By its very shape it cannot hold a debt, an amount or a creditor (Garante, 30-11-2005). */
export interface VisitNotice {
  readonly v: 1
  readonly kind: 'visit_notice'
  readonly series: string
  readonly number: number
  readonly issued_at: string
  readonly utc_offset_min: number
  readonly place: string
  readonly addressee: string
  readonly caller: { readonly name: string; readonly phone: string; readonly hours: string; readonly ask_for: string }
  readonly device: string
}

export type Paper = ReceiptValue | TransferMemo | AnnouncementMemo | VisitNotice

/**
 * The blocks of `paper` in reading order; `digest` is that of its canonical bytes.
 *
 * Throws `paper.words_missing` when the template lacks a sentence, `paper.notice_not_neutral` when a notice would
 * tell a stranger what it is about.
 */
export function paperBlocks(paper: Paper, words: PaperWords, digest: string): readonly Block[] {
  switch (paper.kind) {
    case 'receipt':
    case 'receipt_subject_to_clearance':
      return receiptBlocks(paper, words, digest)
    case 'transfer_memo':
      return memoBlocks(paper, words)
    case 'bulletin_memo':
    case 'link_memo':
      return announcementBlocks(paper, words)
    case 'visit_notice':
      return noticeBlocks(paper, words)
  }
}

/** The lines of text that every rendering contains, label and text apart. */
export const paperLines = (blocks: readonly Block[]): string[] =>
  blocks.flatMap(({ label, text }) => [label, text]).filter((line) => line !== '')

/** The sentence `key` with its placeholders filled. Throws `paper.words_missing`. */
export function fill(words: PaperWords, key: string, details: Readonly<Record<string, string | number>> = {}): string {
  const sentence = words[key]
  if (sentence === undefined) throw new Refused('paper.words_missing', { key })
  return sentence.replace(/\{([a-z_]+)\}/g, (whole, name: string) => {
    const detail = details[name]
    if (detail === undefined) throw new Refused('paper.words_missing', { key: `${key} ${whole}` })
    return String(detail)
  })
}

const block = (role: Role, text: string, label = ''): Block => ({ role, label, text })

// --- receipt ---------------------------------------------------------------------------------------------------

function receiptBlocks(paper: ReceiptValue, words: PaperWords, digest: string): Block[] {
  const { kind, creditor, agent, wording } = paper
  const account = { iban: spacedIban(creditor.iban), practice: paper.practice }
  return [
    ...issuerBlocks(paper.agency, words),
    block('title', fill(words, `${kind}.title`)),
    block('reference', fill(words, 'receipt.reference', { name: receiptName(paper) })),
    block('issued', issued(paper, words, 'receipt.issued')),
    block('amount', italian(paper.amount_cents)),
    block('amount_words', `euro ${paper.amount_in_words}`),
    ...(kind === 'receipt_subject_to_clearance' ? [block('warning', fill(words, `${kind}.warning`))] : []),
    receivedFrom(paper, words),
    // Where somebody pays on the debtor's behalf, "per conto di" would be said twice of two people.
    block('field', creditor.name, fill(words, paper.payer ? 'receipt.creditor' : 'receipt.on_behalf_of')),
    block('field', paper.practice, fill(words, 'receipt.practice')),
    block(
      'field',
      fill(words, `receipt.wording.${wording.kind}`, { number: wording.number, of: wording.of }),
      fill(words, 'receipt.wording'),
    ),
    block('field', methodText(paper, words), fill(words, 'receipt.method')),
    block('section', fill(words, `${kind}.settles`)),
    ...paper.lines.flatMap((line) => settledBlocks(line, words)),
    ...sumBlocks(paper, words),
    block('note', fill(words, `${kind}.reservation`)),
    ...stampNotes(paper, words),
    block('field', fill(words, 'receipt.later_payments.text', account), fill(words, 'receipt.later_payments')),
    block('field', fill(words, 'receipt.agent.text', { ...agent }), fill(words, 'receipt.agent')),
    block('fingerprint', fingerprint(digest), fill(words, 'receipt.fingerprint')),
    block('qr', fill(words, 'receipt.qr')),
  ]
}

function receivedFrom({ payer, debtor }: ReceiptValue, words: PaperWords): Block {
  if (!payer) return block('field', debtor, fill(words, 'receipt.received_from'))
  const capacity = fill(words, `receipt.paid_by.${payer.capacity}`)
  return block('field', fill(words, 'receipt.paid_by.text', { name: payer.name, capacity, debtor }), fill(words, 'receipt.paid_by'))
}

export const issuerBlocks = ({ name, address, phone, vat, licence }: Agency, words: PaperWords): Block[] => [
  block('issuer', name),
  block('issuer_detail', fill(words, 'issuer.details', { address, phone })),
  block('issuer_detail', fill(words, 'issuer.registration', { vat, licence })),
]

function methodText({ method }: ReceiptValue, words: PaperWords): string {
  const shown = Object.fromEntries(Object.entries(method.answers).map(([name, answer]) => [name, shownAnswer(answer)]))
  const text = fill(words, `receipt.method.${method.code}`, shown)
  return method.answers['non_transferable'] === true
    ? `${text}, ${fill(words, 'receipt.method.cheque.non_transferable')}`
    : text
}

function settledBlocks(line: SettledLine, words: PaperWords): Block[] {
  const parts = [
    { part: 'principal', cents: line.principal_cents },
    { part: 'interest', cents: line.interest_cents },
    { part: 'costs', cents: line.costs_cents },
  ]
  const detail = parts
    .filter(({ cents }) => cents !== 0)
    .map(({ part, cents }) => fill(words, `receipt.${part}`, { amount: italian(cents) }))
  return [block('row', italian(totalOf(line)), line.title), block('row_detail', detail.join(' · '))]
}

function sumBlocks(paper: ReceiptValue, words: PaperWords): Block[] {
  const { due_cents, charged_to } = paper.stamp_duty
  return [
    block('total', italian(paper.amount_cents), fill(words, 'receipt.total')),
    ...(due_cents > 0 ? [block('row', italian(due_cents), fill(words, `receipt.stamp_duty.${charged_to}`))] : []),
    ...(charged_to === 'debtor'
      ? [block('total', italian(handedOverCents(paper)), fill(words, 'receipt.handed_over'))]
      : []),
    block('row', italian(paper.residual_cents), fill(words, `${paper.kind}.residual`)),
  ]
}

function stampNotes({ stamp_duty: duty }: ReceiptValue, words: PaperWords): Block[] {
  if (duty.due_cents === 0) return [block('note', fill(words, `receipt.stamp_duty.${duty.reason}`))]
  if (duty.authorisation === '') return []
  const { authorisation } = duty
  return [block('note', fill(words, 'receipt.stamp_duty.authorisation', { authorisation }))]
}

function shownAnswer(answer: Answer): string {
  const text = String(answer)
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? italianDate(text) : text
}

/** The first 16 digits in fours: enough to compare two papers by eye. */
export const fingerprint = (digest: string): string => (digest.slice(0, 16).match(/.{4}/g) ?? []).join(' ')

// --- transfer memo and visit notice ----------------------------------------------------------------------------

/** What the QR of a memo says to a banking app (EPC069-12). */
export const memoPayload = ({ creditor, amount_cents, remittance, bic }: TransferMemo): string =>
  epcPayload({ name: [...creditor.name].slice(0, 70).join('').trim(), iban: creditor.iban, amount_cents, remittance, bic })

/** Throws `paper.malformed` or what a banking app could not read (`paper.*`). */
export function checkMemo(memo: TransferMemo): void {
  checkAgency(memo.agency)
  checkHeading(memo)
  checkText(memo.debtor, 'debtor', 160)
  checkText(memo.practice, 'practice', 60)
  if (!isDay(memo.expected_on)) throw new Refused('paper.malformed', { at: 'expected_on' })
  if (!isWhole(memo.amount_cents, 1, LARGEST_CENTS)) throw new Refused('paper.malformed', { at: 'v, amount_cents' })
  memoPayload(memo)
}

/** Throws `paper.malformed`. */
export function checkNotice(notice: VisitNotice): void {
  for (const at of ['name', 'phone', 'hours', 'ask_for'] as const) checkText(notice.caller[at], `caller.${at}`, 120)
  checkHeading(notice)
  checkText(notice.addressee, 'addressee', 160)
  checkName(notice)
}

function memoBlocks(paper: TransferMemo, words: PaperWords): Block[] {
  const fields = [
    ['payee', paper.creditor.name],
    ['iban', spacedIban(compactIban(paper.creditor.iban))],
    ['remittance', paper.remittance],
    ['expected_on', italianDate(paper.expected_on)],
    ['debtor', paper.debtor],
    ['practice', paper.practice],
  ] as const
  return [
    ...issuerBlocks(paper.agency, words),
    block('title', fill(words, 'transfer_memo.title')),
    block('issued', issued(paper, words, 'transfer_memo.issued')),
    block('amount', italian(paper.amount_cents)),
    block('warning', fill(words, 'transfer_memo.warning')),
    ...fields.map(([key, text]) => block('field', text, fill(words, `transfer_memo.${key}`))),
    block('field', fill(words, 'transfer_memo.agent.text', { ...paper.agent }), fill(words, 'transfer_memo.agent')),
    block('qr', fill(words, 'transfer_memo.qr')),
  ]
}

/** Throws `paper.malformed`. */
export function checkAnnouncement(memo: AnnouncementMemo): void {
  checkAgency(memo.agency)
  checkHeading(memo)
  checkText(memo.debtor, 'debtor', 160)
  checkText(memo.practice, 'practice', 60)
  if (memo.kind === 'bulletin_memo' || memo.reference) checkText(memo.reference, 'reference', memo.kind === 'link_memo' ? 600 : 40)
  if (!isDay(memo.on)) throw new Refused('paper.malformed', { at: 'on' })
  if (!isWhole(memo.amount_cents, 1, LARGEST_CENTS)) throw new Refused('paper.malformed', { at: 'v, amount_cents' })
}

function announcementBlocks(paper: AnnouncementMemo, words: PaperWords): Block[] {
  const { kind } = paper
  const link = kind === 'link_memo'
  // The address itself is long and for machines: it stands in the code alone.
  const last = paper.reference ? block('qr', fill(words, 'link_memo.qr')) : block('note', fill(words, 'link_memo.later'))
  return [
    ...issuerBlocks(paper.agency, words),
    block('title', fill(words, `${kind}.title`)),
    block('issued', issued(paper, words, 'transfer_memo.issued')),
    block('amount', italian(paper.amount_cents)),
    block('warning', fill(words, `${kind}.warning`)),
    block('field', paper.creditor.name, fill(words, 'transfer_memo.payee')),
    block('field', italianDate(paper.on), fill(words, `${kind}.on`)),
    ...(link ? [] : [block('field', paper.reference, fill(words, `${kind}.reference`))]),
    block('field', paper.debtor, fill(words, 'transfer_memo.debtor')),
    block('field', paper.practice, fill(words, 'transfer_memo.practice')),
    block('field', fill(words, 'transfer_memo.agent.text', { ...paper.agent }), fill(words, 'transfer_memo.agent')),
    ...(link ? [last] : []),
  ]
}

// Stems by which a neighbour who reads the notice would guess what it is about, or its reader take fright.
const TELLING =
  /€|\beuro\b|\bdebit|\bcredit|recuper|incass|pagament|pagare|insolut|esatt|esazion|sollecit|questura|licenza|urgen|t\.u\.l\.p\.s|legale|avvocat|tribunal|giudizi/i

function noticeBlocks(paper: VisitNotice, words: PaperWords): Block[] {
  const { caller } = paper
  const head = [
    block('issuer', caller.name),
    block('title', fill(words, 'visit_notice.title')),
    block('reference', fill(words, 'visit_notice.reference', { name: receiptName(paper) })),
  ]
  const rest = [
    block('body', fill(words, 'visit_notice.body')),
    block('field', caller.phone, fill(words, 'visit_notice.phone')),
    block('field', caller.hours, fill(words, 'visit_notice.hours')),
    block('field', caller.ask_for, fill(words, 'visit_notice.ask_for')),
    block('note', fill(words, 'visit_notice.quote')),
  ]
  const telling = paperLines([...head, ...rest]).find((line) => TELLING.test(line))
  if (telling !== undefined) throw new Refused('paper.notice_not_neutral', { line: telling })
  // Names of people and places are not judged: somebody may be called Crediti.
  const addressee = block('field', paper.addressee, fill(words, 'visit_notice.addressee'))
  return [...head, block('issued', issued(paper, words, 'visit_notice.issued')), addressee, ...rest]
}

function issued(paper: Paper, words: PaperWords, key: string): string {
  const at = wallClock(paper)
  return fill(words, key, { place: paper.place, date: italianDate(at), time: at.slice(11) })
}

const italianDate = (iso: string): string => `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)}`
