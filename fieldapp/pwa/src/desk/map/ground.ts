/** The ground of every map: comuni and streets, asked once and read at the door. */
import { link, service } from '../../api/service'
import { type Archive, behind, covers, openArchive } from '../../basemap/archive'

export type Position = readonly [number, number]

export interface Comune {
  readonly name: string
  readonly rings: readonly (readonly Position[])[]
  /** Where its name is written: `[lon, lat]` in degrees. */
  readonly at: Position
  /** Inhabitants, 0 where unknown: large names are written first. */
  readonly population: number
}

export interface Ground {
  readonly comuni: readonly Comune[]
  readonly streets: readonly (readonly Position[])[]
}

interface Feature {
  readonly geometry: { readonly type: string; readonly coordinates: unknown } | null
  readonly properties: Readonly<Record<string, unknown>> | null
}

export const NO_GROUND: Ground = { comuni: [], streets: [] }

let asked: Promise<Ground> | undefined

/** The same ground for every map of the session; a map without it still shows its places. */
export function loadGround(): Promise<Ground> {
  asked ??= ask()
  return asked
}

async function ask(): Promise<Ground> {
  const [comuni, streets] = await Promise.all([service.mapLayer('comuni'), service.mapLayer('streets')])
  if (comuni.kind === 'refused' && streets.kind === 'refused') asked = undefined
  return {
    comuni: comuni.kind === 'ok' ? readComuni(comuni.value) : [],
    streets: streets.kind === 'ok' ? readStreets(streets.value) : [],
  }
}

let opened: Promise<Archive | null> | undefined

/** The area's map of the house, opened once a session; null where there is none. */
export function loadBasemap(): Promise<Archive | null> {
  opened ??= openArchive(behind(link.basemap)).catch(() => {
    opened = undefined
    return null
  })
  return opened
}

/** Our own drawing where the basemap does not reach: streets and names that both have would be read twice. */
export function beyond(ground: Ground, basemap: Archive): Ground {
  return {
    comuni: ground.comuni.map((comune) => (covers(basemap, comune.at) ? { ...comune, name: '' } : comune)),
    streets: ground.streets.filter(([first]) => !first || !covers(basemap, first)),
  }
}

function featuresOf(value: unknown): readonly Feature[] {
  if (typeof value !== 'object' || value === null || !('features' in value) || !Array.isArray(value.features)) return []
  return value.features as readonly Feature[]
}

const isPosition = (value: unknown): value is Position => Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number'
const isLine = (value: unknown): value is readonly Position[] => Array.isArray(value) && value.every(isPosition)
const linesOf = (value: unknown): readonly (readonly Position[])[] => (Array.isArray(value) ? value.filter(isLine) : [])

/** Streets of any line geometry. */
export function readStreets(value: unknown): Ground['streets'] {
  return featuresOf(value).flatMap((feature) => {
    const { type, coordinates } = feature.geometry ?? { type: '', coordinates: null }
    if (type === 'LineString') return isLine(coordinates) ? [coordinates] : []
    return type === 'MultiLineString' ? linesOf(coordinates) : []
  })
}

/** Comuni with their outline, or as a point with a name where no outline is known. */
export function readComuni(value: unknown): Ground['comuni'] {
  return featuresOf(value).flatMap((feature): Comune[] => {
    const { type, coordinates } = feature.geometry ?? { type: '', coordinates: null }
    const name = String(feature.properties?.['name'] ?? feature.properties?.['comune'] ?? '')
    const people = Number(feature.properties?.['population'] ?? 0)
    const population = Number.isFinite(people) ? people : 0
    if (type === 'Point') return isPosition(coordinates) ? [{ name, rings: [], at: coordinates, population }] : []
    const rings =
      type === 'Polygon' ? linesOf(coordinates)
      : type === 'MultiPolygon' && Array.isArray(coordinates) ? coordinates.flatMap(linesOf)
      : []
    return rings.length === 0 ? [] : [{ name, rings, at: middleOf(rings[0] ?? []), population }]
  })
}

function middleOf(ring: readonly Position[]): Position {
  const n = Math.max(1, ring.length)
  return [ring.reduce((sum, [lon]) => sum + lon, 0) / n, ring.reduce((sum, [, lat]) => sum + lat, 0) / n]
}

/** How large a place must be for its name to be written at `zoom`: few names from afar, all from near. */
export const leastPopulation = (zoom: number): number => (zoom >= 12 ? 0 : zoom >= 11 ? 2500 : zoom >= 10 ? 6000 : 12_000)
