/**
 * What the phone keeps, behind one door: IndexedDB is named nowhere else.
 *
 * A stored record is `{key, kind, state, seq, bytes}`. Keys are ids and digests, states are words of ours and
 * everything personal is inside `bytes`, so that encryption can go in here without touching a screen.
 */
import Dexie, { type Table } from 'dexie'

export type RecordKind = 'envelope' | 'original' | 'small' | 'draft' | 'receipt' | 'counters' | 'day' | 'setting'

export interface StoredRecord {
  readonly key: string
  readonly kind: RecordKind
  readonly state: string
  readonly seq: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** One compare-and-write: everything in `put` and `remove` happens, or nothing because `expect` no longer holds. */
export interface Change {
  readonly expect?: readonly { readonly key: string; readonly bytes: Uint8Array | null }[]
  readonly put?: readonly StoredRecord[]
  readonly remove?: readonly string[]
}

export interface Storage {
  get(key: string): Promise<StoredRecord | undefined>
  ofKind(kind: RecordKind): Promise<StoredRecord[]>
  /** Counts without loading any bytes. */
  keysOf(kind: RecordKind, state: string): Promise<string[]>
  write(change: Change): Promise<'written' | 'changed'>
  /** Moves one record to another state; its bytes stay. */
  mark(key: string, state: string): Promise<void>
  /** The next number of a counter that never falls, safe between tabs. */
  raise(counter: string): Promise<number>
  keyPair(): Promise<CryptoKeyPair | undefined>
  keepKeyPair(pair: CryptoKeyPair): Promise<void>
  wipe(): Promise<void>
  close(): void
}

interface KeyRow {
  readonly key: string
  readonly pair: CryptoKeyPair
}

class Database extends Dexie {
  declare records: Table<StoredRecord, string>
  declare keys: Table<KeyRow, string>
  declare counters: Table<{ key: string; value: number }, string>

  constructor(name: string) {
    super(name)
    this.version(1).stores({ records: 'key, [kind+state], kind', keys: 'key', counters: 'key' })
  }
}

export function openStorage(name = 'fieldapp'): Storage {
  const database = new Database(name)
  const { records, keys, counters } = database
  return {
    get: (key) => records.get(key),
    ofKind: (kind) => records.where('kind').equals(kind).sortBy('seq'),
    keysOf: (kind, state) => records.where('[kind+state]').equals([kind, state]).primaryKeys(),
    // Nothing but database calls may be awaited in here: anything else would commit the transaction early.
    write: ({ expect = [], put = [], remove = [] }) =>
      database.transaction('rw', records, async () => {
        for (const { key, bytes } of expect) {
          const held = await records.get(key)
          if (!same(held?.bytes ?? null, bytes)) return 'changed' as const
        }
        await records.bulkDelete([...remove])
        await records.bulkPut([...put])
        return 'written' as const
      }),
    mark: async (key, state) => {
      await records.update(key, { state })
    },
    raise: (counter) =>
      database.transaction('rw', counters, async () => {
        const value = ((await counters.get(counter))?.value ?? 0) + 1
        await counters.put({ key: counter, value })
        return value
      }),
    keyPair: async () => (await keys.get('device'))?.pair,
    keepKeyPair: async (pair) => {
      await keys.put({ key: 'device', pair })
    },
    wipe: async () => {
      await database.transaction('rw', records, keys, counters, async () => {
        await Promise.all([records.clear(), keys.clear(), counters.clear()])
      })
    },
    close: () => {
      database.close()
    },
  }
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const toBytes = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value))

/** The value inside a record that this app wrote itself. */
export const fromBytes = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T
