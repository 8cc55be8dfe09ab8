/** The way between two points as the crow flies. Pure. */

const EARTH_M = 6_371_000
const radians = (e6: number): number => (e6 / 1e6) * (Math.PI / 180)

/** Metres between two points along the great circle; shown, never a lock. */
export function distanceM(a: { lat_e6: number; lon_e6: number }, b: { lat_e6: number; lon_e6: number }): number {
  const half = (x: number): number => Math.sin(x / 2) ** 2
  const h =
    half(radians(b.lat_e6 - a.lat_e6)) +
    Math.cos(radians(a.lat_e6)) * Math.cos(radians(b.lat_e6)) * half(radians(b.lon_e6 - a.lon_e6))
  return Math.round(2 * EARTH_M * Math.asin(Math.sqrt(h)))
}
