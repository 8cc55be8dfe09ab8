/** How the map below the stops looks: quiet, so that stops and routes stand out. Colours are the page's own tokens. */
import type { LayerSpecification } from 'maplibre-gl'

const TOKENS = [
  'paper', 'card', 'well', 'ink', 'ink-soft', 'line', 'line-strong', 'accent', 'map-green', 'map-water', 'map-built', 'map-building', 'map-road',
  'map-edge', 'map-main', 'lane-0', 'lane-1', 'lane-2', 'lane-3', 'lane-4', 'lane-5', 'lane-6', 'lane-7',
] as const
export type Colours = Readonly<Record<(typeof TOKENS)[number], string>>

/** What the tokens mean in the theme that is shown now: MapLibre cannot read them by itself. */
export function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element)
  return Object.fromEntries(TOKENS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours
}

export const SOURCE = 'basemap'
/** Letters come from the machine's own fonts: others would have to be asked for. */
const FONT = ['system-ui', 'sans-serif']

type Width = readonly (readonly [zoom: number, px: number])[]
const width = (steps: Width): ['interpolate', ['exponential', number], ['zoom'], ...number[]] =>
  ['interpolate', ['exponential', 1.5], ['zoom'], ...steps.flat()]

interface Road {
  readonly kinds: readonly string[]
  readonly main: boolean
  readonly from: number
  readonly width: Width
}
/** From the least to the first: what comes later lies on top. */
const ROADS: readonly Road[] = [
  { kinds: ['path'], main: false, from: 15, width: [[15, 0.8], [18, 3]] },
  { kinds: ['service'], main: false, from: 15, width: [[15, 1.2], [18, 8]] },
  { kinds: ['minor'], main: false, from: 13, width: [[13, 0.8], [15, 3.5], [18, 18]] },
  { kinds: ['tertiary'], main: false, from: 11, width: [[11, 0.8], [15, 5], [18, 22]] },
  { kinds: ['secondary', 'primary'], main: true, from: 8, width: [[8, 0.8], [11, 2], [15, 6.5], [18, 26]] },
  { kinds: ['motorway', 'trunk'], main: true, from: 5, width: [[5, 0.8], [9, 2], [12, 3.5], [15, 8], [18, 30]] },
]
const wider = (steps: Width): Width => steps.map(([zoom, px]) => [zoom, px + 1.6])

/** The layers, from the ground up. Their ids begin with `basemap-`. */
export function basemapLayers(colours: Colours): LayerSpecification[] {
  const of = (layer: string): { source: string; 'source-layer': string } => ({ source: SOURCE, 'source-layer': layer })
  const text = { 'text-color': colours['ink-soft'], 'text-halo-color': colours.paper, 'text-halo-width': 1.4 }
  const round = { 'line-cap': 'round', 'line-join': 'round' } as const
  return [
    { id: 'basemap-built', type: 'fill', ...of('land'), filter: ['==', ['get', 'kind'], 'built'], paint: { 'fill-color': colours['map-built'] } },
    { id: 'basemap-green', type: 'fill', ...of('land'), filter: ['==', ['get', 'kind'], 'green'], paint: { 'fill-color': colours['map-green'] } },
    { id: 'basemap-water', type: 'fill', ...of('water'), paint: { 'fill-color': colours['map-water'] } },
    {
      id: 'basemap-waterways', type: 'line', ...of('waterways'), layout: round,
      paint: { 'line-color': colours['map-water'], 'line-width': width([[9, 0.8], [14, 2], [18, 8]]) },
    },
    { id: 'basemap-buildings', type: 'fill', ...of('buildings'), minzoom: 15, paint: { 'fill-color': colours['map-building'] } },
    {
      id: 'basemap-rail', type: 'line', ...of('roads'), filter: ['==', ['get', 'kind'], 'rail'], minzoom: 10,
      paint: { 'line-color': colours['line-strong'], 'line-width': width([[10, 0.5], [16, 2]]), 'line-dasharray': [6, 3] },
    },
    ...ROADS.map(({ kinds, from, width: steps }): LayerSpecification => ({
      id: `basemap-edge-${kinds[0] ?? ''}`, type: 'line', ...of('roads'), filter: ['match', ['get', 'kind'], [...kinds], true, false], minzoom: from,
      layout: round, paint: { 'line-color': colours['map-edge'], 'line-width': width(wider(steps)) },
    })),
    ...ROADS.map(({ kinds, main, from, width: steps }): LayerSpecification => ({
      id: `basemap-road-${kinds[0] ?? ''}`, type: 'line', ...of('roads'), filter: ['match', ['get', 'kind'], [...kinds], true, false], minzoom: from,
      layout: round, paint: { 'line-color': colours[main ? 'map-main' : 'map-road'], 'line-width': width(steps) },
    })),
    {
      id: 'basemap-road-names', type: 'symbol', ...of('roads'), minzoom: 14, filter: ['has', 'name'],
      layout: { 'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': width([[14, 11], [18, 15]]), 'text-padding': 4 },
      paint: text,
    },
    {
      id: 'basemap-numbers', type: 'symbol', ...of('numbers'), minzoom: 16,
      layout: { 'text-field': ['get', 'number'], 'text-font': FONT, 'text-size': width([[16, 10], [19, 14]]), 'text-padding': 2 },
      paint: text,
    },
    {
      id: 'basemap-places', type: 'symbol', ...of('places'), maxzoom: 16,
      layout: {
        'text-field': ['get', 'name'], 'text-font': FONT, 'text-padding': 6,
        'text-size': ['match', ['get', 'kind'], 'city', 18, 'town', 16, 'village', 14, 12],
        // Large places first: a lower key wins the room.
        'symbol-sort-key': ['match', ['get', 'kind'], 'city', 0, 'town', 1, 'village', 2, 'suburb', 3, 4],
      },
      paint: { ...text, 'text-color': colours.ink },
    },
  ]
}
