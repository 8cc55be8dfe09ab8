/** The map on WebGL: our own style of our own data; nothing is asked of anybody else. Loaded lazily. */
import type * as GeoJSON from 'geojson'
import type { Archive } from '../../basemap/archive'
import { basemapSource, followTheme, maplibre } from '../../basemap/engine'
import { basemapLayers, type Colours, coloursOf, SOURCE } from '../../basemap/style'
import { t } from '../../text'
import { type Ground, leastPopulation } from './ground'
import { type Extent, extentOf, type MapPlace, type Scene } from './scene'

export interface MapActions {
  readonly choose: (id: string) => void
  readonly move: (lat_e6: number, lon_e6: number) => void
}

export interface Drawn {
  readonly show: (scene: Scene) => void
  readonly fit: (extent: Extent) => void
  readonly close: () => void
}

type Lines = GeoJSON.FeatureCollection
const collection = (features: GeoJSON.Feature[]): Lines => ({ type: 'FeatureCollection', features })
const line = (coordinates: GeoJSON.Position[], properties: Record<string, unknown> = {}): GeoJSON.Feature => ({
  type: 'Feature', properties, geometry: { type: 'LineString', coordinates },
})

/** The routes as lines of the map, each with what its look follows from. */
const linesOf = (scene: Scene): Lines =>
  collection(scene.lines.map((one) => line(one.points.map(([lon, lat]) => [lon / 1e6, lat / 1e6]), { tone: one.tone, hue: one.lane?.hue ?? -1 })))

function styleOf(ground: Ground, basemap: Archive | null, colours: Colours, scene: Scene): maplibre.StyleSpecification {
  const comuni = ground.comuni.filter((one) => one.rings.length > 0)
  const areas = comuni.map((one): GeoJSON.Feature => ({
    type: 'Feature', properties: {}, geometry: { type: 'MultiPolygon', coordinates: one.rings.map((ring) => [ring.map((at) => [...at])]) },
  }))
  const streets = ground.streets.map((street) => line(street.map((at) => [...at])))
  return {
    version: 8,
    sources: {
      ...(basemap ? { [SOURCE]: basemapSource(basemap) } : {}),
      areas: { type: 'geojson', data: collection(areas) },
      streets: { type: 'geojson', data: collection(streets) },
      routes: { type: 'geojson', data: linesOf(scene) },
      dots: { type: 'geojson', data: collection([]) },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': comuni.length > 0 ? colours.well : colours.paper } },
      { id: 'areas', type: 'fill', source: 'areas', paint: { 'fill-color': colours.paper } },
      ...(basemap ? basemapLayers(colours) : []),
      { id: 'borders', type: 'line', source: 'areas', paint: { 'line-color': colours.line, 'line-width': 1 } },
      {
        id: 'streets', type: 'line', source: 'streets', layout: { 'line-cap': 'round' },
        paint: { 'line-color': colours.line, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.4, 13, 1.5, 17, 8] },
      },
      {
        id: 'routes', type: 'line', source: 'routes', layout: { 'line-join': 'round' },
        paint: {
          'line-color': ['match', ['get', 'tone'], 'lit', colours.accent, ['match', ['get', 'hue'],
            0, colours['lane-0'], 1, colours['lane-1'], 2, colours['lane-2'], 3, colours['lane-3'],
            4, colours['lane-4'], 5, colours['lane-5'], 6, colours['lane-6'], 7, colours['lane-7'], colours['ink-soft']]],
          'line-width': ['match', ['get', 'tone'], 'lit', 3, 2],
          'line-opacity': ['match', ['get', 'tone'], 'faded', 0.35, 1],
        },
      },
      {
        id: 'dots', type: 'circle', source: 'dots',
        paint: {
          'circle-radius': ['match', ['get', 'tone'], 'lit', 6, 3.5],
          'circle-color': ['match', ['get', 'tone'], 'lit', colours.accent, 'faded', colours['line-strong'], colours['ink-soft']],
          'circle-stroke-color': colours.card,
          'circle-stroke-width': 1,
        },
      },
    ],
  }
}

