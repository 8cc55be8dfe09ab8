/** An area's map as one PMTiles archive: in the service, or the part of it that lies on a phone. Knows nothing of drawing. */
import { FetchSource, PMTiles, type RangeResponse, type Source } from 'pmtiles'

/** What the licence of the data wants to be read wherever they are shown. */
export const CREDIT = '© OpenStreetMap contributors'
export const CREDIT_LINK = 'https://www.openstreetmap.org/copyright'

export interface Archive {
  readonly tiles: PMTiles
  readonly minZoom: number
  readonly maxZoom: number
  /** `[west, south, east, north]` in degrees: what the map covers. */
  readonly bounds: readonly [number, number, number, number]
}

/** Opens what `source` holds; throws where that is no archive. */
export async function openArchive(source: Source): Promise<Archive> {
  const tiles = new PMTiles(source)
  const { minZoom, maxZoom, minLon, minLat, maxLon, maxLat } = await tiles.getHeader()
  return { tiles, minZoom, maxZoom, bounds: [minLon, minLat, maxLon, maxLat] }
}

/** The archive behind an address of our own service, read piece by piece. */
export const behind = (address: string): Source => new FetchSource(address)

/** An archive that is held whole. */
export class HeldSource implements Source {
  constructor(
    private readonly bytes: Uint8Array<ArrayBuffer>,
    private readonly key: string,
  ) {}

  getKey(): string {
    return this.key
  }

  getBytes(offset: number, length: number): Promise<RangeResponse> {
    return Promise.resolve({ data: this.bytes.slice(offset, offset + length).buffer })
  }
}

/** Whether the bytes begin as an archive of the version that we read: a portal's page with status 200 does not. */
export const isArchive = (bytes: Uint8Array): boolean =>
  new TextDecoder().decode(bytes.subarray(0, 7)) === 'PMTiles' && bytes[7] === 3

/** Whether a point in degrees lies in what the map covers. */
export const covers = ({ bounds: [west, south, east, north] }: Archive, [lon, lat]: readonly [number, number]): boolean =>
  lon >= west && lon <= east && lat >= south && lat <= north
