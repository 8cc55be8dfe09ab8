/** A small drawing around a door: where the pin stands, where it should, how far that is. Pure; needs no network. */

export interface Spot {
  readonly lat_e6: number
  readonly lon_e6: number
}

export interface Frame {
  readonly centre: Spot
  /** Metres that the side of the drawing shows. */
  readonly sideM: number
}

/** The side of the drawing in its own units. */
export const SIDE = 1000
const LEAST_M = 200
const M_PER_E6 = 0.111_32

const narrowing = (spot: Spot): number => Math.cos((spot.lat_e6 / 1e6) * (Math.PI / 180))

/** A square that holds both spots with room around; a round number of metres wide. */
export function frameOf(one: Spot, other: Spot): Frame {
  const centre = { lat_e6: Math.round((one.lat_e6 + other.lat_e6) / 2), lon_e6: Math.round((one.lon_e6 + other.lon_e6) / 2) }
  const tall = Math.abs(one.lat_e6 - other.lat_e6) * M_PER_E6
  const wide = Math.abs(one.lon_e6 - other.lon_e6) * M_PER_E6 * narrowing(centre)
  const wanted = Math.max(LEAST_M, 2 * Math.max(tall, wide))
  return { centre, sideM: Math.ceil(wanted / 100) * 100 }
}

export function toPicture(frame: Frame, spot: Spot): { x: number; y: number } {
  const unit = (SIDE * M_PER_E6) / frame.sideM
  return {
    x: SIDE / 2 + (spot.lon_e6 - frame.centre.lon_e6) * unit * narrowing(frame.centre),
    y: SIDE / 2 - (spot.lat_e6 - frame.centre.lat_e6) * unit,
  }
}

export function fromPicture(frame: Frame, { x, y }: { x: number; y: number }): Spot {
  const unit = (SIDE * M_PER_E6) / frame.sideM
  return {
    lat_e6: Math.round(frame.centre.lat_e6 - (y - SIDE / 2) / unit),
    lon_e6: Math.round(frame.centre.lon_e6 + (x - SIDE / 2) / (unit * narrowing(frame.centre))),
  }
}

/** So many metres to the north and to the east. */
export const moved = (spot: Spot, northM: number, eastM: number): Spot => ({
  lat_e6: spot.lat_e6 + Math.round(northM / M_PER_E6),
  lon_e6: spot.lon_e6 + Math.round(eastM / (M_PER_E6 * narrowing(spot))),
})
