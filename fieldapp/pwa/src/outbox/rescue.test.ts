import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from './bytes'
import { deviceKeyPair } from './deviceKey'
import { commit, countersRecord, firstCounters, readEnvelope, seal } from './envelopes'
import { handOver, rescueFile, unsent, type Office, type RescueState } from './rescue'
import { openStorage, type Storage } from './storage'
import type { Call, Reply, Wire } from './wire'

const DEVICE = '0198a3c2-7f00-7abc-8def-0123456789ab'
const CURVE = { name: 'ECDH', namedCurve: 'P-256' }
let storage: Storage
let names = 0
let pair: CryptoKeyPair
let office: Office

beforeEach(async () => {
  storage = openStorage(`rescue-${String((names += 1))}`)
  await deviceKeyPair(storage)
  await storage.write({ put: [countersRecord(firstCounters({ device_id: DEVICE, next_seq: 1, chain_head: '', blocks: [] }))] })
  pair = await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  office = { device: DEVICE, key: btoa(String.fromCharCode(...point)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') }
})

async function written(state = 'waiting'): Promise<string> {
  const id = await commit(storage, async (counters) => {
    const sealed = await seal(counters, { kind: 'visit', body: { debtor: 'Mario Bianchi' }, nowMs: 1, offsetMs: 0, restMs: 0, pictures: ['aa'] })
    return { counters: sealed.counters, put: [{ ...sealed.record, state }], result: sealed.envelope.id }
  })
  await storage.write({ put: [{ key: 'aa', kind: 'original', state: 'waiting', seq: 1, bytes: utf8('a picture') }] })
  return id
}

/** The office's half, as `services/office_key.py` has it. */
async function opened(item: { kind: string; key: string; wrapped: string; content: string }): Promise<string> {
  const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const [wrapped, content] = [bytes(item.wrapped), bytes(item.content)]
  const point = wrapped.slice(0, 65)
  const theirs = await crypto.subtle.importKey('raw', point, CURVE, false, [])
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, pair.privateKey, 256)
  const secret = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey'])
  const info = new Uint8Array([...utf8('fieldapp sealed item v1'), ...point])
  const additionalData = utf8(`${DEVICE}|${item.kind}|${item.key}`)
  const wrapping = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, secret, { name: 'AES-GCM', length: 256 }, false, ['decrypt'],
  )
  const raw = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: wrapped.slice(65, 77), additionalData }, wrapping, wrapped.slice(77))
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: content.slice(0, 12), additionalData }, key, content.slice(12))
  return new TextDecoder().decode(plain)
}

function door(states: (call: Call) => readonly RescueState[]): Wire & { readonly calls: Call[] } {
  const calls: Call[] = []
  const signed = (call: Call): Promise<Reply<never>> => {
    calls.push(call)
    const said = states(call)
    return Promise.resolve({ kind: 'ok', value: (call.json ? said : { items: said }) as never })
  }
  return { calls, signed, plain: signed, bytes: () => Promise.reject(new Error('not asked')) }
}

describe('a rescue file', () => {
  it('holds what is unsent, unreadable for whoever finds it, and opens in the office', async () => {
    const id = await written()
    await written('accepted')

    const text = new TextDecoder().decode(await rescueFile(storage, office))

    const { signed } = JSON.parse(text) as { signed: string }
    const { device, items } = JSON.parse(signed) as { device: string; items: Parameters<typeof opened>[0][] }
    expect(text).not.toContain('Bianchi')
    expect(device).toBe(DEVICE)
    expect(items.map((item) => item.key)).toEqual([id, 'aa'])
    expect((JSON.parse(await opened(items[0] ?? never())) as { text: string }).text).toContain('Mario Bianchi')
    expect(await opened(items[1] ?? never())).toBe('a picture')
  })
})

describe('a stopped phone', () => {
  it('keeps what it handed over until the office has decided, and carries it only once', async () => {
    const id = await written()
    const arrived = new Set<string>()
    let state: RescueState['state'] = 'waiting'
    const wire = door((call) => {
      const known = [...arrived].map((key) => ({ key, state, code: null }))
      if (call.json) return known
      for (const record of [id, 'aa']) arrived.add(record)
      return [...arrived].map((key) => ({ key, state, code: null }))
    })

    await handOver(storage, wire, office)
    expect((await unsent(storage)).map((record) => record.key)).toEqual([id, 'aa'])
    state = 'accepted'
    await handOver(storage, wire, office)

    expect(await unsent(storage)).toEqual([])
    expect(wire.calls.filter((call) => call.content)).toHaveLength(1)
  })

  it('shows what the office would not take, with its reason', async () => {
    const id = await written()
    await handOver(storage, door((call) => (call.json ? [] : [{ key: id, state: 'refused', code: 'visit.not_yours' }])), office)

    const record = await storage.get(id)
    expect(record?.state).toBe('refused')
    expect(readEnvelope(record ?? never()).verdict?.code).toBe('visit.not_yours')
  })
})

function never(): never {
  throw new Error('nothing there')
}
