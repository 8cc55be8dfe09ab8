/** MapLibre with what both faces need of it: its worker as a file of ours, and tiles out of an archive. Loaded lazily. */
import * as maplibre from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { Archive } from './archive'

maplibre.setWorkerUrl(worker)

const open = new Map<string, Archive>()

maplibre.addProtocol('basemap', async ({ url }, abort) => {
  const [, name = '', z, x, y] = /^basemap:\/\/([^/]+)(?:\/(\d+)\/(\d+)\/(\d+))?$/.exec(url) ?? []
  const archive = open.get(decodeURIComponent(name))
  if (archive && z === undefined) return { data: tileJson(archive, name) }
  const tile = await archive?.tiles.getZxy(Number(z), Number(x), Number(y), abort.signal)
  // As a server would say it: the map then shows the part of a coarser tile that is there.
  if (!tile) throw new maplibre.AJAXError(404, 'no such tile', url, new Blob())
  return { data: tile.data }
})

const tileJson = ({ minZoom: minzoom, maxZoom: maxzoom, bounds }: Archive, name: string): object => ({
  tiles: [`basemap://${name}/{z}/{x}/{y}`], minzoom, maxzoom, bounds, sparse: true,
})

/** The archive's tiles as a source of a style. */
export function basemapSource(archive: Archive): maplibre.VectorSourceSpecification {
  const key = archive.tiles.source.getKey()
  open.set(key, archive)
  return { type: 'vector', url: `basemap://${encodeURIComponent(key)}` }
}

/** Lets go of an archive that no map shows any more. */
export const closeSource = (archive: Archive): void => void open.delete(archive.tiles.source.getKey())

/** Another theme means another style: what was put into its sources is put there again by `then`. */
export function followTheme(map: maplibre.Map, style: () => maplibre.StyleSpecification, then: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const recolour = (): void => {
    map.setStyle(style(), { diff: true })
    map.once('styledata', then)
  }
  dark.addEventListener('change', recolour)
  return () => {
    dark.removeEventListener('change', recolour)
  }
}

export { maplibre }
