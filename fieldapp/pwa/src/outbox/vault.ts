/**
 * The storage that screens and sender use: what a record says goes in and comes out, what lies on the phone is sealed.
 *
 * Each record has a key of its own, wrapped by the day key; what the office has to get is sealed to the office as well,
 * in the same moment. A row that was read as it lies (`Storage` below this one) is written as it lies, where its seals
 * are those that it needs. Nothing here knows where day keys come from (`lock.ts`). Without one, everything but counters and
 * settings is out of reach: reading and writing throw `Locked`.
 */
import { aesKey, decrypted, encrypted, forOffice, labelOf, randomBytes, type Office } from './sealing'
import { isOpenKind, isUnsent, same, SEALED, type RecordKind, type Row, type Storage, type StoredRecord } from './storage'

/** The day keys that are in hand; the newest is the one to write under. */
export interface Ring {
  readonly newest: string
  readonly keys: ReadonlyMap<string, CryptoKey>
}

export class Locked extends Error {}

export interface Vault extends Storage {
  readonly isOpen: () => boolean
  open(ring: Ring): void
  shut(): void
  /** Seals under the newest day key what lies in the clear or under an older one; returns how many records moved. */
  renew(): Promise<number>
}

const KINDS: readonly RecordKind[] = ['envelope', 'draft', 'receipt', 'day', 'small', 'original']

/** Pictures are large, and read once: they are not kept opened. */
const KEPT_OPENED: ReadonlySet<RecordKind> = new Set(['envelope', 'draft', 'receipt', 'day'])

/** They are sealed to the office when they are taken, so that closing the visit moves them as they lie. */
const isPicture = (kind: RecordKind): boolean => kind === 'small' || kind === 'original'

/** `office` says for whom and from which device; `onLocked` hears that the keys in hand are no longer the phone's. */
export function openVault(raw: Storage, office: () => Office | null, onLocked: () => void = () => undefined): Vault {
  let ring: Ring | null = null
  /** What was opened or sealed here, while the very same sealed bytes lie there: no two begin with the same nonce. */
  const known = new Map<string, { readonly sealed: Uint8Array; readonly record: StoredRecord }>()

  function inHand(): Ring {
    if (!ring) throw new Locked()
    return ring
  }

  function lockedOut(): never {
    ring = null
    known.clear()
    onLocked()
    throw new Locked()
  }

  const label = (record: StoredRecord): Uint8Array<ArrayBuffer> => labelOf(office()?.device ?? '', record)

  async function opened(row: Row): Promise<StoredRecord> {
    const { by, own, key, kind, state, seq } = row
    if (by === undefined || own === undefined) return { key, kind, state, seq, bytes: row.bytes }
    const dayKey = inHand().keys.get(by)
    if (!dayKey) return lockedOut()
    const held = known.get(key)
    if (held && held.record.kind === kind && same(held.sealed, row.bytes)) {
      if (held.record.state === state && held.record.seq === seq) return held.record
      return remembered(row, { ...held.record, state, seq })
    }
    const itemKey = await aesKey(await decrypted(dayKey, own, label(row)))
    return remembered(row, { key, kind, state, seq, bytes: await decrypted(itemKey, row.bytes, label(row)) })
  }

  function remembered(row: Row, record: StoredRecord): StoredRecord {
    // Whoever locked the phone meanwhile wants nothing kept.
    if (ring && row.by !== undefined && KEPT_OPENED.has(row.kind)) known.set(row.key, { sealed: row.bytes, record })
    return record
  }

  async function sealed(record: Row): Promise<Row> {
    if (isOpenKind(record.kind)) return record
    const { newest, keys } = inHand()
    const dayKey = keys.get(newest)
    if (!dayKey) return lockedOut()
    if (record.own) return record.by === newest && (record.office || !isUnsent(record)) ? record : sealed(await opened(record))
    const itemKey = randomBytes(32)
    const { key, kind, state, seq, bytes } = record
    const to = isUnsent(record) || isPicture(kind) ? office()?.key : undefined
    return {
      key, kind, state, seq, by: newest,
      bytes: await encrypted(await aesKey(itemKey), bytes, label(record)),
      own: await encrypted(dayKey, itemKey, label(record)),
      ...(to ? { office: await forOffice(to, itemKey, label(record)) } : {}),
    }
  }

  /** Bytes that were read are compared with what they were read from. */
  async function asItLies(expected: { readonly key: string; readonly bytes: Uint8Array | null }): Promise<{ key: string; bytes: Uint8Array | null } | null> {
    const row = await raw.get(expected.key)
    const visible = row && row.state !== SEALED ? row : undefined
    const plain = visible ? (await opened(visible)).bytes : null
    return same(plain, expected.bytes) ? { key: expected.key, bytes: row?.bytes ?? null } : null
  }

  /** Tried again while another window changes the record under its hands: once this is done, the older key may go. */
  async function renewed(lying: Row): Promise<boolean> {
    for (let row: Row | undefined = lying; row !== undefined; row = await raw.get(lying.key)) {
      const { newest } = inHand()
      const unsealed = isUnsent(row) && !row.office && Boolean(office()?.key)
      if (row.state === SEALED || (row.by === newest && !unsealed)) return false
      const next = await sealed(await opened(row))
      const outcome = await raw.write({ expect: [{ key: row.key, bytes: row.bytes, state: row.state }], put: [next], under: newest })
      if (outcome === 'locked') lockedOut()
      if (outcome === 'written') return true
    }
    return false
  }

  return {
    ...raw,
    isOpen: () => ring !== null,
    open: (keys) => {
      ring = keys
      known.clear()
    },
    shut: () => {
      ring = null
      known.clear()
    },
    get: async (key) => {
      const row = await raw.get(key)
      return row && row.state !== SEALED ? (isOpenKind(row.kind) ? row : (inHand(), await opened(row))) : undefined
    },
    ofKind: async (kind) => {
      if (!isOpenKind(kind)) inHand()
      return Promise.all((await raw.ofKind(kind)).filter((row) => row.state !== SEALED).map(opened))
    },
    write: async ({ expect = [], put = [], remove = [] }) => {
      const secret = put.some((record) => !isOpenKind(record.kind))
      const rows = await Promise.all(put.map(sealed))
      const lying = await Promise.all(expect.map(asItLies))
      if (lying.some((held) => held === null)) return 'changed'
      const outcome = await raw.write({
        expect: lying.filter((held) => held !== null), put: rows, remove, ...(secret ? { under: inHand().newest } : {}),
      })
      if (outcome === 'locked') return lockedOut()
      if (outcome === 'written') {
        for (const key of remove) known.delete(key)
        rows.forEach((row, at) => put[at] && !put[at].own && remembered(row, put[at]))
      }
      return outcome
    },
    renew: async () => {
      let moved = 0
      for (const kind of KINDS) {
        for (const row of await raw.ofKind(kind)) if (await renewed(row)) moved += 1
      }
      return moved
    },
  }
}
