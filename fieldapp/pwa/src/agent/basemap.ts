/**
 * The map below the day's stops, on the phone before anybody looks for a door: a part of the agency's map that the
 * service cuts out for each day, within a bound of its own. Which part it is tells where the agent goes, so it is kept,
 * sealed and wiped like the day itself.
 */
import type { Storage } from '../outbox/storage'
import type { Wire } from '../outbox/wire'
import { isArchive } from '../basemap/archive'
import type { DayBundle } from './shapes'

const KIND = 'day'
const STATE = 'basemap'
type Named = Pick<DayBundle, 'day' | 'basemap'>

const ofDay = (day: string): string => `basemap:${day}:`
const keyOf = ({ day, basemap }: Named): string => `${ofDay(day)}${basemap ?? ''}`

/** Fetches what these days name and the phone lacks; lets go of other days' maps, and of a day's older one once the newer is here. */
export async function keepBasemaps(storage: Storage, wire: Pick<Wire, 'bytes'>, bundles: readonly Named[]): Promise<void> {
  const named = bundles.filter((bundle) => bundle.basemap)
  const held = await storage.keysOf(KIND, STATE)
  await storage.write({ remove: held.filter((key) => !named.some(({ day }) => key.startsWith(ofDay(day)))) })
  for (const bundle of named) {
    if (held.includes(keyOf(bundle))) continue
    const reply = await wire.bytes(`/api/v1/field/basemap?day=${bundle.day}`)
    if (reply.kind === 'failed') {
      // A map that was taken away meanwhile is passed over; anything else is the network.
      if (reply.code !== null) continue
      return
    }
    if (!isArchive(reply.value)) return
    await storage.write({
      put: [{ key: keyOf(bundle), kind: KIND, state: STATE, seq: 0, bytes: reply.value }],
      remove: held.filter((key) => key.startsWith(ofDay(bundle.day))),
    })
  }
}

/** The map of a day as it lies on the phone, also an older one until the newer has come; null without one. */
export async function keptBasemap(storage: Storage, bundle: Named): Promise<{ key: string; bytes: Uint8Array<ArrayBuffer> } | null> {
  if (!bundle.basemap) return null
  const held = (await storage.keysOf(KIND, STATE)).filter((key) => key.startsWith(ofDay(bundle.day)))
  const key = held.find((one) => one === keyOf(bundle)) ?? held[0]
  const record = key === undefined ? undefined : await storage.get(key)
  return record ? { key: record.key, bytes: record.bytes } : null
}
