/**
 * What the phone keeps, behind one door: IndexedDB is named nowhere else.
 *
 * A stored record is `{key, kind, state, seq, bytes}`. Keys are ids and digests, states are words of ours and
 * everything personal is inside `bytes`. What lies here is a `Row`: its bytes are encrypted (`vault.ts`), and no more is
 * known of them in this file.
 */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb'

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

/** The phone could not write: its storage is full or broken. Nothing of the change happened. */
export class NotWritten extends Error {}

/** One compare-and-write: everything in `put` and `remove` happens, or nothing because `expect` no longer holds. */
export interface Change {
  readonly expect?: readonly { readonly key: string; readonly bytes: Uint8Array | null; readonly state?: string }[]
  readonly put?: readonly Row[]
  readonly remove?: readonly string[]
  /** The day key under which this is written: the change is `locked` out when another has taken its place. */
  readonly under?: string
}

/** How the PIN becomes the key that wraps the day keys: stretched with Argon2id. */
export interface Wrapping {
  readonly kind: 'pin'
  readonly salt: Uint8Array<ArrayBuffer>
  readonly cost: Cost
}

/** A second way in: the PIN's key, wrapped under the secret that a passkey gives for `salt` (WebAuthn PRF). */
export interface Passkey {
  readonly credential: Uint8Array<ArrayBuffer>
  readonly salt: Uint8Array<ArrayBuffer>
  readonly wrapped: Uint8Array<ArrayBuffer>
}

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
  /** Missing on locks of an earlier app. */
  readonly passkey?: Passkey | null
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

interface Shape extends DBSchema {
  records: { key: string; value: Row; indexes: { kind: RecordKind; '[kind+state]': [RecordKind, string] } }
  keys: { key: string; value: DeviceRow | LockRow }
  counters: { key: string; value: { key: string; value: number } }
}
type Database = IDBPDatabase<Shape>
type Transaction<Stores extends StoreNames<Shape>[]> = IDBPTransaction<Shape, Stores, 'readwrite'>

/** The first apps opened the database through a library that counts in tens. */
const VERSION = 10

const openDatabase = (name: string, onLost: () => void): Promise<Database> =>
  openDB<Shape>(name, VERSION, {
    upgrade: (database) => {
      const records = database.createObjectStore('records', { keyPath: 'key' })
      records.createIndex('[kind+state]', ['kind', 'state'])
      records.createIndex('kind', 'kind')
      database.createObjectStore('keys', { keyPath: 'key' })
      database.createObjectStore('counters', { keyPath: 'key' })
    },
    // A newer app in another window, or somebody who empties the browser: neither waits for this window.
    blocking: (_current, _wanted, { target }) => {
      onLost()
      ;(target as IDBDatabase).close()
    },
    terminated: onLost,
  })

export function openStorage(name = 'fieldapp'): Storage {
  let opening: Promise<Database> | null = null

  /** Opened when it is first asked for, and anew where the browser took it away (a phone waking up). */
  function database(): Promise<Database> {
    const lost = (): void => void (opening = null)
    opening ??= openDatabase(name, lost).catch((problem: unknown) => {
      lost()
      throw problem
    })
    return opening
  }

  /** All of `work`, or nothing. Only calls of the transaction may be awaited in it: anything else would commit it early. */
  async function inOne<T, Stores extends StoreNames<Shape>[]>(stores: Stores, work: (transaction: Transaction<Stores>) => Promise<T>): Promise<T> {
    const transaction = (await database()).transaction(stores, 'readwrite')
    try {
      const made = await work(transaction)
      await transaction.done
      return made
    } catch (problem) {
      await undone(transaction)
      throw problem
    }
  }

  async function lock(): Promise<LockRow | undefined> {
    return asLock(await (await database()).get('keys', 'lock'))
  }

  return {
    get: async (key) => (await database()).get('records', key),
    ofKind: async (kind) => (await (await database()).getAllFromIndex('records', 'kind', kind)).sort((a, b) => a.seq - b.seq),
    keysOf: async (kind, state) => (await database()).getAllKeysFromIndex('records', '[kind+state]', [kind, state]),
    write: ({ expect = [], put = [], remove = [], under }) =>
      inOne(['records', 'keys'], async (transaction) => {
        const records = transaction.objectStore('records')
        const [held, ...lying] = await Promise.all([
          under === undefined ? undefined : transaction.objectStore('keys').get('lock'), ...expect.map(({ key }) => records.get(key)),
        ])
        if (under !== undefined && asLock(held)?.day_keys.at(-1)?.id !== under) return 'locked' as const
        const moved = expect.some(({ bytes, state }, at) =>
          !same(lying[at]?.bytes ?? null, bytes) || (state !== undefined && lying[at]?.state !== state))
        if (moved) return 'changed' as const
        await everyOne([...remove.map((key) => () => records.delete(key)), ...put.map((row) => () => records.put(row))])
        return 'written' as const
      }).catch((cause: unknown) => {
        throw new NotWritten('nothing was written', { cause })
      }),
    mark: (key, state) =>
      inOne(['records'], async (transaction) => {
        const records = transaction.objectStore('records')
        const row = await records.get(key)
        if (row) await records.put({ ...row, state })
      }),
    raise: (counter) =>
      inOne(['counters'], async (transaction) => {
        const counters = transaction.objectStore('counters')
        const value = ((await counters.get(counter))?.value ?? 0) + 1
        await counters.put({ key: counter, value })
        return value
      }),
    keyPair: async () => {
      const row = await (await database()).get('keys', 'device')
      return row && 'pair' in row ? row.pair : undefined
    },
    keepKeyPair: async (pair) => {
      await (await database()).put('keys', { key: 'device', pair })
    },
    lock,
    changeLock: (change) =>
      inOne(['keys'], async (transaction) => {
        const keys = transaction.objectStore('keys')
        const next = change(asLock(await keys.get('lock')))
        await keys.put(next)
        return next
      }),
    wipeCases: (because, sealed) =>
      inOne(['records', 'keys'], async (transaction) => {
        const [records, keys] = [transaction.objectStore('records'), transaction.objectStore('keys')]
        const [held, rows] = await Promise.all([keys.get('lock'), records.getAll()])
        const { kept, gone } = afterWipe(rows, new Map(sealed.map((row) => [row.key, row])))
        await everyOne([...gone.map((key) => () => records.delete(key)), ...kept.map((row) => () => records.put(row))])
        const row = asLock(held)
        if (row) await keys.put({ ...row, day_keys: [], passkey: null, failures: 0, wait_ms: 0, wiped: because })
      }),
    wipe: () =>
      inOne(['records', 'keys', 'counters'], async (transaction) => {
        await Promise.all((['records', 'keys', 'counters'] as const).map((store) => transaction.objectStore(store).clear()))
      }),
    close: () => {
      void opening?.then((held) => {
        held.close()
      })
    },
  }
}

const asLock = (row: DeviceRow | LockRow | undefined): LockRow | undefined => (row && 'binding' in row ? row : undefined)

/** All of it at once. What fails while it is still being asked leaves no other answer that nobody hears. */
const everyOne = (asked: readonly (() => Promise<unknown>)[]): Promise<unknown> => Promise.all(asked.map(async (ask) => ask()))

/** A transaction that failed leaves nothing, also where the failure was not its own. */
async function undone(transaction: { abort(): void; readonly done: Promise<void> }): Promise<void> {
  try {
    transaction.abort()
  } catch {
    // It is over already.
  }
  await transaction.done.catch(() => undefined)
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
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const toBytes = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value))

/** The value inside a record that this app wrote itself. */
export const fromBytes = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T
