import 'fake-indexeddb/auto'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { sha256Hex } from './bytes'
import { commit, countersRecord, firstCounters, inOrderOfEvents, readEnvelope, seal, takeBack, type EnvelopeKind } from './envelopes'
import { forgetSettled, startDriver, takeTurns, type DriverStatus } from './driver'
import { LONGEST_WAIT_MS } from './machine'
import { NotWritten, openStorage, type Storage, type StoredRecord } from './storage'
import { PROTOCOL, type Call, type Reply, type Wire } from './wire'

const ENROLMENT = { device_id: '0198a3c2-7f00-7abc-8def-0123456789ab', next_seq: 1, chain_head: '', blocks: [] }
const CLOCK = { now: '2026-11-23T09:00:00Z' }
let names = 0

async function aPhone(): Promise<Storage> {
  const storage = openStorage(`driver-${String((names += 1))}`)
  await storage.write({ put: [countersRecord(firstCounters(ENROLMENT))] })
  return storage
}

async function write(storage: Storage, pictures: StoredRecord[] = [], restMs = 0, kind: EnvelopeKind = 'visit'): Promise<string> {
  return commit(storage, async (counters) => {
    const sealed = await seal(counters, {
      kind, body: {}, nowMs: Date.now(), offsetMs: 0, restMs, pictures: pictures.map((item) => item.key),
    })
    return { counters: sealed.counters, put: [sealed.record, ...pictures], result: sealed.envelope.id }
  })
}

const picture = (key: string, kind: 'small' | 'original'): StoredRecord => ({
  key, kind, state: 'waiting', seq: 1, bytes: new Uint8Array([1, 2, 3]),
})

/** A service in memory that answers as the contract says; `weather` may spoil an answer after it took effect. */
function office(weather: (call: Call) => Reply<never> | null = () => null): Wire & { calls: string[]; taken: Set<string>; pictures: Set<string> } {
  const taken = new Set<string>()
  const pictures = new Set<string>()
  const calls: string[] = []
  const answer = (call: Call): unknown => {
    if (call.path.endsWith('/envelopes')) {
      const { envelopes } = call.json as { envelopes: { id: string }[] }
      return {
        clock: CLOCK, missing: [],
        verdicts: envelopes.map(({ id }) => {
          const verdict = taken.has(id) ? 'duplicate' : 'accepted'
          taken.add(id)
          return { id, verdict, code: null, details: {}, flags: [] }
        }),
      }
    }
    if (call.path.endsWith('/missing')) {
      return (call.json as { sha256s: string[] }).sha256s.map((sha256) => ({ sha256, stored: pictures.has(sha256) }))
    }
    const sha256 = call.path.split('/').at(-1) ?? ''
    pictures.add(sha256)
    return { sha256, stored: true }
  }
  const signed = (call: Call): Promise<Reply<never>> => {
    calls.push(`${call.method} ${call.path.replace('/api/v1/field/', '')}`)
    const value = answer(call) as never
    return Promise.resolve(weather(call) ?? { kind: 'ok', value })
  }
  return { calls, taken, pictures, signed, plain: signed, bytes: () => Promise.reject(new Error('not asked')) }
}

function drive(storage: Storage, wire: Wire): { status: () => DriverStatus | null; nudge: () => void; hurry: () => void } {
  let last: DriverStatus | null = null
  const driver = startDriver({
    storage, wire, onSettled: () => undefined, onClock: () => undefined, luck: () => 0,
    onStatus: (status) => {
      last = status
    },
  })
  onTestFinished(() => {
    driver.stop()
  })
  return { status: () => last, nudge: () => { driver.nudge() }, hurry: () => { driver.hurry() } }
}

const lost: Reply<never> = { kind: 'failed', trouble: 'unreachable', code: null, details: {}, retryAfterMs: null }

