/** An enrolled, open phone over a real database, for tests of what an agent does on it. */
import { deviceKeyPair } from '../outbox/deviceKey'
import { countersRecord, firstCounters } from '../outbox/envelopes'
import { setLock } from '../outbox/lock'
import type { Row } from '../outbox/storage'
import { phone, raw, storage } from './phone.svelte'
import type { DayBundle } from './shapes'

export const DEVICE = '0198a3c2-7f00-7abc-8def-0123456789ab'
const CHEAP = { memory_kib: 8, passes: 1 }

/** Web Locks of one process: one holder at a time, in the order asked. */
function webLocks(): { request(name: string, work: () => Promise<unknown>): Promise<unknown> } {
  const tails = new Map<string, Promise<unknown>>()
  return {
    request: (name, work) => {
      const held = (tails.get(name) ?? Promise.resolve()).then(work)
      tails.set(name, held.catch(() => undefined))
      return held
    },
  }
}

/** Everything of an earlier test is gone. */
export async function openPhone(bundle: DayBundle): Promise<void> {
  Object.defineProperty(globalThis, 'navigator', { value: { locks: webLocks() }, configurable: true })
  Object.defineProperty(globalThis, 'location', { value: { hash: '' }, configurable: true })
  await raw.wipe()
  const counters = firstCounters({
    device_id: DEVICE, next_seq: 1, chain_head: '', blocks: [
      { kind: 'receipt', series: 'A1', first: 1, last: 100, next: 1 }, { kind: 'notice', series: 'N1', first: 1, last: 100, next: 1 },
    ],
  })
  phone.device = { device_id: DEVICE, person: bundle.agent, agency: bundle.agency }
  phone.held = { bundle, fetched_ms: 0 }
  phone.drafts = []
  phone.items = []
  phone.counters = counters
  await deviceKeyPair(raw)
  await raw.write({ put: [countersRecord(counters)] })
  storage.open(await setLock(raw, { kind: 'pin', pin: '481590' }, { day: bundle.day, cost: CHEAP }))
}

export const receiptsOn = (): Promise<Row[]> => storage.ofKind('receipt')
