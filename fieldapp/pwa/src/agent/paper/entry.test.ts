import { beforeEach, describe, expect, it } from 'vitest'
import { newDraft, type Draft } from '../draft'
import type { TypedPayer } from '../money/payer'
import { paymentBody, receiptDraft } from '../money/payment'
import { phone } from '../phone.svelte'
import { aBundle, aStop } from '../testing'
import { debtsOf, moneyOf, readSheet } from './entry'
import { onPaper, type OnPaper } from './onPaper'

const ID = '0198a3c2-7f00-7abc-8def-0123456789ab'
const PHOTO = { sha256: 'a'.repeat(64), small_sha256: null, purpose: 'paper_form', media_type: 'image/jpeg', size: 10 } as const
const SISTER: TypedPayer = { other: true, name: 'Lucia Neri', capacity: 'relative', document: 'identity_card', agreed: true }

beforeEach(() => {
  const bundle = aBundle([ID])
  phone.held = { bundle, fetched_ms: 0 }
  phone.device = { device_id: ID, person: bundle.agent, agency: bundle.agency }
})

/** A whole sheet on which this part is written so. */
function sheet(part: Partial<OnPaper>): Draft {
  const draft = onPaper(newDraft(aStop(ID), { visitId: ID, day: '2026-11-23' }), { from: '10:00' })
  if (!draft.paper) throw new Error('no sheet')
  return {
    ...draft, pictures: [PHOTO],
    paper: { ...draft.paper, number: 'B1-000001', check: 'K7QX-M2PA', to: '10:20', amount: '30,00', reason: 'other', identified_by: 'document', ...part },
  }
}

describe('which debt a sheet of paper names', () => {
  const SECOND = { id: 'line-2', title: 'Carta 0815', kind: 'card', due_on: '2026-05-01', principal_cents: 20_000, interest_cents: 0, costs_cents: 0 }

  /** The sheet at the door of somebody with two debts. */
  function twoDebts(part: Partial<OnPaper>, debtorChooses = true): Draft {
    const draft = sheet(part)
    const { practice } = draft.stop
    const [first] = practice.debt_lines
    if (!first) throw new Error('no debt')
    const creditor = { ...practice.creditor, debtor_chooses: debtorChooses }
    return { ...draft, stop: { ...draft.stop, practice: { ...practice, creditor, debt_lines: [first, { ...first, ...SECOND }] } } }
  }
  const laid = (draft: Draft): readonly string[] => moneyOf(draft)?.allocation.lines.map(({ id }) => id) ?? []

  it('is the one that the debtor declared, also on the receipt that the office gets', () => {
    const draft = twoDebts({ chosen_line: 'line-2' })
    const made = moneyOf(draft)

    expect(draft.paper && debtsOf(draft.stop, draft.paper)).toHaveLength(2)
    expect(laid(draft)).toEqual(['line-2'])
    expect(made && paymentBody(made, null)).toMatchObject({ chosen_line: 'line-2' })
  })

  it.each([
    ['nothing was declared', {}, true],
    ['a debt was named that is not of this door', { chosen_line: 'line-9' }, true],
    ['the creditor agreed otherwise', { chosen_line: 'line-2' }, false],
  ] as const)("is that of the creditor's order where %s", (_, part, debtorChooses) => {
    const draft = twoDebts(part, debtorChooses)

    expect(laid(draft)).toEqual(['line-1'])
    expect(moneyOf(draft)?.chosenLine).toBeNull()
  })
})

describe('who paid on a sheet of paper', () => {
  it('is the debtor until the sheet says otherwise', () => {
    expect(readSheet(sheet({}))).toMatchObject({ kind: 'ok', value: { made: { payer: null } } })
  })

  it('is the debtor on a sheet that was begun in an app that did not ask', () => {
    const { paper, ...draft } = sheet({})
    const older = Object.fromEntries(Object.entries(paper ?? {}).filter(([name]) => name !== 'payer')) as unknown as OnPaper

    expect(readSheet({ ...draft, paper: older })).toMatchObject({ kind: 'ok', value: { made: { payer: null } } })
  })

  it('stands by name on the receipt and in the report where it was somebody else', () => {
    const draft = sheet({ payer: SISTER })

    const made = moneyOf(draft)

    if (!made) throw new Error('no money on the sheet')
    expect(receiptDraft(draft.stop, made).payer).toEqual({ name: 'Lucia Neri', capacity: 'relative' })
    expect(paymentBody(made, null).payer).toEqual({ name: 'Lucia Neri', capacity: 'relative', document: 'identity_card', debtor_agrees: true })
  })

  it('is taken as written where the debtor did not agree', () => {
    expect(readSheet(sheet({ payer: { ...SISTER, agreed: false } }))).toMatchObject({
      kind: 'ok', value: { made: { payer: { name: 'Lucia Neri', debtor_agrees: false } } },
    })
  })

  it('says why only a part was paid in nobody’s place, and asks nothing where all was', () => {
    expect(onPaper(newDraft(aStop(ID), { visitId: ID, day: '2026-11-23' }), { from: '' }).paper?.reason).toBeNull()
    expect(readSheet(sheet({ reason: null }))).toMatchObject({ kind: 'refused', refusal: { code: 'pad.reason_missing' } })
    expect(readSheet(sheet({ reason: null, amount: '750,00' })).kind).toBe('ok')
  })

  it('claims no document that the agent has not said to have seen', () => {
    expect(readSheet(sheet({ identified_by: null }))).toMatchObject({ kind: 'refused', refusal: { code: 'pad.identified_missing' } })
  })

  it.each([{ name: ' ' }, { capacity: null }, { document: null }])('is asked for until it is whole: without %o nothing is entered', (missing) => {
    const draft = sheet({ payer: { ...SISTER, ...missing } })

    expect(readSheet(draft)).toMatchObject({ kind: 'refused', refusal: { code: 'pad.payer_missing' } })
    // The other questions of the sheet stay open meanwhile.
    expect(moneyOf(draft)?.residualCents).toBe(72_000)
  })
})
