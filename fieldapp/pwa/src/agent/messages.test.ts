import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { countersRecord, firstCounters } from '../outbox/envelopes'
import { openStorage, type Storage } from '../outbox/storage'
import { readItem, type OutboxItem } from './day'
import { messagesOf, writeReading } from './messages'
import type { DayBundle, MessageCard } from './shapes'
import { aBundle } from './testing'

const ID = '0198c0de-0000-7000-8000-000000000001'
const message = (more: Partial<MessageCard> = {}): MessageCard => ({
  id: ID, text: 'Via Roma è chiusa.', sent_at: '2026-11-23T09:00:00Z', sent_by: 'Elena Rossi', read_at: null, withdrawn_at: null, ...more,
})
const dayWith = (...messages: MessageCard[]): DayBundle => ({ ...aBundle(['a']), messages })

let storage: Storage
let names = 0

beforeEach(async () => {
  storage = openStorage(`messages-${String((names += 1))}`)
  await storage.write({ put: [countersRecord(firstCounters({ device_id: ID, next_seq: 1, chain_head: '', blocks: [] }))] })
})
afterEach(() => {
  storage.close()
})

const written = async (): Promise<OutboxItem[]> => (await storage.ofKind('envelope')).map(readItem)
// The phone's clock is three minutes slow.
const tap = (nowMs = Date.parse('2026-11-23T09:27:00Z')): Promise<boolean> => writeReading(storage, ID, { nowMs, offsetMs: 180_000 })

describe('a message of the office', () => {
  it('waits until it is read', async () => {
    const bundle = dayWith(message())
    expect(messagesOf(bundle, await written()).waiting).toEqual([message()])

    await tap()

    const after = messagesOf(bundle, await written())
    expect(after.waiting).toEqual([])
    expect(after.read).toEqual([{ message: message(), at: '2026-11-23T09:30:00.000Z' }])
  })

  it('is read once, however often it is tapped', async () => {
    expect(await Promise.all([tap(), tap(), tap()])).toEqual([true, false, false])
    expect(await tap()).toBe(false)

    const [item, ...more] = await written()
    expect(more).toEqual([])
    expect(item).toMatchObject({ kind: 'message_read', state: 'waiting', seq: 1, body: { message_id: ID, at: '2026-11-23T09:30:00.000Z' } })
  })

  it('may be read again where the office refused the first reading', async () => {
    await tap()
    const [item] = await written()
    await storage.mark(item?.id ?? '', 'refused')

    expect(messagesOf(dayWith(message()), await written()).waiting).toHaveLength(1)
    expect(await tap()).toBe(true)
  })

  it('was read on another phone of the same agent', () => {
    const read_at = '2026-11-23T09:10:00Z'

    expect(messagesOf(dayWith(message({ read_at })), [])).toMatchObject({ waiting: [], read: [{ at: read_at }] })
  })

  it('is shown as withdrawn unless it was read before', async () => {
    const gone = message({ text: '', withdrawn_at: '2026-11-23T09:20:00Z' })
    expect(messagesOf(dayWith(gone), [])).toMatchObject({ waiting: [], withdrawn: [gone], read: [] })

    await tap()

    expect(messagesOf(dayWith(gone), await written())).toMatchObject({ waiting: [], withdrawn: [], read: [{ message: gone }] })
  })

  it('is missing from a day that an older app has kept', () => {
    const old: Partial<DayBundle> = { ...dayWith() }
    delete old.messages

    expect(messagesOf(old as DayBundle, [])).toEqual({ waiting: [], withdrawn: [], read: [] })
    expect(messagesOf(null, [])).toEqual({ waiting: [], withdrawn: [], read: [] })
  })
})
