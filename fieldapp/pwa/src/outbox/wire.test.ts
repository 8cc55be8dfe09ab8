import 'fake-indexeddb/auto'
import { beforeAll, describe, expect, it } from 'vitest'
import { deviceKeyPair } from './deviceKey'
import { sha256Hex, utf8 } from './bytes'
import { openStorage, type Storage } from './storage'
import { openWire, PROTOCOL, type Fetch, type Reply } from './wire'

const DEVICE = '0198a3c2-7f00-7abc-8def-0123456789ab'
const JSON_TYPE = { 'content-type': 'application/json' }
const PROBLEM = { 'content-type': 'application/problem+json' }

let storage: Storage
beforeAll(async () => {
  storage = openStorage('wire')
  await deviceKeyPair(storage)
})

const ask = (answer: Fetch): Promise<Reply<unknown>> =>
  openWire(storage, () => DEVICE, answer).signed({ method: 'GET', path: '/api/v1/field/day?day=2026-11-23' })
const answering = (body: string, init: ResponseInit): Fetch => () => Promise.resolve(new Response(body, init))

describe('an answer', () => {
  it.each([
    ['no network', () => Promise.reject(new TypeError('failed')), 'unreachable'],
    ['the login page of a hotel, status 200', answering('<html>', { status: 200, headers: { 'content-type': 'text/html' } }), 'captive'],
    ['a redirect page of a proxy', answering('<html>', { status: 404, headers: { 'content-type': 'text/html' } }), 'captive'],
    ['an answer cut in the middle', answering('{"a":', { status: 200, headers: JSON_TYPE }), 'unreachable'],
    ['401', answering('{"code":"access.signature_invalid"}', { status: 401, headers: PROBLEM }), 'not_recognised'],
    ['403', answering('{"code":"access.device_revoked"}', { status: 403, headers: PROBLEM }), 'not_allowed'],
    ['413', answering('{}', { status: 413, headers: PROBLEM }), 'too_large'],
    ['422', answering('{"code":"request.malformed"}', { status: 422, headers: PROBLEM }), 'not_understood'],
    ['426', answering('{}', { status: 426, headers: PROBLEM }), 'update_needed'],
    ['an unknown protocol, whatever the status', answering('{"code":"sync.protocol_unknown"}', { status: 415, headers: PROBLEM }), 'update_needed'],
    ['429', answering('{}', { status: 429, headers: PROBLEM }), 'slow_down'],
    ['500', answering('{}', { status: 500, headers: PROBLEM }), 'office_down'],
    ['502 from a proxy, in HTML', answering('<html>', { status: 502, headers: { 'content-type': 'text/html' } }), 'office_down'],
  ] as const)('%s is a named trouble', async (_, answer, trouble) => {
    expect(await ask(answer)).toMatchObject({ kind: 'failed', trouble })
  })

  it('says how long to wait where the service said so', async () => {
    expect(await ask(answering('{}', { status: 429, headers: { ...PROBLEM, 'retry-after': '7' } }))).toMatchObject({ retryAfterMs: 7_000 })
  })

  it('reads an instant to wait for by the clock of whoever said it', async () => {
    const headers = { ...PROBLEM, date: 'Thu, 26 Nov 2026 09:00:00 GMT', 'retry-after': 'Thu, 26 Nov 2026 09:01:30 GMT' }

    expect(await ask(answering('{}', { status: 429, headers }))).toMatchObject({ retryAfterMs: 90_000 })
  })

  it.each(['soon', '-3', ''])('is not held up by a wait that says %o', async (said) => {
    expect(await ask(answering('{}', { status: 503, headers: { ...PROBLEM, 'retry-after': said } }))).toMatchObject({ retryAfterMs: null })
  })

  it('is a value when it is good', async () => {
    expect(await ask(answering('{"a":1}', { status: 200, headers: JSON_TYPE }))).toEqual({ kind: 'ok', value: { a: 1 } })
  })
})

describe('a signed request', () => {
  it('carries the signature of this device over method, path, body and a rising counter, and no cookie', async () => {
    const seen: { path: string; init: RequestInit }[] = []
    const listen: Fetch = (path, init) => {
      seen.push({ path, init })
      return Promise.resolve(new Response('{}', { status: 200, headers: JSON_TYPE }))
    }
    const wire = openWire(storage, () => DEVICE, listen)

    await wire.signed({ method: 'POST', path: '/api/v1/field/envelopes', json: { a: 'è' } })
    await wire.signed({ method: 'POST', path: '/api/v1/field/envelopes', json: { a: 'è' } })

    const pair = await deviceKeyPair(storage)
    const counters: number[] = []
    for (const { path, init } of seen) {
      const headers = init.headers as Record<string, string>
      counters.push(Number(headers['x-counter']))
      const said = `POST\n${path}\n${await sha256Hex('{"a":"è"}')}\n${headers['x-counter'] ?? ''}`
      const raw = Uint8Array.from(atob((headers['x-signature'] ?? '').replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
      expect(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, pair.publicKey, raw, utf8(said))).toBe(true)
      expect(init.credentials).toBe('omit')
      expect(headers['x-device']).toBe(DEVICE)
      expect(headers['x-protocol']).toBe(String(PROTOCOL))
    }
    expect(counters[1]).toBeGreaterThan(counters[0] ?? 0)
  })

  it('is made with a key that cannot be read out of the phone', async () => {
    const pair = await deviceKeyPair(storage)

    expect(pair.privateKey.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('pkcs8', pair.privateKey)).rejects.toThrow()
  })
})
