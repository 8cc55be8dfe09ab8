import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { countersRecord, firstCounters } from '../outbox/envelopes'
import { openStorage, type Storage } from '../outbox/storage'
import { readItem, type OutboxItem } from './day'
import { begunFor, begunTo, changesOf, correctableFields, countOf, forgetBegun, keepBegun, questionsOf, typedFor, writeAnswer } from './questions'
import type { DayBundle, QuestionCard } from './shapes'
import { aBundle } from './testing'

const ID = '0198c0de-0000-7000-8000-000000000001'
const question = (more: Partial<QuestionCard> = {}): QuestionCard => ({
  id: ID, reason: 'details', text: 'Chi lo ha detto?', asked_at: '2026-11-23T09:00:00Z', asked_by: 'Elena Rossi', withdrawn_at: null,
  visit: {
    visit_id: ID, address_text: 'Via Roma 1, Lodi', arrived_at: '2026-11-23T08:10:00Z', outcome: 'MOVED', met: 'third_party', role: 'neighbour',
    observations: ['to_let', 'name_missing'], captured: { source: 'neighbour', new_address: 'Via Adda 3' }, correctable: ['source', 'new_address'],
  },
  ...more,
})
const dayWith = (...questions: QuestionCard[]): DayBundle => ({ ...aBundle(['a']), questions })

let storage: Storage
let names = 0

beforeEach(async () => {
  storage = openStorage(`questions-${String((names += 1))}`)
  await storage.write({ put: [countersRecord(firstCounters({ device_id: ID, next_seq: 1, chain_head: '', blocks: [] }))] })
})
afterEach(() => {
  storage.close()
})

const written = async (): Promise<OutboxItem[]> => (await storage.ofKind('envelope')).map(readItem)
// The phone's clock is three minutes slow.
const clock = { nowMs: Date.parse('2026-11-23T09:27:00Z'), offsetMs: 180_000 }
const save = (text = ' La portinaia. ', changes = {}): Promise<boolean> => writeAnswer(storage, ID, { text, changes }, clock)

describe('a question of the office', () => {
  it('waits until it is answered here', async () => {
    expect(questionsOf(dayWith(question()), await written()).waiting).toEqual([question()])

    await save()

    expect(questionsOf(dayWith(question()), await written())).toEqual({ waiting: [], withdrawn: [] })
  })

  it('is answered once, however often it is tapped', async () => {
    expect(await Promise.all([save(), save(), save()])).toEqual([true, false, false])

    const [item, ...more] = await written()
    expect(more).toEqual([])
    expect(item).toMatchObject({
      kind: 'visit_answer', state: 'waiting', seq: 1,
      body: { question_id: ID, text: 'La portinaia.', changes: null, at: '2026-11-23T09:30:00.000Z' },
    })
  })

  it('may be answered again where the office refused the first answer', async () => {
    await save()
    const [item] = await written()
    await storage.mark(item?.id ?? '', 'refused')

    expect(questionsOf(dayWith(question()), await written()).waiting).toHaveLength(1)
    expect(await save()).toBe(true)
  })

  it('is shown as withdrawn unless it was answered before', async () => {
    const gone = question({ text: '', withdrawn_at: '2026-11-23T09:20:00Z' })
    expect(questionsOf(dayWith(gone), [])).toEqual({ waiting: [], withdrawn: [gone] })

    await save()

    expect(questionsOf(dayWith(gone), await written())).toEqual({ waiting: [], withdrawn: [] })
  })

  it('is missing from a day that an older app has kept', () => {
    const old: Partial<DayBundle> = { ...dayWith() }
    delete old.questions

    expect(questionsOf(old as DayBundle, [])).toEqual({ waiting: [], withdrawn: [] })
    expect(questionsOf(null, [])).toEqual({ waiting: [], withdrawn: [] })
  })
})

describe('an answer that was begun', () => {
  const begun = { text: 'La porti', observations: ['to_let'], role: 'relative', captured: { source: 'neighbour', new_address: '' } }

  it('is there again in an app that was started anew', async () => {
    await keepBegun(storage, ID, begun)
    const [anew, other] = [openStorage(`questions-${String(names)}`), question({ id: '0198c0de-0000-7000-8000-000000000002' })]

    expect(await begunFor(anew, question())).toEqual(begun)
    expect(await begunTo(anew)).toEqual(new Set([ID]))
    expect(await begunFor(anew, other)).toEqual(typedFor(other))
    anew.close()
  })

  it('is gone with the answer, in one step', async () => {
    await keepBegun(storage, ID, begun)

    await save()

    expect(await begunTo(storage)).toEqual(new Set())
    expect(await begunFor(storage, question())).toEqual(typedFor(question()))
  })

  it.each([['taken back', [question({ withdrawn_at: '2026-11-23T10:00:00Z' })]], ['no longer asked', []]] as const)('is forgotten once its question is %s', async (_, questions) => {
    await keepBegun(storage, ID, begun)

    await forgetBegun(storage, dayWith(question()))
    expect(await begunTo(storage)).toEqual(new Set([ID]))
    await forgetBegun(storage, dayWith(...questions))

    expect(await begunTo(storage)).toEqual(new Set())
  })
})

describe('a correction', () => {
  it('asks for the fields that the office opens, in the order of the form', () => {
    expect(correctableFields(question()).map(({ name }) => name)).toEqual(['source', 'new_address'])
  })

  it('is nothing where nothing was touched, in whatever order things were seen', () => {
    const asked = question()
    expect(changesOf(asked, typedFor(asked))).toEqual({})
    expect(changesOf(asked, { ...typedFor(asked), observations: ['name_missing', 'to_let'] })).toEqual({})
  })

  it('holds only what differs, and takes away what may be left out', () => {
    const asked = question()
    const typed = { ...typedFor(asked), role: 'concierge', observations: ['to_let'], captured: { source: 'sign', new_address: ' ' } }

    const changes = changesOf(asked, typed)

    expect(changes).toEqual({ role: 'concierge', observations: ['to_let'], captured: { source: 'sign', new_address: null } })
    expect(countOf(changes)).toBe(4)
  })

  it('does not take away what the form asks for', () => {
    const asked = question()

    expect(changesOf(asked, { ...typedFor(asked), captured: { source: '', new_address: 'Via Adda 3' } })).toEqual({})
  })

  it('travels without words where none were written', async () => {
    await save('  ', { role: 'concierge' })

    expect((await written())[0]?.body).toMatchObject({ text: null, changes: { role: 'concierge' } })
  })
})
