import { describe, expect, it } from 'vitest'
import { beyond } from '../desk/map/ground'
import { type Archive, HeldSource, isArchive } from './archive'
import { basemapLayers, type Colours, SOURCE } from './style'

const colours = new Proxy({}, { get: (_, name) => `#${String(name)}` }) as Colours

describe('the basemap', () => {
  it('is told from a page with status 200 and from another version', () => {
    const head = (version: number): Uint8Array => new Uint8Array([...new TextEncoder().encode('PMTiles'), version, 0])

    expect([isArchive(head(3)), isArchive(head(2)), isArchive(new TextEncoder().encode('<html>')), isArchive(new Uint8Array())]).toEqual([true, false, false, false])
  })

  it('gives the bytes that were asked for and no others', async () => {
    const source = new HeldSource(new Uint8Array([1, 2, 3, 4]), 'held')

    expect(new Uint8Array((await source.getBytes(1, 2)).data)).toEqual(new Uint8Array([2, 3]))
    expect(new Uint8Array((await source.getBytes(3, 9)).data)).toEqual(new Uint8Array([4]))
  })

  it('is painted from the ground up, and asks nobody for letters', () => {
    const layers = basemapLayers(colours)
    const at = (name: string): number => layers.findIndex(({ id }) => id === `basemap-${name}`)

    const order = ['built', 'green', 'water', 'buildings', 'edge-motorway', 'road-path', 'road-minor', 'road-motorway', 'road-names', 'places'].map(at)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(order).not.toContain(-1)
    expect(new Set(layers.map((layer) => ('source' in layer ? layer.source : '')))).toEqual(new Set([SOURCE]))
    expect(JSON.stringify(layers)).not.toMatch(/https?:|undefined/)
  })

  it('takes the place of our own streets and names where it reaches', () => {
    const archive = { bounds: [9, 45, 10, 46] } as unknown as Archive
    const comune = (name: string, lon: number) => ({ name, rings: [], at: [lon, 45.5] as const, population: 1 })

    const left = beyond({ comuni: [comune('Lodi', 9.5), comune('Asti', 8.2)], streets: [[[9.5, 45.5], [9.6, 45.5]], [[8.2, 45.5], [8.3, 45.5]]] }, archive)

    expect(left.comuni.map(({ name }) => name)).toEqual(['', 'Asti'])
    expect(left.streets).toEqual([[[8.2, 45.5], [8.3, 45.5]]])
  })
})
