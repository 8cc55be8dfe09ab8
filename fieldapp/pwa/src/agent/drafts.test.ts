import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Refused } from '../domain/reading.ts'
import { readEnvelope } from '../outbox/envelopes'
import { SEALED } from '../outbox/storage'
import {
  checkIn, closeVisit, draftFor, dropPicture, endForSafety, goOnWith, keepPicture, loadDraft, saveDraft, takeNoticeNumber, undoArrival, undoClosing,
} from './actions'
import { draftKey, withMet, withOutcome, type Draft } from './draft'
import { draftRecord } from './drafts'
import { announce, offer, take, type Offer } from './money/payment'
import { phone, raw, storage } from './phone.svelte'
import { aBundle } from './testing'
import { openPhone, receiptsOn } from './testingPhone'
import { DEBTOR_PAYS } from './money/payer'
import { possiblePlan, writePlan } from './plan/agreement'
import type { StopCard } from './shapes'
import { withoutUnfinished, withUnfinished } from './unfinished'
import { typing } from './visit/typing'

const OFF = { position: null, reason: 'off' } as const
const OTHER_WINDOW = 'visit.other_window'
const [A, B] = ['0198a3c2-7f00-7abc-8def-00000000000a', '0198a3c2-7f00-7abc-8def-00000000000b']

/** Two practices of one person behind one door. */
beforeEach(async () => {
  const bundle = aBundle([A, B])
  const [first, second] = bundle.stops.map((stop) => ({
    ...stop, practice: { ...stop.practice, obligors: [{ id: 'o', role: 'debtor' as const, kind: 'person' as const, name: 'Bianchi Mario', tax_code: 'BNCMRA80A01E648X', vat_number: null }] },
  }))
  if (!first || !second) throw new Error('two stops')
  await openPhone({ ...bundle, stops: [first, { ...second, address: { ...first.address, id: B } }] })
})

function stop(id: string): StopCard {
  const known = phone.bundle?.stops.find((one) => one.stop_id === id)
  if (!known) throw new Error('no such stop')
  return known
}

function money(cents: number, method = 'cash'): Offer {
  const answers = method === 'bank_transfer' ? { expected_on: '2099-01-01' } : {}
  const made = offer({ stop: stop(A), amountCents: cents, method, answers }, [])
  if (made.kind === 'refused') throw made.refusal
  return made.value
}

/** At the door, the debtor recognised. */
async function atTheDoor(id: string): Promise<Draft> {
  const arrived = await checkIn({ ...draftFor(stop(id)), arrived_at: new Date().toISOString() }, OFF)
  return saveDraft({ ...withMet(arrived, 'debtor'), identified_by: 'document', identified_self: true })
}

const code = (problem: unknown): string => (problem as Refused).code
const numbersOf = (draft: Draft | null): unknown[] => (draft?.payments ?? []).map(({ receipt }) => receipt?.value['number'])

