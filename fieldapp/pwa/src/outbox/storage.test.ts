import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  bodyOf, commit, COUNTERS, countersRecord, firstCounters, nextNumber, numbersLeft, readEnvelope, seal, takeBack, withBlocks,
  type Counters, type GrantedBlock,
} from './envelopes'
import { sha256Hex, uuid7 } from './bytes'
import { fromBytes, NotWritten, openStorage, toBytes, type Storage } from './storage'

const block = (first: number, last: number, more: Partial<GrantedBlock> = {}): GrantedBlock => ({
  kind: 'receipt', series: 'A7', first, last, next: first, ...more,
})
const enrolment = { device_id: '0198a3c2-7f00-7abc-8def-0123456789ab', next_seq: 1, chain_head: '', blocks: [block(1, 3)] }
const some = { kind: 'contact' as const, body: { n: 1 }, nowMs: 1_000, offsetMs: 500, pictures: [] }

let storage: Storage
let names = 0

beforeEach(async () => {
  storage = openStorage(`test-${String((names += 1))}`)
  await storage.write({ put: [countersRecord(firstCounters(enrolment))] })
})
afterEach(() => {
  storage.close()
})

const write = (restMs = 0): Promise<string> =>
  commit(storage, async (counters) => {
    const sealed = await seal(counters, { ...some, restMs })
    return { counters: sealed.counters, put: [sealed.record], result: sealed.envelope.id }
  })
const counters = async (): Promise<Counters> => fromBytes<Counters>((await storage.get(COUNTERS))?.bytes ?? toBytes({}))

describe('writing an envelope', () => {
  it('keeps the exact text that its digest was taken over', async () => {
    const id = await write()

    const envelope = readEnvelope((await storage.get(id)) ?? { key: '', kind: 'envelope', state: '', seq: 0, bytes: toBytes({}) })
    expect(await sha256Hex(envelope.text)).toBe(envelope.digest)
    expect(JSON.parse(envelope.text)).toMatchObject({ v: 1, seq: 1, kind: 'contact', recorded_at: '1970-01-01T00:00:01.500Z', clock_offset_ms: 500 })
    expect(bodyOf(envelope)).toEqual({ n: 1 })
  })

  it('gives every writer its own number when many write at once', async () => {
    await Promise.all(Array.from({ length: 12 }, () => write()))

    const seqs = (await storage.ofKind('envelope')).map((record) => record.seq)
    expect(seqs).toEqual(Array.from({ length: 12 }, (_, at) => at + 1))
    expect((await counters()).next_seq).toBe(13)
  })

  it('starts again when another tab moved the counters meanwhile', async () => {
    let rounds = 0
    await commit(storage, async (known) => {
      rounds += 1
      if (rounds === 1) await storage.write({ put: [countersRecord({ ...known, next_seq: 40 })] })
      const sealed = await seal(known, { ...some, restMs: 0 })
      return { counters: sealed.counters, put: [sealed.record], result: undefined }
    })

    expect(rounds).toBe(2)
    expect((await storage.ofKind('envelope')).map((record) => record.seq)).toEqual([40])
  })

  it('writes all or nothing', async () => {
    const outcome = await storage.write({ expect: [{ key: 'nothing', bytes: toBytes(1) }], put: [countersRecord({ ...(await counters()), next_seq: 9 })] })

    expect(outcome).toBe('changed')
    expect((await counters()).next_seq).toBe(1)
  })

  it('keeps what it was to remove when the browser refuses a row on the spot', async () => {
    const row = { ...countersRecord(await counters()), key: 'odd', bytes: (() => 1) as never }

    await expect(storage.write({ remove: [COUNTERS], put: [row] })).rejects.toBeInstanceOf(NotWritten)

    expect((await counters()).next_seq).toBe(1)
  })
})

describe('taking back', () => {
  it('frees the sequence number of the last envelope while it rests', async () => {
    const id = await write(10_000)

    expect(await takeBack(storage, id, { nowMs: 2_000 })).toBe(true)
    expect(await storage.get(id)).toBeUndefined()
    expect((await counters()).next_seq).toBe(1)
  })

  it.each([
    ['it no longer rests', 12_000, false],
    ['another was written after it', 2_000, true],
  ])('is refused when %s', async (_, nowMs, another) => {
    const id = await write(10_000)
    if (another) await write()

    expect(await takeBack(storage, id, { nowMs })).toBe(false)
    expect(await storage.get(id)).toBeDefined()
  })
})

describe('granted numbers', () => {
  const series = (blocks: GrantedBlock[], used = 0): NonNullable<Counters['receipt']> => {
    const made = withBlocks(firstCounters({ ...enrolment, blocks: [] }), blocks).receipt
    if (!made) throw new Error('no series')
    return { ...made, used }
  }

  it.each([
    ['a fresh block', [block(1, 3)], 0, 1, 3],
    ['a block in use', [block(1, 3)], 2, 3, 1],
    ['the second block after the first', [block(1, 3), block(10, 12)], 3, 10, 3],
    ['what the office knows to be used', [block(1, 3, { next: 3 })], 0, 3, 1],
    ['nothing when all are used', [block(1, 3)], 3, null, 0],
  ])('continue with %s', (_, blocks, used, number, left) => {
    expect(nextNumber(series(blocks, used))).toBe(number)
    expect(numbersLeft(series(blocks, used))).toBe(left)
  })

  it('never fall back when an older day is read again', async () => {
    const used = { ...(await counters()), receipt: series([block(1, 3)], 2) }

    expect(withBlocks(used, [block(1, 3), block(4, 6)]).receipt).toMatchObject({ used: 2, blocks: [{ first: 1 }, { first: 4 }] })
  })
})

describe('a phone of the app before', () => {
  it('goes on with what it holds', async () => {
    const asked = indexedDB.open('before', 10)
    const row = { key: 'draft:1', kind: 'draft', state: 'open', seq: 7, bytes: toBytes({ v: 1 }) } as const
    await new Promise<void>((done, failed) => {
      asked.onerror = () => {
        failed(asked.error ?? new Error('not opened'))
      }
      asked.onupgradeneeded = () => {
        const records = asked.result.createObjectStore('records', { keyPath: 'key' })
        records.createIndex('[kind+state]', ['kind', 'state'])
        records.createIndex('kind', 'kind')
        asked.result.createObjectStore('keys', { keyPath: 'key' })
        asked.result.createObjectStore('counters', { keyPath: 'key' })
        records.put(row)
      }
      asked.onsuccess = () => {
        asked.result.close()
        done()
      }
    })

    const now = openStorage('before')
    expect(await now.ofKind('draft')).toEqual([row])
    expect(await now.keysOf('draft', 'open')).toEqual(['draft:1'])
    expect(await now.write({ expect: [{ key: row.key, bytes: row.bytes }], remove: [row.key] })).toBe('written')
    expect(await now.get(row.key)).toBeUndefined()
    now.close()
  })

  it('opens its database again where the browser took it away', async () => {
    const held = openStorage('taken')
    await held.write({ put: [{ key: 'setting:a', kind: 'setting', state: 'kept', seq: 0, bytes: toBytes(1) }] })

    // This window makes room for whoever empties the browser, and neither hangs.
    await new Promise((done) => {
      indexedDB.deleteDatabase('taken').onsuccess = done
    })

    expect(await held.get('setting:a')).toBeUndefined()
    expect(await held.raise('counter')).toBe(1)
    held.close()
  })
})

describe('ids', () => {
  it('are UUIDs of version 7 that sort by time', () => {
    const [early, late] = [uuid7(1_000), uuid7(2_000)]

    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(early < late).toBe(true)
  })
})
