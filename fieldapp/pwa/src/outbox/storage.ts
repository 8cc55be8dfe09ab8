/**
 * What the phone keeps, behind one door: IndexedDB is named nowhere else.
 *
 * A stored record is `{key, kind, state, seq, bytes}`. Keys are ids and digests, states are words of ours and
 * everything personal is inside `bytes`. What lies here is a `Row`: its bytes are encrypted (`vault.ts`), and no more is
 * known of them in this file.
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

/** A record as it lies on the phone. */
export interface Row extends StoredRecord {
  /** The day key that opens it; missing on what an app before locks has left in the clear, and on what never is secret. */
  readonly by?: string
  /** The key of `bytes`, for the day key. */
  readonly own?: Uint8Array<ArrayBuffer>
  /** The key of `bytes`, for the office alone. */
  readonly office?: Uint8Array<ArrayBuffer>
}

/** What only the office can open: the state of work that outlived a wipe. */
export const SEALED = 'sealed'

/** One compare-and-write: everything in `put` and `remove` happens, or nothing because `expect` no longer holds. */
export interface Change {
  readonly expect?: readonly { readonly key: string; readonly bytes: Uint8Array | null; readonly state?: string }[]
  readonly put?: readonly Row[]
  readonly remove?: readonly string[]
  /** The day key under which this is written: the change is `locked` out when another has taken its place. */
  readonly under?: string
}

/** How the day keys are wrapped: a PIN stretched with Argon2id, or a passkey's own secret. */
export type Wrapping =
  | { readonly kind: 'pin'; readonly salt: Uint8Array<ArrayBuffer>; readonly cost: Cost }
  | { readonly kind: 'passkey'; readonly salt: Uint8Array<ArrayBuffer>; readonly credential: Uint8Array<ArrayBuffer> }

/** Argon2id: kibibytes of memory, passes over it. */
export interface Cost {
  readonly memory_kib: number
  readonly passes: number
}

export interface WrappedDayKey {
  readonly id: string
  readonly day: string
  readonly wrapped: Uint8Array<ArrayBuffer>
}

export type WipedBecause = 'pin' | 'forgotten' | 'office'

/** The lock of this phone, one row: whatever changes in it changes at once. */
export interface LockRow {
  readonly key: 'lock'
  /** HMAC-SHA-256, not extractable: what is tried elsewhere than in this browser does not open. */
  readonly binding: CryptoKey
  readonly wrapping: Wrapping
  /** The newest last: only that one is written under. None after a wipe. */
  readonly day_keys: readonly WrappedDayKey[]
  readonly failures: number
  /** Counted down while the app is open: no clock that somebody can set plays a part. */
  readonly wait_ms: number
  readonly wiped: WipedBecause | null
}

export interface Storage {
  get(key: string): Promise<Row | undefined>
  ofKind(kind: RecordKind): Promise<Row[]>
  /** Counts without loading any bytes. */
  keysOf(kind: RecordKind, state: string): Promise<string[]>
  write(change: Change): Promise<'written' | 'changed' | 'locked'>
  /** Moves one record to another state; its bytes stay. */
  mark(key: string, state: string): Promise<void>
  /** The next number of a counter that never falls, safe between tabs. */
  raise(counter: string): Promise<number>
  keyPair(): Promise<CryptoKeyPair | undefined>
  keepKeyPair(pair: CryptoKeyPair): Promise<void>
  lock(): Promise<LockRow | undefined>
  /** `change` makes the next lock of the one that is held; what it returns stands. */
  changeLock(change: (held: LockRow | undefined) => LockRow): Promise<LockRow>
  /** Forgets the cases and every key to them. What the office has not acknowledged stays, sealed to it; `sealed` are such rows for what lies in the clear. */
  wipeCases(because: WipedBecause, sealed: readonly Row[]): Promise<void>
  /** Forgets everything. */
  wipe(): Promise<void>
  close(): void
}

interface DeviceRow {
  readonly key: 'device'
  readonly pair: CryptoKeyPair
}

class Database extends Dexie {
  declare records: Table<Row, string>
  declare keys: Table<DeviceRow | LockRow, string>
  declare counters: Table<{ key: string; value: number }, string>

  constructor(name: string) {
    super(name)
    this.version(1).stores({ records: 'key, [kind+state], kind', keys: 'key', counters: 'key' })
  }
}

export function openStorage(name = 'fieldapp'): Storage {
  const database = new Database(name)
  const { records, keys, counters } = database

  async function lock(): Promise<LockRow | undefined> {
    const row = await keys.get('lock')
    return row && 'binding' in row ? row : undefined
  }

  return {
    get: (key) => records.get(key),
    ofKind: (kind) => records.where('kind').equals(kind).sortBy('seq'),
    keysOf: (kind, state) => records.where('[kind+state]').equals([kind, state]).primaryKeys(),
    // Nothing but database calls may be awaited in here: anything else would commit the transaction early.
    write: ({ expect = [], put = [], remove = [], under }) =>
      database.transaction('rw', records, keys, async () => {
        if (under !== undefined && (await lock())?.day_keys.at(-1)?.id !== under) return 'locked' as const
        for (const { key, bytes, state } of expect) {
          const held = await records.get(key)
          if (!same(held?.bytes ?? null, bytes) || (state !== undefined && held?.state !== state)) return 'changed' as const
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
    keyPair: async () => {
      const row = await keys.get('device')
      return row && 'pair' in row ? row.pair : undefined
    },
    keepKeyPair: async (pair) => {
      await keys.put({ key: 'device', pair })
    },
    lock,
    changeLock: (change) =>
      database.transaction('rw', keys, async () => {
        const next = change(await lock())
        await keys.put(next)
        return next
      }),
    wipeCases: (because, sealed) =>
      database.transaction('rw', records, keys, async () => {
        const held = await lock()
        const rows = await records.toArray()
        const { kept, gone } = afterWipe(rows, new Map(sealed.map((row) => [row.key, row])))
        await records.bulkDelete(gone)
        await records.bulkPut(kept)
        if (held) await keys.put({ ...held, day_keys: [], failures: 0, wait_ms: 0, wiped: because })
      }),
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

const OUTBOX: ReadonlySet<RecordKind> = new Set(['envelope', 'small', 'original'])

/** Counters and settings hold nothing of a case: a phone goes on numbering where it stopped, whatever it has forgotten. */
export const isOpenKind = (kind: RecordKind): boolean => kind === 'counters' || kind === 'setting'

/** An open visit in which money, a signature or a number was given: it may not be forgotten either. */
export const BOUND = 'bound'

/** Whether the office has not yet said that it holds this. */
export const isUnsent = ({ kind, state }: StoredRecord): boolean =>
  OUTBOX.has(kind) ? state !== 'accepted' && state !== 'draft' : kind === 'draft' && (state === SEALED || state === BOUND)

function afterWipe(rows: readonly Row[], sealed: ReadonlyMap<string, Row>): { kept: Row[]; gone: string[] } {
  const kept: Row[] = []
  const gone: string[] = []
  for (const lying of rows) {
    if (isOpenKind(lying.kind)) continue
    const row = lying.by === undefined && !lying.office ? (sealed.get(lying.key) ?? lying) : lying
    if (row.office && isUnsent(row)) {
      const { key, kind, seq, bytes, office } = row
      kept.push({ key, kind, state: SEALED, seq, bytes, office })
    } else if (!isUnsent(row) || row.by !== undefined) gone.push(row.key)
  }
  return { kept, gone }
}

export function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const toBytes = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value))

/** The value inside a record that this app wrote itself. */
export const fromBytes = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T
