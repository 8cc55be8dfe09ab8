/** Where candidates stand, by province and comune, and what of it a dispatcher chose. Pure. */
import type { Candidate } from '../api/shapes'
import type { Scene } from '../desk/map/scene'
import { t } from '../text'

export interface Area {
  /** As it stands in the address: `LO:Lodi`. */
  readonly key: string
  readonly province: string
  readonly comune: string
  /** Candidates there. */
  readonly n: number
  /** The middle of those that have a position; none where none has. */
  readonly middle: { readonly lat_e6: number; readonly lon_e6: number } | null
}

type Placed = Pick<Candidate, 'province' | 'comune' | 'lat_e6' | 'lon_e6'>

export const keyOf = (one: Pick<Candidate, 'province' | 'comune'>): string => `${one.province}:${one.comune}`

/** Every comune with candidates, by province and name; addresses without a comune are none. */
export function areasOf(candidates: readonly Placed[]): readonly Area[] {
  const keys = [...new Set(candidates.filter((one) => one.comune !== '').map(keyOf))]
  return keys
    .map((key): Area => {
      const there = candidates.filter((one) => keyOf(one) === key)
      return { key, province: key.slice(0, key.indexOf(':')), comune: key.slice(key.indexOf(':') + 1), n: there.length, middle: middleOf(there) }
    })
    .toSorted((a, b) => a.province.localeCompare(b.province) || a.comune.localeCompare(b.comune))
}

function middleOf(placed: readonly Placed[]): Area['middle'] {
  const points = placed.flatMap((one) => (one.lat_e6 === null || one.lon_e6 === null ? [] : [{ lat_e6: one.lat_e6, lon_e6: one.lon_e6 }]))
  if (points.length === 0) return null
  const mean = (of: (point: (typeof points)[number]) => number): number => Math.round(points.reduce((sum, point) => sum + of(point), 0) / points.length)
  return { lat_e6: mean((point) => point.lat_e6), lon_e6: mean((point) => point.lon_e6) }
}

export const provincesOf = (areas: readonly Area[]): readonly string[] => [...new Set(areas.map((one) => one.province))]

/** With this comune, or without it if it was chosen. */
export const toggled = (chosen: readonly string[], key: string): string[] =>
  chosen.includes(key) ? chosen.filter((one) => one !== key) : [...chosen, key]

/** With a whole province, or without it if all of it was chosen. */
export function toggledProvince(chosen: readonly string[], areas: readonly Area[], province: string): string[] {
  const keys = areas.filter((one) => one.province === province).map((one) => one.key)
  const rest = chosen.filter((one) => !keys.includes(one))
  return keys.every((key) => chosen.includes(key)) ? rest : [...rest, ...keys]
}

/** What the address says: unknown comuni fall out, so that an old link does not hide everything. */
export const readAreas = (written: string | null, areas: readonly Area[]): string[] =>
  (written ?? '').split('|').filter((key) => areas.some((one) => one.key === key))

export const writeAreas = (chosen: readonly string[]): string | null => (chosen.length === 0 ? null : chosen.toSorted().join('|'))

/** A mark for each comune with how many candidates stand there. */
export const sceneOfAreas = (areas: readonly Area[], chosen: readonly string[]): Scene => ({
  pin: null,
  lines: [],
  places: areas.flatMap((one) =>
    one.middle
      ? [{ id: one.key, ...one.middle, label: String(one.n), title: t('territory.mark', { comune: one.comune, n: one.n }), tone: chosen.includes(one.key) ? ('chosen' as const) : ('plain' as const), shape: 'stop' as const }]
      : [],
  ),
})
