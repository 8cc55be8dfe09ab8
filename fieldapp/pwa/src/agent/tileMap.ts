/** The day's stops on the map that lies on the phone: no request is made for it. Loaded lazily; throws without WebGL. */
import type * as GeoJSON from 'geojson'
import '../basemap/basemap.css'
import type { Archive } from '../basemap/archive'
import { basemapSource, closeSource, followTheme, maplibre } from '../basemap/engine'
import { basemapLayers, coloursOf, SOURCE } from '../basemap/style'
import { hasWebGl } from '../basemap/webgl'
import { spread } from './map'

/** A stop as its mark: `at` is `[lon, lat]` in degrees. */
export interface Mark {
  readonly id: string
  readonly number: number
  readonly at: readonly [number, number]
  readonly label: string
  readonly done: boolean
  readonly chosen: boolean
}

export interface TileMap {
  readonly show: (marks: readonly Mark[]) => void
  /** Puts a stop into the middle, as near as doors are told apart, or all of them into the picture. */
  readonly look: (id: string | null) => void
  readonly zoom: (by: 1 | -1) => void
  readonly close: () => void
}

const DOORS_ZOOM = 16
/** Two marks closer than this cannot both be touched. */
const APART_PX = 46
const ROUNDS = 80
const PADDING = 56

export async function openTileMap(
  element: HTMLElement, archive: Archive, { label, home, marks: first, choose }: {
    readonly label: string
    readonly home: readonly [number, number] | null
    readonly marks: readonly Mark[]
    readonly choose: (id: string) => void
  },
): Promise<TileMap> {
  if (!hasWebGl()) throw new Error('no WebGL')
  let marks = first
  const way = (): GeoJSON.Feature => ({
    type: 'Feature', properties: {},
    geometry: { type: 'LineString', coordinates: [...(home ? [home] : []), ...marks.map(({ at }) => at)].map(([lon, lat]) => [lon, lat]) },
  })
  const style = (): maplibre.StyleSpecification => {
    const colours = coloursOf(element)
    return {
      version: 8,
      sources: {
        [SOURCE]: basemapSource(archive),
        way: { type: 'geojson', data: way() },
      },
      layers: [
        { id: 'ground', type: 'background', paint: { 'background-color': colours.paper } },
        ...basemapLayers(colours),
        {
          id: 'way', type: 'line', source: 'way', layout: { 'line-join': 'round', 'line-cap': 'round' },
          paint: { 'line-color': colours.accent, 'line-width': 2.5, 'line-opacity': 0.7, 'line-dasharray': [0.5, 2.5] },
        },
      ],
    }
  }
  const map = new maplibre.Map({
    container: element, style: style(), bounds: boundsOf(marks, home), fitBoundsOptions: { padding: PADDING, maxZoom: DOORS_ZOOM },
    attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, keyboard: false, maxZoom: 19, fadeDuration: 0,
    locale: { 'Map.Title': label },
  })
  map.touchZoomRotate.disableRotation()
  // A tile that cannot be drawn leaves its place empty; the stops are there all the same.
  map.on('error', () => undefined)
  await new Promise<void>((resolve) => map.once('load', () => { resolve() }))
  const release = followTheme(map, style, () => undefined)
  const drawn = new Map<string, maplibre.Marker>()
  if (home) new maplibre.Marker({ element: homeMark() }).setLngLat([...home]).addTo(map)

  const show = (next: readonly Mark[]): void => {
    marks = next
    for (const mark of next) {
      const known = drawn.get(mark.id) ?? new maplibre.Marker({ element: button(mark.id, choose) })
      drawn.set(mark.id, known)
      const face = known.getElement()
      face.textContent = String(mark.number)
      face.setAttribute('aria-label', mark.label)
      face.setAttribute('aria-pressed', String(mark.chosen))
      face.classList.toggle('done', mark.done)
      known.setLngLat([mark.at[0], mark.at[1]]).addTo(map)
    }
    for (const [id, marker] of drawn) {
      if (next.some((mark) => mark.id === id)) continue
      marker.remove()
      drawn.delete(id)
    }
    const source = map.getSource('way')
    if (source instanceof maplibre.GeoJSONSource) void source.setData(way())
    settle()
  }
  /** Marks that would lie on each other stand beside their doors; the nearer one looks, the less. */
  const settle = (): void => {
    const doors = marks.map(({ at }) => map.project([at[0], at[1]]))
    spread(doors, APART_PX, ROUNDS).forEach(({ x, y }, i) => {
      const from = doors[i]
      if (from) drawn.get(marks[i]?.id ?? '')?.setOffset([Math.round(x - from.x), Math.round(y - from.y)])
    })
  }
  show(first)
  map.on('zoom', settle)

  return {
    show,
    look: (id) => {
      const mark = marks.find((one) => one.id === id)
      if (mark) map.easeTo({ center: [mark.at[0], mark.at[1]], zoom: Math.max(map.getZoom(), DOORS_ZOOM), duration: 150 })
      else map.fitBounds(boundsOf(marks, home), { padding: PADDING, maxZoom: DOORS_ZOOM, duration: 150 })
    },
    zoom: (by) => map.easeTo({ zoom: map.getZoom() + by, duration: 120 }),
    close: () => {
      release()
      map.remove()
      closeSource(archive)
    },
  }
}

function boundsOf(marks: readonly Mark[], home: readonly [number, number] | null): maplibre.LngLatBounds {
  const bounds = new maplibre.LngLatBounds()
  for (const [lon, lat] of [...marks.map(({ at }) => at), ...(home ? [home] : [])]) bounds.extend([lon, lat])
  return bounds
}

function button(id: string, choose: (id: string) => void): HTMLButtonElement {
  const face = document.createElement('button')
  face.type = 'button'
  face.setAttribute('role', 'button')
  face.className = 'tile-stop'
  face.addEventListener('click', (event) => {
    event.stopPropagation()
    choose(id)
  })
  return face
}

function homeMark(): HTMLElement {
  const face = document.createElement('span')
  face.className = 'tile-home'
  face.setAttribute('aria-hidden', 'true')
  return face
}
