import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readEnvelope } from '../outbox/envelopes'
import {
  checkIn, closeDay, closeVisit, draftFor, dropPicture, forgetDropped, keepOrder, keepPicture, saveDraft, UNDO_MS, writeCall, writePin,
  type TakingBack,
} from './actions'
import { withMet, withOutcome } from './draft'
import { asInstalment, nextOf } from './plan/agreement'
import { phone, setting, storage, wire } from './phone.svelte'
import { dropTyped, keepCount, keepTyped, typedCount } from './purseCount'
import { aBundle, aStop } from './testing'
import { openPhone } from './testingPhone'
import { typing } from './visit/typing'

const A = '0198a3c2-7f00-7abc-8def-00000000000a'
const OFF = { position: null, reason: 'off' } as const

beforeEach(() => openPhone(aBundle([A])))

async function kindsWritten(): Promise<string[]> {
  return (await storage.ofKind('envelope')).map((record) => readEnvelope(record).kind)
}

describe('what an agent does on the phone', () => {
  const stop = aStop(A)
  const acts: Record<string, () => Promise<TakingBack | null>> = {
    contact: () => writeCall(stop.practice.id, 'phone'),
    address_pin: () => writePin(stop, { lat_e6: 45_310_000, lon_e6: 9_500_000 }, 'hand'),
    day_order: () => keepOrder([A], { own: true }),
    day_closed: () => closeDay({ done: 0, left: [A], unsent: 0, held: [] }),
  }

  it.each(Object.keys(acts))('rests ten seconds and can be taken back: %s', async (kind) => {
    const back = await acts[kind]?.()
    const [record] = await storage.ofKind('envelope')
    const written = record && readEnvelope(record)

    expect(written).toMatchObject({ kind, seq: 1, not_before_ms: written ? written.written_ms + UNDO_MS : 0 })
    expect(await back?.()).toBe(true)
    expect(await kindsWritten()).toEqual([])
  })

  it('stays once something was written after it', async () => {
    const back = await writeCall(stop.practice.id, 'phone')
    await writeCall(stop.practice.id, 'another')

    expect(await back()).toBe(false)
    expect(await kindsWritten()).toEqual(['contact', 'contact'])
  })

  it('has the order that was there before again when an own order is taken back', async () => {
    await keepOrder([A, 'b'], { own: true })
    const back = await keepOrder(['b', A], { own: true })

    await back?.()

    expect(phone.order).toEqual([A, 'b'])
    expect(await setting('order')).toMatchObject({ stops: [A, 'b'] })
  })

  it('keeps a removed photo’s bytes as long as it may be wanted back, and no longer', async () => {
    const picture = { sha256: 'a'.repeat(64), small_sha256: 'b'.repeat(64), purpose: 'street', media_type: 'image/jpeg', size: 1 } as const
    const records = [
      { key: picture.sha256, kind: 'original' as const, state: 'draft', seq: 0, bytes: new Uint8Array([1]) },
      { key: picture.small_sha256, kind: 'small' as const, state: 'draft', seq: 0, bytes: new Uint8Array([2]) },
    ]
    const shown = await keepPicture(await saveDraft(draftFor(stop)), { picture, records })
    await forgetDropped()
    expect(await storage.get(picture.sha256)).toBeDefined()

    const removed = await dropPicture(shown, picture.sha256)
    expect(await storage.get(picture.sha256)).toBeDefined()
    const again = await saveDraft({ ...removed, pictures: [picture] })
    await forgetDropped([picture.sha256, picture.small_sha256])
    expect(await storage.get(picture.small_sha256)).toBeDefined()

    await dropPicture(again, picture.sha256)
    await forgetDropped()
    expect(await storage.get(picture.sha256)).toBeUndefined()
    expect(await storage.get(picture.small_sha256)).toBeUndefined()
  })
})

describe('a visit left open overnight', () => {
  it('is closed the next morning, however long it lasted', async () => {
    const yesterday = new Date(Date.now() - 20 * 3_600_000).toISOString()
    const draft = await checkIn({ ...draftFor(aStop(A)), arrived_at: yesterday }, OFF)

    await closeVisit({ ...withOutcome(withMet(draft, 'nobody'), 'ABSENT_NO_NOTICE'), answers: { reason: 'no_letterbox' } }, typing)

    expect(await kindsWritten()).toEqual(['check_in', 'visit'])
  })
})

describe('whether a report was written without a network', () => {
  async function reported(): Promise<boolean> {
    const draft = await checkIn({ ...draftFor(aStop(A)), arrived_at: new Date().toISOString() }, OFF)
    const { envelope } = await closeVisit({ ...withOutcome(withMet(draft, 'nobody'), 'ABSENT_NO_NOTICE'), answers: { reason: 'no_letterbox' } }, typing)
    return (JSON.parse(envelope.text) as { body: { offline: boolean } }).body.offline
  }
  const answering = (answer: () => Promise<Response>): void => void vi.stubGlobal('fetch', answer)
  beforeEach(() => void vi.stubGlobal('document', { cookie: '' }))

  it('is what the last request met, whatever the browser believes', async () => {
    Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })
    answering(() => Promise.resolve(Response.json({ now: '2026-11-23T08:45:00Z' })))
    await wire.plain({ method: 'GET', path: '/api/v1/clock' })
    expect(await reported()).toBe(false)
  })

  it('is so where the last request found none, also behind a network’s own login page', async () => {
    Object.defineProperty(navigator, 'onLine', { value: true, configurable: true })
    answering(() => Promise.reject(new TypeError('no network')))
    await wire.plain({ method: 'GET', path: '/api/v1/clock' })
    expect(await reported()).toBe(true)
    answering(() => Promise.resolve(new Response('<html>', { headers: { 'content-type': 'text/html' } })))
    await wire.plain({ method: 'GET', path: '/api/v1/clock' })
    expect(phone.offline).toBe(true)
  })
})

describe('a payment while a plan runs', () => {
  const due = (number: number, on: string) => ({ number, due_on: on, cents: 3_000, paid_cents: 0 })
  const planned = (days: readonly string[]) => ({
    ...aStop(A), practice: { ...aStop(A).practice, plan: { id: 'plan', state: 'active', instalments: days.map((on, at) => due(at + 1, on)) } },
  }) as unknown as Parameters<typeof nextOf>[0]

  it.each([
    ['what is open of the next one', 3_000, ['2099-01-01', '2099-02-01'], 1],
    ['a part of it', 1_000, ['2099-01-01', '2099-02-01'], 1],
    ['more than the next one, of which nothing is due', 3_001, ['2099-01-01', '2099-02-01'], null],
    ['all that is due by now', 6_000, ['2020-01-01', '2020-02-01', '2099-01-01'], 1],
    ['more than all that is due by now', 6_001, ['2020-01-01', '2020-02-01', '2099-01-01'], null],
  ])('is an instalment only where the amount fits: %s', (_, cents, days, number) => {
    expect(asInstalment(nextOf(planned(days), []), cents)?.number ?? null).toBe(number)
  })
})

describe('a count of notes and coins', () => {
  it('lies sealed on the phone while it is typed, and is gone with its end', async () => {
    await keepTyped({ pieces: { 5000: 3 }, reason: 'Resto dato' })
    expect(await typedCount()).toEqual({ pieces: { 5000: 3 }, reason: 'Resto dato' })
    await keepCount({ 5000: 3 }, { expectedCents: 15_000, reason: '' })
    expect(await typedCount()).toBeNull()

    await keepTyped({ pieces: {}, reason: '' })
    await dropTyped()
    expect(await typedCount()).toBeNull()
  })
})
