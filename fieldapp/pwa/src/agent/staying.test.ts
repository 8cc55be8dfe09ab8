import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { seal, commit } from '../outbox/envelopes'
import { draftFor, drafts, saveDraft } from './actions'
import { askToKeep } from './enter'
import { leave, saveRescueFile } from './leaving'
import { phone, raw, storage } from './phone.svelte'
import { reread } from './reread'
import { ENROLLED, open } from './stages'
import { aBundle, aStop } from './testing'
import { openPhone } from './testingPhone'

const A = '0198a3c2-7f00-7abc-8def-00000000000a'
let kept: Map<string, string>

beforeEach(async () => {
  kept = new Map([[ENROLLED, '1']])
  const small = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value), removeItem: (name: string) => void kept.delete(name) }
  vi.stubGlobal('localStorage', small)
  vi.stubGlobal('sessionStorage', small)
  vi.stubGlobal('addEventListener', () => undefined)
  vi.stubGlobal('document', { cookie: '' })
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] })
  await openPhone(aBundle([A]))
})

async function write(): Promise<void> {
  await commit(storage, async (counters) => {
    const sealed = await seal(counters, { kind: 'contact', body: {}, nowMs: Date.now(), offsetMs: 0, restMs: 0, pictures: [] })
    return { counters: sealed.counters, put: [sealed.record], result: undefined }
  })
  await reread()
}

describe('the browser’s promise to keep what is stored', () => {
  it.each([
    ['given', () => Promise.resolve(true), true],
    ['not given', () => Promise.resolve(false), false],
    ['refused with an error', () => Promise.reject(new Error('no')), false],
  ])('is asked for, and what it said is what is shown: %s', async (_, persist, shown) => {
    const asked = vi.fn(persist)
    Object.defineProperty(navigator, 'storage', { value: { persist: asked }, configurable: true })
    phone.persisted = null

    await askToKeep()

    expect(asked).toHaveBeenCalledOnce()
    expect(phone.persisted).toBe(shown)
  })

  it('is not assumed of a browser that knows no such promise', async () => {
    await askToKeep()
    expect(phone.persisted).toBe(false)
  })
})

describe('a browser that has thrown everything away', () => {
  it('is told from one that never had a phone', async () => {
    await raw.wipe()
    await open()
    expect(phone).toMatchObject({ stage: 'sign_in', evicted: true })

    kept.delete(ENROLLED)
    await open()
    expect(phone.evicted).toBe(false)
  })
})

describe('leaving the phone', () => {
  const reload = vi.fn()
  beforeEach(() => {
    reload.mockReset()
    Object.defineProperty(globalThis, 'location', { value: { hash: '', reload }, configurable: true })
  })

  it('waits while something is neither sent nor saved in a file, and goes once it is', async () => {
    await write()
    expect(await leave()).toBe(false)
    expect(await storage.ofKind('envelope')).toHaveLength(1)

    const link = { click: vi.fn(), href: '', download: '' }
    vi.stubGlobal('document', { createElement: () => link })
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    const point = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey)).toString('base64url')
    if (phone.device) phone.device = { ...phone.device, office_key: point }
    expect(await saveRescueFile()).toBe(true)
    expect(link.click).toHaveBeenCalledOnce()
    // What was written after the file is in none.
    await write()
    expect(await leave()).toBe(false)
    expect(await saveRescueFile()).toBe(true)

    expect(await leave()).toBe(true)
    expect(reload).toHaveBeenCalledOnce()
    expect(await raw.ofKind('envelope')).toEqual([])
    expect(kept.has(ENROLLED)).toBe(false)
  })

  it('waits for a visit that is still open, and goes at once where nothing waits', async () => {
    const draft = await saveDraft(draftFor(aStop(A)))
    expect(await leave()).toBe(false)
    await drafts.remove(draft)

    expect(await leave()).toBe(true)
  })
})