describe('two windows on one visit', () => {
  it('that hold the button in the same moment give one receipt, which the visit holds; the other is told', async () => {
    const both = await atTheDoor(A)

    const held = await Promise.allSettled([take(both, money(4_000)), take(both, money(3_000))])

    expect(held.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(held.flatMap((one) => (one.status === 'rejected' ? [code(one.reason)] : []))).toEqual([OTHER_WINDOW])
    expect((await receiptsOn()).map(({ seq }) => seq)).toEqual([1])
    expect(numbersOf(await loadDraft(A))).toEqual([1])
    // The number that nobody got is the next one's.
    const again = await loadDraft(A)
    expect(numbersOf(again && (await take(again, money(3_000))))).toEqual([1, 2])
  })

  it('never write over money with anything else', async () => {
    const before = await atTheDoor(A)
    await take(before, money(4_000))
    const picture = { sha256: 'a'.repeat(64), small_sha256: null, purpose: 'street', media_type: 'image/jpeg', size: 1 } as const
    const wish = { wish: { by: 'count', count: 5 }, every: 'month', firstCents: 0, firstDueOn: '2099-01-01' } as const
    const plan = possiblePlan({ ...stop(A), practice: { ...stop(A).practice, terms: { ...stop(A).practice.terms, first_within_days: 99_999 } } }, wish, [])
    if (plan.kind === 'refused') throw plan.refusal
    const stale: Record<string, () => Promise<unknown>> = {
      typing: () => saveDraft({ ...before, statement: 'Non ricordo.' }),
      arrival: () => checkIn(before, OFF),
      'arrival taken back': () => undoArrival(before),
      announcement: () => announce(before, money(1_000, 'bank_transfer')),
      number: () => takeNoticeNumber(before),
      picture: () => keepPicture(before, { picture, records: [] }),
      'picture dropped': () => dropPicture(before, picture.sha256),
      plan: () => writePlan(before, plan.value),
      closing: () => closeVisit({ ...withOutcome(before, 'REFUSES'), answers: { reason: 'not_said' } }, typing),
    }

    const said = await Promise.all(Object.entries(stale).map(async ([name, work]) => [name, await work().then(() => 'written', code)]))

    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(Object.keys(stale).map((name) => [name, OTHER_WINDOW])))
    expect(numbersOf(await loadDraft(A))).toEqual([1])
    expect(phone.items.filter((item) => item.kind === 'visit')).toEqual([])
  })

  it('give no receipt beyond what a report holds, and announce nothing more', async () => {
    let draft = await atTheDoor(A)
    for (let n = 0; n < 10; n += 1) draft = await take(draft, money(100))

    expect(code(await take(draft, money(100)).catch((problem: unknown) => problem))).toBe('payment.too_many')
    expect(code(await announce(draft, money(100, 'bank_transfer')).catch((problem: unknown) => problem))).toBe('payment.too_many')
    expect(numbersOf(await loadDraft(A))).toHaveLength(10)
    expect(await receiptsOn()).toHaveLength(10)
  })

  it('spend no notice number twice', async () => {
    const both = await checkIn({ ...draftFor(stop(A)), arrived_at: new Date().toISOString() }, OFF)

    await Promise.allSettled([takeNoticeNumber(both), takeNoticeNumber(both)])

    const lying = await loadDraft(A)
    expect(lying?.answers['notice.number']).toBe('N1-000001')
  })

  it('take a closed visit up again only where none was begun in its place', async () => {
    const draft = await checkIn({ ...draftFor(stop(A)), arrived_at: new Date().toISOString() }, OFF)
    const closed = await closeVisit({ ...withOutcome(withMet(draft, 'nobody'), 'ABSENT_NO_NOTICE'), answers: { reason: 'no_letterbox' } }, typing)
    const anew = await saveDraft({ ...draftFor(stop(A)), met: 'nobody' })

    expect(await undoClosing(closed).catch(code)).toBe(OTHER_WINDOW)
    expect((await loadDraft(A))?.visit_id).toBe(anew.visit_id)
  })

  it('know a visit that an earlier app wrote, which counted nothing', async () => {
    const { written, ...older } = await atTheDoor(A)
    const record = draftRecord(older)
    await storage.write({ put: [{ ...record, key: `draft:${A}` }], remove: [record.key] })

    const lying = await loadDraft(A)

    expect(written).toBeGreaterThan(0)
    expect(numbersOf(lying && (await take(lying, money(4_000))))).toEqual([1])
    expect(await storage.keysOf('draft', 'bound')).toEqual([record.key])
  })

  it.each([
    ['typing', (draft: Draft) => saveDraft(draft)],
    ['arriving', (draft: Draft) => checkIn({ ...draft, arrived_at: new Date().toISOString() }, OFF)],
  ])('do not both begin it: %s', async (_, begin) => {
    const begun = await Promise.allSettled([begin(draftFor(stop(A))), begin(draftFor(stop(A)))])

    expect(begun.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await storage.ofKind('draft')).toHaveLength(1)
  })

  it('end it in danger as it lies there, with the money that the other took', async () => {
    const before = await atTheDoor(A)
    await take(before, money(4_000))

    expect(await endForSafety(before)).toBe(true)

    const report = phone.items.find((item) => item.kind === 'visit')
    expect(report?.body).toMatchObject({ outcome: 'UNSAFE', payments: [{ amount_cents: 4_000 }] })
    expect(await storage.ofKind('draft')).toEqual([])
  })

  it('leave a visit in its place that outlived a wipe, when its stop is visited anew', async () => {
    const before = await take(await atTheDoor(A), money(4_000))
    await raw.mark(draftKey(before), SEALED)

    await take(await atTheDoor(A), money(3_000))

    expect((await raw.ofKind('draft')).map(({ state }) => state).sort()).toEqual(['bound', SEALED])
  })
})

describe('forms over a visit', () => {
  const payment = { method: 'cheque', amount: '152,00', answers: { bank: 'Banca Esempio' }, payer: DEBTOR_PAYS }

  it('lie in its draft as they were typed, and with the receipt they are gone', async () => {
    const typed = await saveDraft(withUnfinished(await atTheDoor(A), { payment }))
    expect((await loadDraft(A))?.unfinished).toEqual({ payment })

    await take(withoutUnfinished(typed, 'payment'), money(4_000))

    expect((await loadDraft(A))?.unfinished).toEqual({})
  })

  it('lie nowhere once the debtor turns out not to be the one who was met', async () => {
    const typed = withUnfinished(await atTheDoor(A), { payment })

    await saveDraft(withMet(typed, 'third_party'))

    expect(JSON.stringify(await loadDraft(A))).not.toContain('152,00')
  })
})

describe('two practices behind one door', () => {
  it('go on with the visit that was begun already, with the money in it', async () => {
    const other = await take(await atTheDoor(B), money(3_000))
    const first = await atTheDoor(A)

    const next = await goOnWith(first, stop(B))

    expect(next.visit_id).toBe(other.visit_id)
    expect(numbersOf(await loadDraft(B))).toEqual([1])
    expect(phone.items.filter((item) => item.kind === 'check_in')).toHaveLength(2)
  })

  it('begin with what the first one knows where the other was only looked at', async () => {
    const looked = await saveDraft(draftFor(stop(B)))
    const first = await atTheDoor(A)

    const next = await goOnWith(first, stop(B))

    expect(next).toMatchObject({ visit_id: looked.visit_id, with_visit_id: first.visit_id, met: 'debtor', arrived_at: first.arrived_at })
    const written = (await storage.ofKind('envelope')).map((record) => readEnvelope(record)).filter(({ kind }) => kind === 'check_in')
    expect(written.at(-1)?.text).toContain(looked.visit_id)
  })
})
