import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from './bytes'
import { deviceKeyPair } from './deviceKey'
import { deliver } from './delivery'
import { commit, countersRecord, firstCounters, LEAVING, seal, takeBack } from './envelopes'
import { rescueFile, unsent, type Office, type RescueState } from './rescue'
import { openStorage, SEALED, type Storage } from './storage'
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

async function written(state = 'waiting', restMs = 0): Promise<string> {
  const id = await commit(storage, async (counters) => {
    const sealed = await seal(counters, { kind: 'visit', body: { debtor: 'Mario Bianchi' }, nowMs: 1, offsetMs: 0, restMs, pictures: ['aa'] })
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

interface Door extends Wire {
  readonly calls: Call[]
}

/** The office's door for sealed work; `stopped` phones hear so where they ask how they stand. */
function door(states: (call: Call) => readonly RescueState[], stopped = false): Door {
  const calls: Call[] = []
  const signed = (call: Call): Promise<Reply<never>> => {
    calls.push(call)
    if (call.path.endsWith('/missing')) {
      if (!stopped) return Promise.resolve({ kind: 'ok', value: [] as never })
      return Promise.resolve({ kind: 'failed', trouble: 'not_allowed', code: 'access.device_revoked', details: {}, retryAfterMs: null })
    }
    const said = states(call)
    return Promise.resolve({ kind: 'ok', value: (call.json ? said : { items: said }) as never })
  }
  return { calls, signed, plain: signed, bytes: () => Promise.reject(new Error('not asked')) }
}

const parts = (wire: Wire): Parameters<typeof deliver>[0] => ({ raw: storage, wire, office: () => office })

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

describe('a phone that nobody can read on', () => {
  it('hands over what is unsent once, and asks for the verdict of the rest', async () => {
    const id = await written()
    const arrived = new Set<string>()
    const wire = door((call) => {
      const known = [...arrived].map((key) => ({ key, state: 'waiting' as const, code: null }))
      if (call.json) return known
      for (const record of [id, 'aa']) arrived.add(record)
      return [...arrived].map((key) => ({ key, state: 'waiting' as const, code: null }))
    }, true)

    const first = await deliver(parts(wire), 'all')
    const second = await deliver(parts(wire), 'all')

    expect(first).toMatchObject({ kind: 'delivered', stopped: true, unheard: 0 })
    expect(second).toEqual(first)
    expect((await unsent(storage)).map((record) => record.key)).toEqual([id, 'aa'])
    expect(wire.calls.filter((call) => call.content)).toHaveLength(1)
  })

  it('takes nothing back of what has gone out sealed, also within the ten seconds', async () => {
    const id = await written('waiting', 10_000)

    await deliver(parts(door((call) => (call.json ? [] : [{ key: id, state: 'accepted', code: null }]))), 'all')

    expect((await storage.get(id))?.state).toBe(LEAVING)
    expect(await takeBack(storage, id, { nowMs: 2_000 })).toBe(false)
  })

  it('lets go of what outlived a wipe once the office took it, and shows what it would not take', async () => {
    const [taken, refused] = [await written(), await written()]
    for (const key of [taken, refused, 'aa']) await storage.mark(key, SEALED)
    const said: RescueState[] = [
      { key: taken, state: 'accepted', code: null }, { key: refused, state: 'refused', code: 'visit.not_yours' },
      { key: 'aa', state: 'waiting', code: null },
    ]

    const delivery = await deliver(parts(door(() => said)), 'all')

    expect((await unsent(storage)).map((record) => record.key)).toEqual([refused, 'aa'])
    expect(delivery).toMatchObject({ states: said, stopped: false })
  })

  it('is not stopped by a 403 that is not ours', async () => {
    await written()
    const wire = door(() => [])
    const hotel: Wire = { ...wire, signed: () => Promise.resolve({ kind: 'failed', trouble: 'not_allowed', code: null, details: {}, retryAfterMs: null }) }

    expect(await deliver(parts(hotel), 'all')).toMatchObject({ kind: 'failed', trouble: 'not_allowed' })
  })
})

describe('a sealed original that is larger than a part', () => {
  const LARGE = new Uint8Array(700).map((_, at) => at % 251)

  async function sealedPicture(): Promise<Uint8Array<ArrayBuffer>> {
    await storage.write({ put: [{ key: 'aa', kind: 'original', state: 'sealed', seq: 1, bytes: LARGE, office: utf8('wrapped') }] })
    return LARGE
  }

  /** An office that holds parts, cut off after so many of them; `old` knows none. */
  function office_({ cutAfter = Infinity, holds = 0, old = false, forgets = false } = {}) {
    let held = holds
    let taken = 0
    const parts: [number, number][] = []
    const bundles: { items: { held?: string; content?: string }[] }[] = []
    const fail = (code: string | null, details = {}): Reply<never> => ({ kind: 'failed', trouble: code ? 'not_understood' : 'unreachable', code, details, retryAfterMs: null })
    const signed = (call: Call): Promise<Reply<never>> => {
      if (call.path.endsWith('/missing') || call.json) return Promise.resolve({ kind: 'ok', value: [] as never })
      if (call.method === 'PATCH') {
        if (old) return Promise.resolve(fail('request.nothing_here'))
        const at = Number(call.headers?.['upload-offset'])
        const size = call.content?.bytes.length ?? 0
        if (at !== held) return Promise.resolve(fail('attachment.offset_differs', { offset: held }))
        if ((taken += 1) > cutAfter) return Promise.resolve(fail(null))
        parts.push([at, size])
        held += size
        return Promise.resolve({ kind: 'ok', value: { stored: held === LARGE.length, offset: held } as never })
      }
      const bundle = JSON.parse(new TextDecoder().decode(call.content?.bytes)) as { signed: string }
      const said = JSON.parse(bundle.signed) as (typeof bundles)[number]
      bundles.push(said)
      if (forgets && said.items[0]?.held) return Promise.resolve(fail('rescue.part_missing'))
      return Promise.resolve({ kind: 'ok', value: { items: [{ key: 'aa', state: 'accepted', code: null }] } as never })
    }
    return { parts, bundles, wire: { signed, plain: signed, bytes: () => Promise.reject(new Error('not asked')) } satisfies Wire, held: () => held }
  }

  const hand = (wire: Wire) => deliver({ ...parts(wire), partBytes: 200 }, 'all')

  it('goes in parts, and the bundle names it instead of holding it', async () => {
    await sealedPicture()
    const there = office_()

    expect(await hand(there.wire)).toMatchObject({ kind: 'delivered', unheard: 0 })
    expect(there.parts.map(([, size]) => size)).toEqual([200, 200, 200, 100])
    expect(there.bundles).toMatchObject([{ items: [{ key: 'aa', held: expect.stringMatching(/^[0-9a-f]{64}$/) as string }] }])
    expect(there.bundles[0]?.items[0]).not.toHaveProperty('content')
  })

  it('goes on from where the office holds it', async () => {
    await sealedPicture()
    const cut = office_({ cutAfter: 2 })
    expect(await hand(cut.wire)).toMatchObject({ kind: 'failed', trouble: 'unreachable' })

    const again = office_({ holds: cut.held() })
    expect(await hand(again.wire)).toMatchObject({ kind: 'delivered' })

    expect(again.parts.map(([at]) => at)).toEqual([400, 600])
  })

  it('is not sent again where the answer to the last part was lost', async () => {
    await sealedPicture()
    const there = office_({ holds: LARGE.length })

    expect(await hand(there.wire)).toMatchObject({ kind: 'delivered' })
    expect(there.parts).toEqual([])
  })

  it('goes whole to a service that knows no parts, and to one that has lost them', async () => {
    await sealedPicture()
    const [old, forgetful] = [office_({ old: true }), office_({ forgets: true })]

    expect(await hand(old.wire)).toMatchObject({ kind: 'delivered' })
    await sealedPicture()
    expect(await hand(forgetful.wire)).toMatchObject({ kind: 'delivered' })

    expect(old.bundles.map(({ items: [item] }) => item?.content !== undefined)).toEqual([true])
    expect(forgetful.bundles.map(({ items: [item] }) => item?.content !== undefined)).toEqual([false, true])
  })
})

function never(): never {
  throw new Error('nothing there')
}
