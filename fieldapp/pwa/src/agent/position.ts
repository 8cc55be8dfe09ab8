/** Where the phone is, asked for at arrival, at a receipt, at the closing and in danger, and at no other moment. */
import type { NoPosition, Position } from '../domain/visit.ts'

export type Found = { readonly position: Position; readonly reason: null } | { readonly position: null; readonly reason: NoPosition }

const none = (reason: NoPosition): Found => ({ position: null, reason })

/** One reading, or why there is none. `offsetMs` brings the phone's clock to the service's. */
export async function askPosition(offsetMs: number, timeoutMs = 8_000): Promise<Found> {
  const { geolocation } = navigator as { geolocation?: Geolocation }
  if (!geolocation) return none('unavailable')
  return new Promise((resolve) => {
    geolocation.getCurrentPosition(
      ({ coords }) => {
        resolve({
          reason: null,
          position: {
            lat_e6: Math.round(coords.latitude * 1e6),
            lon_e6: Math.round(coords.longitude * 1e6),
            accuracy_m: Math.min(1_000_000, Math.max(0, Math.round(coords.accuracy))),
            // The instant of asking by our clock: the sensor's own clock is a third one.
            at: new Date(Date.now() + offsetMs).toISOString(),
          },
        })
      },
      (problem) => {
        resolve(none(problem.code === 1 ? 'refused' : problem.code === 3 ? 'timed_out' : 'unavailable'))
      },
      { enableHighAccuracy: true, timeout: timeoutMs, maximumAge: 30_000 },
    )
  })
}
