/**
 * Work that leaves this phone sealed: only the office can open it. As a file when nothing else goes, and by its own door
 * when the phone is locked, wiped or stopped by the office.
 *
 * Items were sealed when they were written (`vault.ts`), so no key of the phone's lock is needed here; the device signs
 * the whole.
 */
import { base64url, utf8 } from './bytes'
import { sign } from './deviceKey'
import { LEAVING, SENDING_NOW, underLock } from './envelopes'
import { sealedToOffice, type Office } from './sealing'
import { isUnsent, type RecordKind, type Row, type Storage } from './storage'
import type { Failed, Wire } from './wire'

export type { Office } from './sealing'

const VERSION = 1
/** What one delivery may carry, before it is spelled as text. */
const AT_ONCE_BYTES = 6_000_000
const AT_ONCE_QUESTIONS = 500
const KINDS: readonly RecordKind[] = ['envelope', 'draft', 'small', 'original']

interface SealedItem {
  readonly kind: RecordKind
  readonly key: string
  readonly wrapped: string
  readonly content: string
}

export interface RescueState {
  readonly key: string
  readonly state: 'waiting' | 'accepted' | 'refused'
  readonly code: string | null
}

/**
 * What no answer has settled, facts in device order before pictures. An open visit that binds is among it only where it
 * can no longer be closed: on a phone that was wiped, or is about to be.
 */
export async function unsent(raw: Storage, { openVisits = false } = {}): Promise<Row[]> {
  const rows = (await Promise.all(KINDS.map((kind) => raw.ofKind(kind)))).flat()
  return rows.filter((row) => isUnsent(row) && (row.kind !== 'draft' || row.state === 'sealed' || openVisits))
}

/** Everything unsent as one file. */
export async function rescueFile(raw: Storage, office: Office): Promise<Uint8Array<ArrayBuffer>> {
  return bundled(raw, office, await leaving(raw, await unsent(raw)))
}

/** Hand over what is unsent by the door for sealed work; what the office says of each item. It settles nothing here. */
export async function handOver(raw: Storage, wire: Wire, office: Office, rows: readonly Row[]): Promise<readonly RescueState[] | Failed> {
  const states: RescueState[] = []
  for (const records of loads(await notYetThere(wire, await leaving(raw, rows), states))) {
    const reply = await wire.signed<{ items: RescueState[] }>({
      method: 'POST', path: '/api/v1/field/rescue', timeoutMs: 120_000,
      content: { bytes: await bundled(raw, office, records), mediaType: 'application/octet-stream' },
    })
    if (reply.kind === 'failed') return reply
    states.push(...reply.value.items)
  }
  return states
}

/** What has gone out to the office sealed can no longer be taken back on the phone. */
async function leaving(raw: Storage, rows: readonly Row[]): Promise<readonly Row[]> {
  return underLock(SENDING_NOW, async () => {
    const still: Row[] = []
    for (const row of rows) {
      const held = await raw.get(row.key)
      if (!held) continue
      if (held.kind === 'envelope' && held.state === 'waiting') await raw.mark(held.key, LEAVING)
      still.push(held)
    }
    return still
  })
}

/** What the office already holds is not carried again: only its verdict is asked for. */
async function notYetThere(wire: Wire, rows: readonly Row[], states: RescueState[]): Promise<readonly Row[]> {
  for (let at = 0; at < rows.length; at += AT_ONCE_QUESTIONS) {
    const known = await wire.signed<RescueState[]>({
      method: 'POST', path: '/api/v1/field/rescue/states', json: { keys: rows.slice(at, at + AT_ONCE_QUESTIONS).map((row) => row.key) },
    })
    if (known.kind === 'failed') return rows
    states.push(...known.value)
  }
  const there = new Set(states.map((item) => item.key))
  return rows.filter((row) => !there.has(row.key))
}

function loads(rows: readonly Row[]): Row[][] {
  const found: Row[][] = []
  let bytes = Infinity
  for (const row of rows) {
    if (bytes + row.bytes.length > AT_ONCE_BYTES) {
      found.push([])
      bytes = 0
    }
    found.at(-1)?.push(row)
    bytes += row.bytes.length
  }
  return found
}

async function bundled(raw: Storage, office: Office, rows: readonly Row[]): Promise<Uint8Array<ArrayBuffer>> {
  const pair = await raw.keyPair()
  if (!pair) throw new Error('this device has no key')
  const items = (await Promise.all(rows.map((row) => asItem(row, office)))).filter((item) => item !== null)
  const signed = JSON.stringify({ v: VERSION, device: office.device, items })
  return utf8(JSON.stringify({ signed, signature: await sign(pair, utf8(signed)) }))
}

/** As it was sealed; what an app before locks has left in the clear is sealed now. */
async function asItem(row: Row, office: Office): Promise<SealedItem | null> {
  const { kind, key } = row
  if (row.office) return { kind, key, wrapped: base64url(row.office), content: base64url(row.bytes) }
  if (row.by !== undefined) return null
  const { wrapped, content } = await sealedToOffice(row, office)
  return { kind, key, wrapped: base64url(wrapped), content: base64url(content) }
}
