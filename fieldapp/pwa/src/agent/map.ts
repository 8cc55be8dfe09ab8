/** Our own small drawing of the day: stops laid on a square by their coordinates. Pure; needs no network. */
import type { StopCard } from './shapes'

/** The side of the drawing in its own units. */
export const SIDE = 1000
const MARGIN = 90
const LEAST_SIDE_KM = 1
const KM_PER_DEGREE = 111.32
/** Two numbers closer than this cannot both be read or touched. */
const APART = 62

interface Point {
  readonly lat_e6: number
  readonly lon_e6: number
}

export interface Placed {
  readonly stop: StopCard
  readonly number: number
  readonly x: number
  readonly y: number
}

export interface Drawing {
  readonly stops: readonly Placed[]
  readonly home: { readonly x: number; readonly y: number } | null
  readonly comuni: readonly { readonly name: string; readonly x: number; readonly y: number }[]
  /** `x,y x,y`: from home along the stops. */
  readonly way: string
  /** How many kilometres the side shows. */
  readonly sideKm: number
}

/** `stops` in the order in which they are made, which the line follows; each keeps the number that the office gave it. */
export function drawing(stops: readonly StopCard[], home: Point | null): Drawing {
  const located = stops.flatMap((stop) => {
    const { lat_e6, lon_e6 } = stop.address
    return lat_e6 === null || lon_e6 === null ? [] : [{ stop, number: stop.position, lat_e6, lon_e6 }]
  })
  const points: Point[] = home ? [...located, home] : located
  if (!located.length) return { stops: [], home: null, comuni: [], way: '', sideKm: 0 }
  const lats = points.map((point) => point.lat_e6 / 1e6)
  const lons = points.map((point) => point.lon_e6 / 1e6)
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2
  const lon = (Math.min(...lons) + Math.max(...lons)) / 2
  // A degree of longitude shrinks towards the pole: without this every town would look stretched.
  const narrowing = Math.cos((lat * Math.PI) / 180)
  const tall = (Math.max(...lats) - Math.min(...lats)) * KM_PER_DEGREE
  const wide = (Math.max(...lons) - Math.min(...lons)) * KM_PER_DEGREE * narrowing
  const km = Math.max(tall, wide, LEAST_SIDE_KM)
  const scale = (SIDE - 2 * MARGIN) / km
  const at = (point: Point): { x: number; y: number } => ({
    x: Math.round(SIDE / 2 + (point.lon_e6 / 1e6 - lon) * KM_PER_DEGREE * narrowing * scale),
    y: Math.round(SIDE / 2 - (point.lat_e6 / 1e6 - lat) * KM_PER_DEGREE * scale),
  })
  const placed = apart(located.map((item) => ({ stop: item.stop, number: item.number, ...at(item) })))
  const start = home ? at(home) : null
  const way = [...(start ? [start] : []), ...placed].map(({ x, y }) => `${String(x)},${String(y)}`).join(' ')
  return { stops: placed, home: start, comuni: names(placed), way, sideKm: Math.round((km * SIDE) / (SIDE - 2 * MARGIN)) }
}

/** Moves numbers that lie on each other apart: the order counts more than the metre. */
function apart(placed: Placed[]): Placed[] {
  const spots = spread(placed, APART)
  const inside = (v: number): number => Math.round(Math.min(SIDE - 40, Math.max(40, v)))
  return placed.map((item, i) => ({ ...item, x: inside(spots[i]?.x ?? item.x), y: inside(spots[i]?.y ?? item.y) }))
}

/** The spots, `least` apart where so many gentle rounds of pushing can do it. */
export function spread(spots: readonly { readonly x: number; readonly y: number }[], least: number, rounds = 12): { x: number; y: number }[] {
  const moved = spots.map(({ x, y }) => ({ x, y }))
  for (let round = 0; round < rounds; round += 1) {
    moved.forEach((a, i) => {
      moved.slice(i + 1).forEach((b, j) => {
        const dx = b.x - a.x || (i + j) % 2 || -1
        const dy = b.y - a.y || 1
        const far = Math.hypot(dx, dy)
        if (far >= least) return
        const push = (least - far) / 2 / far
        a.x -= dx * push
        a.y -= dy * push
        b.x += dx * push
        b.y += dy * push
      })
    })
  }
  return moved
}

function names(placed: readonly Placed[]): Drawing['comuni'] {
  const groups = new Map<string, Placed[]>()
  for (const item of placed) groups.set(item.stop.address.comune, [...(groups.get(item.stop.address.comune) ?? []), item])
  return [...groups].map(([name, items]) => ({
    name,
    x: Math.round(items.reduce((sum, item) => sum + item.x, 0) / items.length),
    y: Math.min(SIDE - 12, Math.max(...items.map((item) => item.y)) + 74),
  }))
}