describe('the driver', () => {
  it('brings facts, then small pictures, then originals to the office, and lets the pictures go', async () => {
    const storage = await aPhone()
    const id = await write(storage, [picture('aa', 'original'), picture('bb', 'small')])
    const wire = office()

    drive(storage, wire)
    await vi.waitFor(() => { expect(wire.pictures.size).toBe(2) })
    await vi.waitFor(async () => { expect(await storage.get('aa')).toBeUndefined() })

    expect(wire.calls).toEqual(['POST envelopes', 'POST attachments/missing', 'PUT attachments/bb', 'PUT attachments/aa'])
    expect((await storage.get(id))?.state).toBe('accepted')
    expect(await storage.get('bb')).toBeUndefined()
  })

  describe('an original in parts', () => {
    const LONG = Uint8Array.from({ length: 1_000 }, (_, at) => at % 251)
    const original = async (): Promise<StoredRecord> => ({ ...picture(await sha256Hex(LONG), 'original'), bytes: LONG })

    /** Keeps parts as the service does; `spoil` may answer in its place, after it was taken or not. */
    function inParts(spoil: (call: Call, taken: () => Reply<never>) => Reply<never> | null = () => null) {
      const wire = office()
      let held: number[] = []
      const offsets: number[] = []
      const state = (sha256: string) => ({ sha256, stored: held.length === LONG.length, offset: held.length })
      const take = (call: Call): Reply<never> => {
        const sha256 = call.path.split('/').at(-1) ?? ''
        const offset = Number(call.headers?.['upload-offset'])
        if (offset !== held.length) return { ...lost, trouble: 'not_understood', code: 'attachment.offset_differs', details: { offset: held.length } } as Reply<never>
        held = [...held, ...(call.content?.bytes ?? [])]
        return { kind: 'ok', value: state(sha256) as never }
      }
      const signed = (call: Call): Promise<Reply<never>> => {
        if (call.path.endsWith('/missing')) {
          return Promise.resolve({ kind: 'ok', value: (call.json as { sha256s: string[] }).sha256s.map(state) as never })
        }
        if (call.method !== 'PATCH') return wire.signed(call)
        offsets.push(Number(call.headers?.['upload-offset']))
        return Promise.resolve(spoil(call, () => take(call)) ?? take(call))
      }
      return { ...wire, signed, offsets, held: () => Uint8Array.from(held), forget: () => (held = []), calls: wire.calls }
    }

    async function turns(storage: Storage, wire: Wire, most = 12): Promise<void> {
      let now = Date.now()
      const sender = takeTurns({ storage, wire, partBytes: 400, now: () => now, luck: () => 0, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined })
      for (let turn = 0; turn < most; turn += 1) now += await sender.once()
    }

    it('goes part by part, and leaves the phone when it is whole', async () => {
      const storage = await aPhone()
      const photo = await original()
      await write(storage, [photo])
      const wire = inParts()

      await turns(storage, wire)

      expect(wire.offsets).toEqual([0, 400, 800])
      expect(wire.held()).toEqual(LONG)
      expect(await storage.get(photo.key)).toBeUndefined()
    })

    it('goes on from where the office holds it after a part broke off, also in an app that was started again', async () => {
      const storage = await aPhone()
      const photo = await original()
      await write(storage, [photo])
      const dead = inParts((call) => (call.headers?.['upload-offset'] === '400' ? lost : null))
      await turns(storage, dead, 3)
      const wire = { ...dead, signed: dead.signed }
      expect(dead.held()).toHaveLength(400)

      const alive = inParts()
      await alive.signed({ method: 'PATCH', path: `/api/v1/field/attachments/${photo.key}`, headers: { 'upload-offset': '0' }, content: { bytes: LONG.slice(0, 400), mediaType: '' } })
      alive.offsets.length = 0
      await turns(storage, alive)

      expect(wire.offsets).toEqual([0, 400])
      expect(alive.offsets).toEqual([400, 800])
      expect(await storage.get(photo.key)).toBeUndefined()
    })

    it('sends no part again of which only the answer was lost', async () => {
      const storage = await aPhone()
      await write(storage, [await original()])
      let losses = 0
      const wire = inParts((call, taken) => {
        if (call.headers?.['upload-offset'] !== '400' || losses) return null
        losses += 1
        taken()
        return lost
      })

      await turns(storage, wire)

      expect(wire.offsets).toEqual([0, 400, 800])
      expect(wire.held()).toEqual(LONG)
    })

    it('is told where to go on when it is mistaken', async () => {
      const storage = await aPhone()
      await write(storage, [await original()])
      let losses = 0
      const wire = inParts((_, taken) => {
        if (losses) return null
        losses += 1
        taken()
        // The part came twice: this is the answer to the second.
        return { kind: 'failed', trouble: 'not_understood', code: 'attachment.offset_differs', details: { offset: 400 }, retryAfterMs: null }
      })

      await turns(storage, wire)

      expect(wire.offsets).toEqual([0, 400, 800])
      expect(wire.held()).toEqual(LONG)
    })

    it('begins anew where the office cannot put the parts together', async () => {
      const storage = await aPhone()
      const photo = await original()
      await write(storage, [photo])
      let given_up = 0
      const wire = inParts((call) => {
        if (call.headers?.['upload-offset'] !== '800' || given_up) return null
        given_up += 1
        wire.forget()
        return { kind: 'failed', trouble: 'not_understood', code: 'attachment.begun_anew', details: {}, retryAfterMs: null }
      })

      await turns(storage, wire)

      expect(wire.offsets).toEqual([0, 400, 800, 0, 400, 800])
      expect(await storage.get(photo.key)).toBeUndefined()
    })

    it('goes whole to a service that knows no parts', async () => {
      const storage = await aPhone()
      const photo = await original()
      await write(storage, [photo])
      const wire = inParts(() => ({ kind: 'failed', trouble: 'not_understood', code: 'request.wrong_method', details: {}, retryAfterMs: null }))

      await turns(storage, wire)

      expect(wire.pictures.has(photo.key)).toBe(true)
      expect(await storage.get(photo.key)).toBeUndefined()
    })

    it('makes room for what is written meanwhile, and goes on after it', async () => {
      const storage = await aPhone()
      await write(storage, [await original()])
      const order: string[] = []
      const wire = inParts()
      const parts = { storage, partBytes: 400, luck: () => 0, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined }
      const sender = takeTurns({
        ...parts,
        wire: {
          ...wire,
          signed: async <T>(call: Call): Promise<Reply<T>> => {
            order.push(call.method)
            if (order.filter((method) => method === 'PATCH').length === 1 && call.method === 'PATCH') {
              await write(storage)
              sender.nudge()
            }
            return wire.signed(call) as Promise<Reply<T>>
          },
        },
      })

      for (let turn = 0; turn < 8; turn += 1) await sender.once()

      expect(order.join(' ')).toBe('POST POST PATCH POST PATCH PATCH')
    })
  })

  it('breaks off an upload for an alarm and brings both', async () => {
    const storage = await aPhone()
    await write(storage, [picture('aa', 'original')])
    const wire = office()
    const broken: string[] = []
    const slow: Wire = {
      ...wire,
      // The first upload never ends by itself.
      signed: async <T>(call: Call): Promise<Reply<T>> => {
        if (call.method !== 'PUT' || broken.length) return wire.signed<T>(call)
        await new Promise((resolve) => call.signal?.addEventListener('abort', resolve))
        broken.push(call.path)
        return lost
      },
    }

    const driver = drive(storage, slow)
    await vi.waitFor(() => { expect(driver.status()?.sending).toBe('put') })
    const alarm = await write(storage, [], 0, 'danger')
    driver.hurry()
    await vi.waitFor(async () => { expect((await storage.get(alarm))?.state).toBe('accepted') })
    await vi.waitFor(() => { expect(wire.pictures.has('aa')).toBe(true) })

    expect(broken).toHaveLength(1)
    expect(wire.calls.slice(-3)).toEqual(['POST envelopes', 'POST attachments/missing', 'PUT attachments/aa'])
  })

  it('keeps everything when an answer is lost, and applies nothing twice', async () => {
    const storage = await aPhone()
    const id = await write(storage)
    let first = true
    const wire = office(() => {
      const spoiled = first
      first = false
      return spoiled ? lost : null
    })

    const driver = drive(storage, wire)
    await vi.waitFor(() => { expect(driver.status()?.trouble).toBe('unreachable') })
    expect((await storage.get(id))?.state).toBe('waiting')
    driver.nudge()
    await vi.waitFor(async () => { expect((await storage.get(id))?.state).toBe('accepted') })

    expect(wire.taken.size).toBe(1)
    expect(wire.calls).toHaveLength(2)
  })

  it('shows a refusal with its code and keeps the envelope', async () => {
    const storage = await aPhone()
    const id = await write(storage)
    const verdict = { id, verdict: 'refused', code: 'visit.practice_unknown', details: { n: 1 }, flags: [] }
    const wire = office(() => ({ kind: 'ok', value: { clock: CLOCK, missing: [], verdicts: [verdict] } as never }))

    drive(storage, wire)
    await vi.waitFor(async () => { expect((await storage.get(id))?.state).toBe('refused') })

    const held = JSON.parse(new TextDecoder().decode((await storage.get(id))?.bytes)) as { verdict: unknown; text: string }
    expect(held.verdict).toEqual({ code: 'visit.practice_unknown', details: { n: 1 }, flags: [] })
    expect(held.text).toContain(id)
  })

  it('speaks the protocol before its own to a service that is not updated yet', async () => {
    const storage = await aPhone()
    const id = await write(storage)
    const spoken: number[] = []
    const wire = office((call) => {
      const { protocol } = call.json as { protocol: number }
      spoken.push(protocol)
      const details = { understood: [PROTOCOL - 1, PROTOCOL - 2] }
      return protocol === PROTOCOL ? { ...lost, trouble: 'update_needed', code: 'sync.protocol_unknown', details } : null
    })

    drive(storage, wire)
    await vi.waitFor(async () => { expect((await storage.get(id))?.state).toBe('accepted') })

    expect(spoken).toEqual([PROTOCOL, PROTOCOL - 1])
  })

  it('waits while the last thing can still be undone', async () => {
    const storage = await aPhone()
    await write(storage, [], 60_000)
    const wire = office()

    const driver = drive(storage, wire)
    await vi.waitFor(() => { expect(driver.status()).not.toBeNull() })

    expect(wire.calls).toEqual([])
  })

  it('lets nothing be taken back that was chosen to leave, also when the clock is set back (11)', async () => {
    const storage = await aPhone()
    const before = Date.now() - 60_000
    const id = await write(storage, [], 10)
    const wire = office(() => lost)

    const driver = drive(storage, wire)
    await vi.waitFor(() => { expect(driver.status()?.trouble).toBe('unreachable') })

    expect(wire.taken).toContain(id)
    expect(await takeBack(storage, id, { nowMs: before })).toBe(false)
  })

  it('writes a verdict before the next day is asked for, also where the clock is set back between them', async () => {
    const storage = await aPhone()
    const id = await write(storage)
    let now = Date.now() + 2 * 86_400_000
    const turns = takeTurns({ storage, wire: office(), now: () => now, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined })
    const askedBefore = await inOrderOfEvents(storage)
    await turns.once()
    now -= 2 * 86_400_000
    const askedAfter = await inOrderOfEvents(storage)

    const record = await storage.get(id)
    const { settled_no = 0 } = record ? readEnvelope(record) : {}
    expect(record?.state).toBe('accepted')
    expect(askedBefore).toBeLessThan(settled_no)
    expect(settled_no).toBeLessThan(askedAfter)
  })

  it('sends again less and less often where the phone cannot write down what it was told', async () => {
    const storage = await aPhone()
    const id = await write(storage)
    const wire = office()
    let full = true
    const phone: Storage = { ...storage, write: (change) => (full ? Promise.reject(new NotWritten('full')) : storage.write(change)) }
    const turns = takeTurns({ storage: phone, wire, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined })

    const pauses: number[] = []
    for (let turn = 0; turn < 9; turn += 1) pauses.push(await turns.once())
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, LONGEST_WAIT_MS, LONGEST_WAIT_MS, LONGEST_WAIT_MS])

    full = false
    turns.nudge()
    await turns.once()
    expect((await storage.get(id))?.state).toBe('accepted')
    expect(wire.taken.size).toBe(1)
    full = true
    await write(storage)
    expect(await turns.once()).toBe(5_000)
  })

  it('forgets what was accepted long ago, and nothing else', async () => {
    const storage = await aPhone()
    const [accepted, waiting] = [await write(storage), await write(storage, [], 60_000)]
    drive(storage, office())
    await vi.waitFor(async () => { expect((await storage.get(accepted))?.state).toBe('accepted') })

    await forgetSettled(storage, Date.now() + 1_000)

    expect(await storage.get(accepted)).toBeUndefined()
    expect(await storage.get(waiting)).toBeDefined()
  })

  it.each(['small', 'original'] as const)('keeps a report accepted long ago until its %s picture is in the office (23)', async (part) => {
    const storage = await aPhone()
    const id = await write(storage, [picture('aa', part)])
    const wire = office()
    const nextDay = Date.now() + 2 * 86_400_000
    const turns = takeTurns({ storage, wire, onStatus: () => undefined, onSettled: () => undefined, onClock: () => undefined })
    await turns.once()
    expect((await storage.get(id))?.state).toBe('accepted')

    // The network broke off after the verdict; the next day brings it back, and a new list of cases.
    await forgetSettled(storage, nextDay)
    await storage.mark('aa', 'held')
    await forgetSettled(storage, nextDay)
    turns.nudge()
    for (let turn = 0; turn < 3; turn += 1) await turns.once()

    expect(wire.pictures).toContain('aa')
    expect(await storage.get('aa')).toBeUndefined()
    await forgetSettled(storage, nextDay)
    expect(await storage.get(id)).toBeUndefined()
  })
})
