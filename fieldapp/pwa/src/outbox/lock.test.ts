import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from './bytes'
import { deviceKeyPair } from './deviceKey'
import { commit, countersRecord, firstCounters, seal } from './envelopes'
import { addPasskey, changeSecret, dropOldDayKeys, dropPasskey, hasWaited, MOST_TRIES, openLock, openWithPasskey, setLock, waitAfter, weakness, wipe, type Opened, type PasskeySecret, type Secret } from './lock'
import { unsent } from './rescue'
import type { Office } from './sealing'
import { openStorage, SEALED, type Row, type Storage, type StoredRecord } from './storage'
import { Locked, openVault, type Vault } from './vault'

const DEVICE = '0198a3c2-7f00-7abc-8def-0123456789ab'
const DAY = '2026-11-26'
/** As dear as it must be on a phone, it would take the tests minutes. */
const CHEAP = { memory_kib: 8, passes: 1 }
const PIN: Secret = { kind: 'pin', pin: '481590' }
const OTHER: Secret = { kind: 'pin', pin: '902514' }
const CASE = 'Mario Bianchi, Via Roma 12, deve 1.234,56'

let raw: Storage
let vault: Vault
let office: Office
let names = 0
let lockedOut = 0

beforeEach(async () => {
  raw = openStorage(`lock-${String((names += 1))}`)
  lockedOut = 0
  await deviceKeyPair(raw)
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  office = { device: DEVICE, key: btoa(String.fromCharCode(...point)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') }
  vault = openVault(raw, () => office, () => (lockedOut += 1))
  await raw.write({ put: [countersRecord(firstCounters({ device_id: DEVICE, next_seq: 1, chain_head: '', blocks: [] }))] })
})

const record = (key: string, kind: StoredRecord['kind'] = 'day', state = 'kept'): StoredRecord => ({ key, kind, state, seq: 1, bytes: utf8(CASE) })

async function opened(): Promise<void> {
  vault.open(await setLock(raw, PIN, { day: DAY, cost: CHEAP }))
}

async function tried(secret: Secret, day = DAY): Promise<Opened> {
  const said = await openLock(raw, secret, { day, office })
  if (said.kind === 'open') vault.open(said.ring)
  return said
}

async function writeVisit(storage: Storage = vault): Promise<string> {
  return commit(storage, async (counters) => {
    const sealed = await seal(counters, { kind: 'visit', body: { debtor: CASE }, nowMs: 1, offsetMs: 0, restMs: 0, pictures: ['aa'] })
    return { counters: sealed.counters, put: [sealed.record, record('aa', 'original', 'waiting')], result: sealed.envelope.id }
  })
}

/** Everything in the database, however deep, as text. */
async function everyByte(): Promise<string> {
  const rows = (await Promise.all((['day', 'draft', 'envelope', 'original', 'small', 'receipt', 'counters', 'setting'] as const).map((kind) => raw.ofKind(kind)))).flat()
  return rows.map((row) => JSON.stringify(row, (_, value: unknown) => (value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value))).join('\n')
}

/** A phone that lets `alive` changes of its lock happen and is gone at the next, before or after it took effect. */
function mortal(alive: number, after: boolean): { readonly dying: Storage; readonly died: Promise<void> } {
  let left = alive
  let die: () => void = () => undefined
  const died = new Promise<void>((resolve) => (die = resolve))
  const changeLock: Storage['changeLock'] = async (change) => {
    if (left-- > 0) return raw.changeLock(change)
    if (after) await raw.changeLock(change)
    die()
    return new Promise<never>(() => undefined)
  }
  return { dying: { ...raw, changeLock }, died }
}

const waitOut = async (): Promise<void> => void (await hasWaited(raw, Number.MAX_SAFE_INTEGER))

describe('a locked phone', () => {
  it('holds nothing that can be read', async () => {
    await opened()
    await vault.write({ put: [record('day:1'), record('draft:1', 'draft', 'open')] })
    await writeVisit()

    expect(await everyByte()).not.toMatch(/Bianchi|Via Roma|1\.234,56/)
    expect(new TextDecoder().decode((await vault.get('day:1'))?.bytes)).toBe(CASE)
  })

  it('neither reads nor writes a case, and goes on numbering', async () => {
    await opened()
    await vault.write({ put: [record('day:1')] })
    vault.shut()

    await expect(vault.get('day:1')).rejects.toThrow(Locked)
    await expect(vault.ofKind('envelope')).rejects.toThrow(Locked)
    await expect(vault.write({ put: [record('day:2')] })).rejects.toThrow(Locked)
    expect(await vault.get('counters')).toBeDefined()
  })

  it('compares what was read, although it is never sealed twice alike', async () => {
    await opened()
    await vault.write({ put: [record('draft:1', 'draft', 'open')] })

    const [before] = await vault.ofKind('draft')
    expect(await vault.write({ expect: [{ key: 'draft:1', bytes: before?.bytes ?? null }], put: [{ ...record('draft:1', 'draft', 'open'), bytes: utf8('newer') }] })).toBe('written')
    expect(await vault.write({ expect: [{ key: 'draft:1', bytes: before?.bytes ?? null }], put: [record('draft:1', 'draft', 'open')] })).toBe('changed')
  })

  it('moves a picture to another state as it lies, sealed to the office since it was taken', async () => {
    await opened()
    await vault.write({ put: [record('aa', 'original', 'draft')] })
    const taken = await raw.get('aa')

    await vault.write({ put: [{ ...(taken as Row), state: 'waiting' }] })

    expect(taken?.office).toBeDefined()
    expect(await raw.get('aa')).toEqual({ ...taken, state: 'waiting' })
    expect((await vault.get('aa'))?.bytes).toEqual(utf8(CASE))
  })

  it('seals anew what moves and lacks a seal: of an older day, or from before the office had a key', async () => {
    const known = office
    office = { device: DEVICE, key: '' }
    await opened()
    await vault.write({ put: [record('aa', 'original', 'draft')] })
    const taken = (await raw.get('aa')) as Row
    office = known

    await vault.write({ put: [{ ...taken, state: 'waiting' }] })
    await tried(PIN, '2026-11-27')
    await vault.write({ put: [{ ...((await raw.get('aa')) as Row), state: 'draft' }] })

    const moved = await raw.get('aa')
    expect(taken.office).toBeUndefined()
    expect(moved?.office).toBeDefined()
    expect(moved?.by).not.toBe(taken.by)
    expect((await vault.get('aa'))?.bytes).toEqual(utf8(CASE))
  })

  it('does not open a record that was put in the place of another', async () => {
    await opened()
    await vault.write({ put: [record('day:1')] })
    const row = (await raw.get('day:1')) as Row
    await raw.write({ put: [{ ...row, key: 'day:2' }] })

    await expect(vault.get('day:2')).rejects.toThrow()
  })
})

describe('the PIN', () => {
  it.each([
    ['12345', 'too_short'], ['48159a', 'too_short'], ['1234567890123', 'too_long'],
    ['777777', 'too_easy'], ['123456', 'too_easy'], ['654321', 'too_easy'], ['789012', 'too_easy'], ['481590', null],
  ])('%s is %s', (pin, weak) => {
    expect(weakness(pin)).toBe(weak)
  })

  it('opens after a reload, and a wrong one does not', async () => {
    await opened()
    await vault.write({ put: [record('day:1')] })
    vault.shut()

    expect(await tried(OTHER)).toEqual({ kind: 'wrong', triesLeft: 9, waitMs: 0 })
    expect((await tried(PIN)).kind).toBe('open')
    expect((await vault.get('day:1'))?.bytes).toBeDefined()
  })

  it('is of no use without the key of this browser', async () => {
    await opened()
    await raw.changeLock((held) => ({ ...(held as NonNullable<typeof held>), binding: (elsewhere as CryptoKey) }))

    expect((await tried(PIN)).kind).toBe('wrong')
  })

  it('costs longer waits each time, which no reload and no clock makes shorter', async () => {
    await opened()
    const waits: number[] = []
    for (let wrong = 1; wrong < MOST_TRIES; wrong += 1) {
      const said = await tried(OTHER)
      waits.push(said.kind === 'wrong' ? said.waitMs : -1)
      if (wrong === 3) {
        // Not even the right one, not in another window, not tomorrow.
        expect(await openLock(openStorage(`lock-${String(names)}`), PIN, { day: '2027-01-01', office })).toEqual({ kind: 'wait', waitMs: 30_000 })
        expect(await hasWaited(raw, 29_000)).toBe(1_000)
        expect(await hasWaited(raw, -60_000)).toBe(1_000)
        expect((await tried(PIN)).kind).toBe('wait')
      }
      await waitOut()
    }

    expect(waits).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(waitAfter))
    expect([...waits].sort((a, b) => a - b)).toEqual(waits)
    expect((await tried(PIN)).kind).toBe('open')
    expect((await raw.lock())?.failures).toBe(0)
  })

  it('counts a try before it is made: a phone that dies over it has lost one', async () => {
    await opened()
    const { dying, died } = mortal(0, true)
    void openLock(dying, OTHER, { day: DAY, office })
    await died

    expect(await tried(OTHER)).toMatchObject({ kind: 'wrong', triesLeft: 8 })
  })
})

describe('a passkey', () => {
  const FINGER: PasskeySecret = { credential: utf8('credential'), salt: utf8('salt'), secret: new Uint8Array(32).fill(7) }
  const ANOTHER = new Uint8Array(32).fill(8)

  async function finger(secret = FINGER.secret, day = DAY): Promise<string> {
    const said = await openWithPasskey(raw, secret, { day })
    if (said.kind === 'open') vault.open(said.ring)
    return said.kind
  }

  async function withFinger(): Promise<void> {
    await opened()
    await vault.write({ put: [record('day:1')] })
    expect((await addPasskey(raw, PIN, FINGER, { office })).kind).toBe('open')
    vault.shut()
  }

  it('opens what the PIN opens, which stays the other way in', async () => {
    await withFinger()

    expect(await finger()).toBe('open')
    expect(new TextDecoder().decode((await vault.get('day:1'))?.bytes)).toBe(CASE)
    vault.shut()
    expect((await tried(PIN)).kind).toBe('open')
  })

  it('gets a new day its key, which the PIN then opens', async () => {
    await withFinger()

    expect(await finger(FINGER.secret, '2026-11-27')).toBe('open')
    await vault.renew()
    vault.shut()

    expect((await raw.lock())?.day_keys.map((key) => key.day)).toEqual([DAY, '2026-11-27'])
    expect((await tried(PIN, '2026-11-27')).kind).toBe('open')
    expect((await vault.get('day:1'))?.bytes).toEqual(utf8(CASE))
  })

  it('of somebody else opens nothing and costs no try', async () => {
    await withFinger()

    expect(await finger(ANOTHER)).toBe('other')
    expect(await raw.lock()).toMatchObject({ failures: 0, wait_ms: 0 })
  })

  it('is of no use without the key of this browser', async () => {
    await withFinger()
    await raw.changeLock((held) => ({ ...(held as NonNullable<typeof held>), binding: elsewhere }))

    expect(await finger()).toBe('other')
  })

  it('is added by whom knows the PIN only, and a wrong one counts', async () => {
    await opened()

    expect(await addPasskey(raw, OTHER, FINGER, { office })).toEqual({ kind: 'wrong', triesLeft: 9, waitMs: 0 })
    expect(await finger()).toBe('other')
  })

  it('opens while a wrong PIN still costs a wait, and ends it', async () => {
    await withFinger()
    for (let wrong = 1; wrong <= 3; wrong += 1) await tried(OTHER)
    expect((await tried(PIN)).kind).toBe('wait')

    expect(await finger()).toBe('open')
    expect((await tried(PIN)).kind).toBe('open')
  })

  it.each([
    ['it was taken away', () => dropPasskey(raw)],
    ['the PIN was changed', () => changeSecret(raw, PIN, OTHER, { office, cost: CHEAP })],
  ])('opens nothing after %s', async (_, change) => {
    await withFinger()
    const [before] = (await raw.lock())?.day_keys ?? []

    await change()

    expect(await finger()).toBe('other')
    expect((await raw.lock())?.passkey).toBeNull()
    expect((await raw.lock())?.day_keys.map((key) => key.id)).toEqual([before?.id])
  })

  it('is gone after a wipe, and so is what it opened', async () => {
    await withFinger()

    await wipe(raw, 'forgotten', office)

    expect(await raw.lock()).toMatchObject({ passkey: null, day_keys: [], wiped: 'forgotten' })
    expect(await finger()).toBe('wiped')
    vault.open(await setLock(raw, OTHER, { day: DAY, cost: CHEAP }))
    expect(await finger()).toBe('other')
  })
})

describe('ten wrong PINs', () => {
  it('wipe the cases and nothing that the office has not acknowledged', async () => {
    await opened()
    const id = await writeVisit()
    await vault.write({
      put: [record('day:1'), record('draft:1', 'draft', 'open'), record('draft:2', 'draft', 'bound'), record('bb', 'original', 'draft'), record('old', 'envelope', 'accepted')],
    })
    vault.shut()
    for (let wrong = 1; wrong < MOST_TRIES; wrong += 1) {
      await tried(OTHER)
      await waitOut()
    }

    expect(await tried(OTHER)).toEqual({ kind: 'wiped' })

    expect((await unsent(raw)).map((row) => [row.key, row.state])).toEqual([[id, SEALED], ['draft:2', SEALED], ['aa', SEALED]])
    expect(await raw.get('day:1')).toBeUndefined()
    expect(await raw.get('bb')).toBeUndefined()
    expect((await unsent(raw)).every((row) => row.own === undefined)).toBe(true)
    expect(await raw.lock()).toMatchObject({ day_keys: [], wiped: 'pin' })
    expect(await tried(PIN)).toEqual({ kind: 'wiped' })
  })

  it('leave a phone that begins again where its numbers stopped, and does not see what is sealed', async () => {
    await opened()
    const id = await writeVisit()
    await wipe(raw, 'forgotten', office)
    vault.open(await setLock(raw, OTHER, { day: DAY, cost: CHEAP }))

    const second = await writeVisit()

    expect((await vault.ofKind('envelope')).map((row) => [row.key, row.seq])).toEqual([[second, 2]])
    expect((await unsent(raw)).map((row) => row.key)).toContain(id)
  })
})

describe('a crash at any step', () => {
  it.each([[0, false], [0, true]])('of setting the PIN leaves what was there (after %i steps, %s)', async (alive, after) => {
    await raw.write({ put: [record('day:1')] })
    const { dying, died } = mortal(alive, after)
    void setLock(dying, PIN, { day: DAY, cost: CHEAP })
    await died

    if (await raw.lock()) expect((await tried(PIN)).kind).toBe('open')
    else await opened()
    await vault.renew()

    expect(new TextDecoder().decode((await vault.get('day:1'))?.bytes)).toBe(CASE)
    expect(await everyByte()).not.toContain('Bianchi')
  })

  it.each([[0, false], [0, true], [1, false], [1, true]])('of changing it leaves the old one or the new one (after %i steps, %s)', async (alive, after) => {
    await opened()
    await vault.write({ put: [record('day:1')] })
    vault.shut()
    const { dying, died } = mortal(alive, after)
    void changeSecret(dying, PIN, OTHER, { office, cost: CHEAP })
    await died

    const said = [await tried(PIN), await tried(OTHER)].map((one) => one.kind)

    expect(said.filter((kind) => kind === 'open')).toHaveLength(1)
    expect(new TextDecoder().decode((await vault.get('day:1'))?.bytes)).toBe(CASE)
  })
})

describe('what an app before locks has left in the clear', () => {
  it('is sealed when the first PIN is chosen, to the office too where it is unsent', async () => {
    const id = await writeVisit(raw)
    await raw.write({ put: [record('day:1'), record('draft:1', 'draft', 'open')] })
    expect(await everyByte()).toContain('Bianchi')

    await opened()
    await vault.renew()

    expect(await everyByte()).not.toContain('Bianchi')
    expect((await raw.get(id))?.office).toBeDefined()
    expect(new TextDecoder().decode((await vault.get('draft:1'))?.bytes)).toBe(CASE)
  })

  it('outlives a wipe that comes before it was sealed', async () => {
    const id = await writeVisit(raw)
    await opened()

    await wipe(raw, 'pin', office)

    expect((await unsent(raw)).map((row) => [row.key, row.state])).toEqual([[id, SEALED], ['aa', SEALED]])
    expect(await everyByte()).not.toContain('Bianchi')
  })
})

describe('a new day', () => {
  it('has a new key, under which everything moves; the old one is forgotten', async () => {
    await opened()
    await vault.write({ put: [record('draft:1', 'draft', 'open')] })
    vault.shut()

    const said = await tried(PIN, '2026-11-27')
    expect(await vault.renew()).toBe(1)
    if (said.kind === 'open') await dropOldDayKeys(raw, said.ring)

    expect((await raw.lock())?.day_keys.map((key) => key.day)).toEqual(['2026-11-27'])
    vault.shut()
    expect((await tried(PIN, '2026-11-27')).kind).toBe('open')
    expect(new TextDecoder().decode((await vault.get('draft:1'))?.bytes)).toBe(CASE)
  })

  it('takes along what another window marks in the middle of it', async () => {
    await opened()
    await vault.write({ put: [record('draft:1', 'draft', 'open')] })
    vault.shut()
    const said = await openLock(raw, PIN, { day: '2026-11-27', office })
    if (said.kind !== 'open') throw new Error(said.kind)
    let marked = false
    const busy = openVault(
      {
        ...raw,
        write: async (change) => {
          if (!marked) await raw.mark('draft:1', 'marked')
          marked = true
          return raw.write(change)
        },
      },
      () => office,
    )
    busy.open(said.ring)

    expect(await busy.renew()).toBe(1)
    await dropOldDayKeys(raw, said.ring)

    expect((await busy.get('draft:1'))?.state).toBe('marked')
    expect(new TextDecoder().decode((await busy.get('draft:1'))?.bytes)).toBe(CASE)
  })

  it('locks another window out, which then writes nothing that nobody could open', async () => {
    await opened()
    const here = openVault(raw, () => office)
    const said = await openLock(raw, PIN, { day: '2026-11-27', office })
    if (said.kind === 'open') here.open(said.ring)

    await expect(vault.write({ put: [record('draft:1', 'draft', 'open')] })).rejects.toThrow(Locked)
    expect(lockedOut).toBe(1)
    expect(await raw.get('draft:1')).toBeUndefined()
  })

  it('a wiped phone takes nothing more from a window that was open', async () => {
    await opened()
    await wipe(raw, 'office', office)

    await expect(writeVisit()).rejects.toThrow(Locked)
    expect(await unsent(raw)).toEqual([])
  })
})

const elsewhere = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
