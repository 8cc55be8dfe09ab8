import { expect, it } from 'vitest'
import golden from '../../../../tests/golden/sendable.json' with { type: 'json' }
import { usable, type SendBy } from './paperRequest.ts'

for (const { channel, address, usable: expected } of golden) {
  it(`${expected ? 'can' : 'cannot'} send by ${channel} to "${address}"`, () => {
    expect(usable(channel as SendBy, address)).toBe(expected)
  })
}
