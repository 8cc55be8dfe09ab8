import { describe, expect, it } from 'vitest'
import { unique } from './shrink'

describe('a photo made ready', () => {
  it('is never the same bytes twice, so that no report loses the picture of another', () => {
    const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0x00, 0x04, 0x4a, 0x46, 0xff, 0xd9])

    const [one, other] = [unique(jpeg), unique(jpeg)]

    expect(one).not.toEqual(other)
    expect([...one.subarray(0, 6)]).toEqual([0xff, 0xd8, 0xff, 0xfe, 0x00, 0x12])
    expect([...one.subarray(22)]).toEqual([...jpeg.subarray(2)])
  })
})
