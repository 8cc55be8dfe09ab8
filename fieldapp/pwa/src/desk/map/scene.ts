/** What a map shows, whoever draws it: places, lines, a pin, and the ground below. Pure. */

/** `lit` belongs to what was chosen, `chosen` is it; `faded` steps back behind them. */
export type Tone = 'plain' | 'lit' | 'chosen' | 'faded'

/** Whose route it is: a letter, and one of `HUES` colours that only repeats it. */
export interface LaneMark {
  readonly letter: string
  readonly hue: number
}

export const HUES = 8

/** A, B … Z, AA, AB … and the colour of the `i`th lane, from 0. */
export function laneMark(i: number): LaneMark {
  const last = String.fromCharCode(65 + (i % 26))
  return { letter: i < 26 ? last : `${laneMark(Math.floor(i / 26) - 1).letter}${last}`, hue: i % HUES }
}

export interface MapPlace {
  readonly id: string
  readonly lat_e6: number
  readonly lon_e6: number
  /** A number or a letter inside the mark; '' draws a dot. */
  readonly label: string
  /** What the mark means, in words. */
  readonly title: string
  readonly tone: Tone
  readonly shape: 'stop' | 'done' | 'home' | 'dot'
  readonly lane?: LaneMark
}

export interface MapLine {
  readonly id: string
  /** `[lon_e6, lat_e6]` in order of travel. */
  readonly points: readonly (readonly [number, number])[]
  readonly tone: Tone
  readonly lane?: LaneMark
}

export interface Pin {
  readonly lat_e6: number
  readonly lon_e6: number
  readonly title: string
}

export interface Scene {
  readonly places: readonly MapPlace[]
  readonly lines: readonly MapLine[]
  readonly pin: Pin | null
}

export const EMPTY: Scene = { places: [], lines: [], pin: null }

/** `[west, south, east, north]` in microdegrees. */
export type Extent = readonly [number, number, number, number]

/** Around everything that is not faded, at least `least_m` wide and high; null for an empty scene. */
export function extentOf(scene: Scene, least_m = 1200): Extent | null {
  const lit = scene.places.filter((place) => place.tone !== 'faded')
  const points = [...(lit.length > 0 ? lit : scene.places), ...(scene.pin ? [scene.pin] : [])]
  if (points.length === 0) return null
  const lats = points.map((point) => point.lat_e6)
  const lons = points.map((point) => point.lon_e6)
  const [south, north] = widen(Math.min(...lats), Math.max(...lats), metersToLat(least_m))
  const middle = (south + north) / 2
  const [west, east] = widen(Math.min(...lons), Math.max(...lons), metersToLon(least_m, middle))
  return [west, south, east, north]
}

function widen(from: number, to: number, least: number): readonly [number, number] {
  const lack = Math.max(0, least - (to - from)) / 2
  return [from - lack, to + lack]
}

const METERS_PER_DEGREE = 111_195

const metersToLat = (meters: number): number => (meters / METERS_PER_DEGREE) * 1e6
const metersToLon = (meters: number, lat_e6: number): number => metersToLat(meters) / Math.cos((lat_e6 / 1e6) * (Math.PI / 180))

/** The pin `north_m` and `east_m` metres further, in whole microdegrees. */
export const nudge = (pin: Pin, north_m: number, east_m: number): Pin => ({
  ...pin,
  lat_e6: Math.round(pin.lat_e6 + metersToLat(north_m)),
  lon_e6: Math.round(pin.lon_e6 + metersToLon(east_m, pin.lat_e6)),
})

/** Straight metres between two points of a town's size. */
export function metersBetween(a: { lat_e6: number; lon_e6: number }, b: { lat_e6: number; lon_e6: number }): number {
  const north = ((b.lat_e6 - a.lat_e6) / 1e6) * METERS_PER_DEGREE
  const east = ((b.lon_e6 - a.lon_e6) / 1e6) * METERS_PER_DEGREE * Math.cos((a.lat_e6 / 1e6) * (Math.PI / 180))
  return Math.hypot(north, east)
}

/** A flat picture of an extent: microdegrees to pixels and back, the same scale in both directions. */
export interface Frame {
  readonly x: (lon_e6: number) => number
  readonly y: (lat_e6: number) => number
  readonly back: (x: number, y: number) => { readonly lat_e6: number; readonly lon_e6: number }
}

export function frameOf(extent: Extent, width: number, height: number, margin = 24): Frame {
  const [west, south, east, north] = extent
  const squeeze = Math.cos(((south + north) / 2e6) * (Math.PI / 180))
  const scale = Math.min((width - 2 * margin) / ((east - west) * squeeze), (height - 2 * margin) / (north - south))
  const left = (width - (east - west) * squeeze * scale) / 2
  const top = (height - (north - south) * scale) / 2
  return {
    x: (lon) => left + (lon - west) * squeeze * scale,
    y: (lat) => top + (north - lat) * scale,
    back: (x, y) => ({
      lat_e6: Math.round(north - (y - top) / scale),
      lon_e6: Math.round(west + (x - left) / (squeeze * scale)),
    }),
  }
}
