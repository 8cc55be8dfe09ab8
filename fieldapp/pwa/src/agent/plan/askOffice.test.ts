import { describe, expect, it } from 'vitest'
import { approvedHere, askedOf, newDraft, type AskedOffice, type Draft } from '../draft'
import { kept, opened } from '../keptDraft'
import { aStop } from '../testing'
import { paidOff } from './askOffice'

const paper = (id: string, offer: number) =>
  ({ value: { kind: 'settlement', id, offer_cents: offer, pay_by: '2026-12-01', debt_cents: 90_000 }, digest: 'd', signature: 's' }) as unknown as NonNullable<Draft['agreement']>
const said = (id: string, state: AskedOffice['state']): AskedOffice => ({ id, state, note: '', decided_at: null })
const receipt = (cents: number) => ({ method: 'cash', amount_cents: cents, receipt: {} }) as unknown as Draft['payments'][number]

const draft = (part: Partial<Draft>): Draft => ({
  ...newDraft(aStop('s'), { visitId: 'v', day: '2026-11-26' }), met: 'debtor', outcome: 'SETTLEMENT_PROPOSED', ...part,
})

describe('what the office says of a settlement', () => {
  it('belongs to the paper that was asked and not to one that was changed since', () => {
    const asked = draft({ agreement: paper('a', 60_000), asked: said('a', 'approved') })
    expect(approvedHere(asked)?.offer_cents).toBe(60_000)
    const changed = { ...asked, agreement: paper('b', 10_000) }
    expect(askedOf(changed)).toBeNull()
    expect(approvedHere(changed)).toBeNull()
  })

  it.each(['proposed', 'refused', 'withdrawn', 'expired'] as const)('lets nobody pay it as approved while it is %s', (state) => {
    expect(approvedHere(draft({ agreement: paper('a', 60_000), asked: said('a', state) }))).toBeNull()
  })

  it('ends the visit as paid once all of it was taken, and not before', () => {
    const asked = draft({ agreement: paper('abcdefgh-1', 60_000), asked: said('abcdefgh-1', 'approved') })
    const part = paidOff({ ...asked, payments: [receipt(20_000)] })
    expect(part.outcome).toBe('SETTLEMENT_PROPOSED')
    const all = paidOff({ ...asked, payments: [receipt(20_000), receipt(40_000)] })
    expect([all.outcome, all.answers['authorisation'], all.agreement?.value.kind]).toEqual(['SETTLEMENT_PAID', 'abcdefgh', 'settlement'])
  })

  it('is no payment of it while nobody has approved', () => {
    const asked = draft({ agreement: paper('a', 60_000), asked: said('a', 'proposed'), payments: [receipt(60_000)] })
    expect(paidOff(asked).outcome).toBe('SETTLEMENT_PROPOSED')
  })

  it('does not lie on the phone where the debtor was not met', () => {
    const asked = draft({ agreement: paper('a', 60_000), asked: said('a', 'approved'), met: 'nobody' })
    expect(JSON.stringify(kept(asked))).not.toContain('approved')
    expect(opened(kept(asked), []).asked).toBeNull()
  })
})
