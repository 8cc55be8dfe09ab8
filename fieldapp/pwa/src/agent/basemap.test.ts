import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { openStorage, type Storage } from '../outbox/storage'
import type { Reply } from '../outbox/wire'
import { keepBasemaps, keptBasemap } from './basemap'

const day = (name: string, basemap: string | null) => ({ day: `2026-11-${name}`, basemap })
const archive = (content: number): Uint8Array<ArrayBuffer> => new Uint8Array([...new TextEncoder().encode('PMTiles'), 3, content])
function answering(...replies: Reply<Uint8Array<ArrayBuffer>>[]) {
  const asked: string[] = []
  return {
    asked,
    bytes: (path: string): Promise<Reply<Uint8Array<ArrayBuffer>>> => {
      asked.push(path)
      return Promise.resolve(replies[asked.length - 1] ?? { kind: 'failed', trouble: 'unreachable', code: null, details: {}, retryAfterMs: null })
    },
  }
}
const ok = (content: number): Reply<Uint8Array<ArrayBuffer>> => ({ kind: 'ok', value: archive(content) })
const held = (storage: Storage): Promise<string[]> => storage.keysOf('day', 'basemap')

it('keeps the map of each day, asks for each once, by the day and by no place', async () => {
  const storage = openStorage('maps')
  const wire = answering(ok(1), ok(2))

  await keepBasemaps(storage, wire, [day('26', 'a'), day('27', 'b')])
  await keepBasemaps(storage, wire, [day('26', 'a'), day('27', 'b')])

  expect(wire.asked).toEqual(['/api/v1/field/basemap?day=2026-11-26', '/api/v1/field/basemap?day=2026-11-27'])
  expect((await keptBasemap(storage, day('27', 'b')))?.bytes).toEqual(archive(2))
})

it('lets go of a map with its day', async () => {
  const storage = openStorage('gone')
  await keepBasemaps(storage, answering(ok(1), ok(2)), [day('26', 'a'), day('27', 'b')])

  await keepBasemaps(storage, answering(), [day('27', 'b')])

  expect(await held(storage)).toEqual(['basemap:2026-11-27:b'])
  expect(await keptBasemap(storage, day('26', 'a'))).toBeNull()
})

it('shows the older map of a changed day until the newer has come', async () => {
  const storage = openStorage('changed')
  await keepBasemaps(storage, answering(ok(1)), [day('26', 'a')])

  await keepBasemaps(storage, answering(), [day('26', 'b')])
  expect((await keptBasemap(storage, day('26', 'b')))?.bytes).toEqual(archive(1))

  await keepBasemaps(storage, answering(ok(2)), [day('26', 'b')])
  expect(await held(storage)).toEqual(['basemap:2026-11-26:b'])
  expect((await keptBasemap(storage, day('26', 'b')))?.bytes).toEqual(archive(2))
})

it('shows none where the office has none any more', async () => {
  const storage = openStorage('none')
  await keepBasemaps(storage, answering(ok(1)), [day('26', 'a')])

  await keepBasemaps(storage, answering(), [day('26', null)])

  expect(await held(storage)).toEqual([])
  expect(await keptBasemap(storage, day('26', null))).toBeNull()
})

it('takes no page of a hotel for a map, and asks again', async () => {
  const storage = openStorage('portal')
  const wire = answering({ kind: 'ok', value: new TextEncoder().encode('<html>Wi-Fi') }, ok(1))

  await keepBasemaps(storage, wire, [day('26', 'a')])
  expect(await held(storage)).toEqual([])

  await keepBasemaps(storage, wire, [day('26', 'a')])
  expect(await held(storage)).toHaveLength(1)
})

it('passes over a map that was taken away meanwhile', async () => {
  const storage = openStorage('taken')
  const missing: Reply<Uint8Array<ArrayBuffer>> = { kind: 'failed', trouble: 'not_understood', code: 'basemap.missing', details: {}, retryAfterMs: null }

  await keepBasemaps(storage, answering(missing, ok(2)), [day('26', 'a'), day('27', 'b')])

  expect(await held(storage)).toEqual(['basemap:2026-11-27:b'])
})
