import { describe, expect, it } from 'vitest'
import cases from '../../../../tests/golden/agreements.json'
import { sha256Hex } from '../outbox/bytes.ts'
import words from '../papers/templates/default.it.json'
import { agreementBlocks, checkAgreement, sealAgreement, type AgreementPaper, type PlanPaper } from './agreement.ts'
import { canonicalText } from './canonical.ts'

interface Case {
  readonly name: string
  readonly value: AgreementPaper
  readonly digest: string
  readonly blocks: readonly (readonly [string, string, string])[]
}

const CASES = cases as unknown as readonly Case[]
const PLAN = CASES[0]?.value as PlanPaper

describe('agreements', () => {
  it.each(CASES)('$name: shows the agreed blocks', async ({ value, digest, blocks }) => {
    checkAgreement(value)

    expect(await sha256Hex(canonicalText(value))).toBe(digest)
    expect(agreementBlocks(value, words, digest).map(({ role, label, text }) => [role, label, text])).toEqual(blocks)
  })

  it.each<Partial<PlanPaper>>([
    { total_cents: PLAN.total_cents + 1 }, { interest_cents: 1 }, { yearly_rate_bp: 400 }, { instalments: PLAN.instalments.slice(1) },
  ])('whose sums do not follow from its terms are not signed: %o', (changes) => {
    expect(() => { checkAgreement({ ...PLAN, ...changes }) }).toThrow('repayment.schedule_differs')
  })

  it('are signed by the device over the bytes that the office reads', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    let raw = new Uint8Array(new ArrayBuffer(0))

    const sealed = await sealAgreement(PLAN, pair.privateKey, (bytes) => {
      raw = bytes
      return 'signature'
    })

    const content = new TextEncoder().encode(canonicalText(PLAN))
    expect(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, pair.publicKey, raw, content)).toBe(true)
    expect(sealed.signature).toBe('signature')
  })
})
