import { describe, expect, it } from 'vitest'
import { EMPTY, extentOf, frameOf, laneMark, type MapPlace, metersBetween, nudge, type Pin } from './scene'

const place = (lat_e6: number, lon_e6: number, tone: MapPlace['tone'] = 'plain'): MapPlace => ({
  id: `${lat_e6}`, lat_e6, lon_e6, label: '', title: '', tone, shape: 'dot',
})
const pin: Pin = { lat_e6: 45_314_000, lon_e6: 9_503_000, title: '' }

describe('what a map shows', () => {
  it('is nothing without places', () => expect(extentOf(EMPTY)).toBeNull())

  it('is never narrower than a neighbourhood', () => {
    const extent = extentOf({ ...EMPTY, pin }, 1000)

    expect(extent).not.toBeNull()
    const [west, south, east, north] = extent ?? [0, 0, 0, 0]
    expect(metersBetween({ lat_e6: south, lon_e6: west }, { lat_e6: north, lon_e6: west })).toBeCloseTo(1000, 0)
    expect(metersBetween({ lat_e6: 45_314_000, lon_e6: west }, { lat_e6: 45_314_000, lon_e6: east })).toBeCloseTo(1000, 0)
  })

  it('goes around what is lit and leaves the faded out', () => {
    const extent = extentOf({ ...EMPTY, places: [place(45_000_000, 9_000_000), place(45_100_000, 9_200_000), place(46_000_000, 10_000_000, 'faded')] }, 1)

    expect(extent).toEqual([9_000_000, 45_000_000, 9_200_000, 45_100_000])
  })

  it('gives the point back that was put into the picture', () => {
    const frame = frameOf([9_400_000, 45_200_000, 9_600_000, 45_400_000], 900, 500)

    expect(frame.back(frame.x(pin.lon_e6), frame.y(pin.lat_e6))).toEqual({ lat_e6: pin.lat_e6, lon_e6: pin.lon_e6 })
  })

  it('moves a pin by metres', () => {
    expect(metersBetween(pin, nudge(pin, 30, 40))).toBeCloseTo(50, 0)
  })
})

describe('the mark of a lane', () => {
  it.each([[0, 'A', 0], [7, 'H', 7], [8, 'I', 0], [25, 'Z', 1], [26, 'AA', 2], [52, 'BA', 4]])('%i is %s', (i, letter, hue) =>
    expect(laneMark(i)).toEqual({ letter, hue }))
})
