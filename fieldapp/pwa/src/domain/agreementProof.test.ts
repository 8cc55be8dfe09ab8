import { afterEach, describe, expect, it, vi } from 'vitest'
import cases from '../../../../tests/golden/agreements.json'
import type { AgreementPaper } from './agreement.ts'
import { agreementProof, packedAgreement } from './agreementProof.ts'

const CASES = cases as unknown as { name: string; value: AgreementPaper; digest: string; packed: string }[]
const SIGNATURE = 'A'.repeat(86)

async function inflated(part: string): Promise<string> {
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(stream).text()
}

describe('the proof in the code of an agreement', () => {
  afterEach(() => { vi.unstubAllGlobals() })

  it.each(CASES)('$name: carries the paper as the service packs it', async ({ value, digest, packed }) => {
    const [version, kind, content, signature] = (await agreementProof({ value, digest, signature: SIGNATURE })).split('.')

    expect(packedAgreement(value)).toBe(packed)
    expect([version, kind, signature]).toEqual(['3', value.kind === 'settlement' ? 's' : 'p', SIGNATURE])
    expect(await inflated(content ?? '')).toBe(packed)
  })

  it.each(CASES)('$name: is short enough for a readable code', async ({ value, digest }) => {
    expect((await agreementProof({ value, digest, signature: SIGNATURE })).length).toBeLessThan(1_100)
  })

  it.each(CASES)('$name: names the paper where the browser cannot deflate', async ({ value, digest }) => {
    vi.stubGlobal('CompressionStream', undefined)

    expect(await agreementProof({ value, digest, signature: SIGNATURE })).toBe(`2.${value.id}.${digest}.${SIGNATURE}`)
  })
})