/** Opens a map in `element`, over the `basemap` where there is one; resolves when it can be drawn on. Throws where WebGL is missing. */
export async function drawMap(
  element: HTMLElement, { ground, basemap }: { readonly ground: Ground; readonly basemap: Archive | null }, first: Scene, actions: MapActions,
): Promise<Drawn> {
  const extent = extentOf(first)
  const map = new maplibre.Map({
    container: element,
    // With the first lines in it: those set afterwards come a moment later than the marks.
    style: styleOf(ground, basemap, coloursOf(element), first),
    ...(extent ? { bounds: boundsOf(extent), fitBoundsOptions: { padding: 48 } } : {}),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 18,
    fadeDuration: 0,
    locale: { 'Map.Title': t('map.label'), 'NavigationControl.ZoomIn': t('map.in'), 'NavigationControl.ZoomOut': t('map.out') },
  })
  map.touchZoomRotate.disableRotation()
  // A tile that does not come leaves its place empty; what lies on the map is there all the same.
  map.on('error', () => undefined)
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right')
  await new Promise<void>((resolve) => map.once('load', () => resolve()))

  const names = writeNames(map, ground)
  const marks = new Map<string, maplibre.Marker>()
  let pin: maplibre.Marker | null = null
  let shown = first
  let drawnLines = first.lines

  map.on('click', 'dots', (event) => {
    const id: unknown = event.features?.[0]?.properties['id']
    if (typeof id === 'string') actions.choose(id)
  })
  map.on('click', (event) => {
    if (shown.pin) actions.move(Math.round(event.lngLat.lat * 1e6), Math.round(event.lngLat.lng * 1e6))
  })

  const release = followTheme(map, () => styleOf(ground, basemap, coloursOf(element), shown), () => show(shown))

  function show(scene: Scene): void {
    shown = scene
    if (scene.lines !== drawnLines) setLines(map, 'routes', linesOf(scene))
    drawnLines = scene.lines
    const dots = scene.places.filter((place) => place.shape === 'dot')
    setLines(map, 'dots', collection(dots.map((place) => ({
      type: 'Feature', properties: { id: place.id, tone: place.tone }, geometry: { type: 'Point', coordinates: [place.lon_e6 / 1e6, place.lat_e6 / 1e6] },
    }))))
    showMarks(map, marks, scene.places.filter((place) => place.shape !== 'dot'), actions)
    pin = showPin(map, pin, scene, actions)
  }

  // Whoever has moved the map keeps what is in the middle of it; to others its frame shows the same as before.
  let whole = extent
  map.on('movestart', (event) => {
    if ('originalEvent' in event && event.originalEvent) whole = null
  })
  map.on('resize', () => {
    if (whole) map.fitBounds(boundsOf(whole), { padding: 48, maxZoom: 16, duration: 0 })
  })

  show(first)
  return {
    show,
    fit: (wanted) => {
      whole = wanted
      map.fitBounds(boundsOf(wanted), { padding: 48, maxZoom: 16, duration: 120 })
    },
    close: () => {
      release()
      for (const name of names) name.remove()
      map.remove()
    },
  }
}

const boundsOf = ([west, south, east, north]: Extent): [number, number, number, number] => [west / 1e6, south / 1e6, east / 1e6, north / 1e6]

function setLines(map: maplibre.Map, source: string, lines: Lines): void {
  const found = map.getSource(source)
  if (found instanceof maplibre.GeoJSONSource) void found.setData(lines)
}

/** Names of comuni as text on the page: letters in WebGL would need fonts from somewhere else. */
function writeNames(map: maplibre.Map, ground: Ground): readonly maplibre.Marker[] {
  const names = ground.comuni.map((comune) => {
    const element = document.createElement('span')
    element.className = 'map-name'
    element.textContent = comune.name
    element.setAttribute('aria-hidden', 'true')
    element.setAttribute('role', 'presentation')
    return new maplibre.Marker({ element }).setLngLat([comune.at[0], comune.at[1]]).addTo(map)
  })
  const hide = (): void => {
    const least = leastPopulation(map.getZoom())
    ground.comuni.forEach((comune, i) => names[i]?.getElement().classList.toggle('hidden', comune.population < least))
    map.getContainer().classList.toggle('far', map.getZoom() < 11.5)
  }
  map.on('zoom', hide)
  hide()
  return names
}

function showMarks(map: maplibre.Map, marks: Map<string, maplibre.Marker>, places: readonly MapPlace[], actions: MapActions): void {
  const wanted = new Set(places.map((place) => place.id))
  for (const [id, mark] of marks) {
    if (wanted.has(id)) continue
    mark.remove()
    marks.delete(id)
  }
  for (const place of places) {
    const mark = marks.get(place.id) ?? newMark(map, place.id, actions)
    marks.set(place.id, mark)
    const element = mark.getElement()
    element.classList.remove('plain', 'lit', 'chosen', 'faded', 'stop', 'done', 'home')
    element.classList.add('map-mark', place.shape, place.tone)
    if (place.lane) element.style.setProperty('--lane', `var(--lane-${place.lane.hue})`)
    element.textContent = place.label
    element.title = place.title
    mark.setLngLat([place.lon_e6 / 1e6, place.lat_e6 / 1e6]).addTo(map)
  }
}

function newMark(map: maplibre.Map, id: string, actions: MapActions): maplibre.Marker {
  // For the mouse only: the list beside the map says and does the same, and a hundred more stops of Tab help nobody.
  const element = document.createElement('div')
  element.setAttribute('aria-hidden', 'true')
  element.setAttribute('role', 'presentation')
  element.addEventListener('click', (event) => {
    event.stopPropagation()
    actions.choose(id)
  })
  return new maplibre.Marker({ element })
}

function showPin(map: maplibre.Map, before: maplibre.Marker | null, scene: Scene, actions: MapActions): maplibre.Marker | null {
  if (!scene.pin) {
    before?.remove()
    return null
  }
  const pin = before ?? newPin(actions)
  pin.getElement().setAttribute('aria-label', scene.pin.title)
  pin.setLngLat([scene.pin.lon_e6 / 1e6, scene.pin.lat_e6 / 1e6]).addTo(map)
  return pin
}

function newPin(actions: MapActions): maplibre.Marker {
  const element = document.createElement('span')
  element.className = 'map-pin'
  element.setAttribute('role', 'img')
  const pin = new maplibre.Marker({ element, draggable: true, anchor: 'bottom' })
  pin.on('dragend', () => {
    const { lat, lng } = pin.getLngLat()
    actions.move(Math.round(lat * 1e6), Math.round(lng * 1e6))
  })
  return pin
}
