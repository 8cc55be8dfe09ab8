import { describe, expect, it } from 'vitest'
import { DEBTOR_PAYS, payerKind, payerOf, typedAs, unanswered, type TypedPayer } from './payer'

const SISTER: TypedPayer = { other: true, name: ' Lucia  Neri ', capacity: 'relative', document: 'passport', agreed: true }

describe('who pays', () => {
  it('is the debtor until somebody says otherwise', () => {
    expect([unanswered(DEBTOR_PAYS), payerOf(DEBTOR_PAYS), payerKind(DEBTOR_PAYS)]).toEqual([[], null, 'debtor'])
  })

  it('names somebody else without the blanks of typing', () => {
    expect(payerOf(SISTER)).toEqual({ name: 'Lucia Neri', capacity: 'relative', document: 'passport', debtor_agrees: true })
  })

  it.each([
    ['name', { name: '  ' }],
    ['capacity', { capacity: null }],
    ['document', { document: null }],
    // The debtor stands there and was not asked
    ['agreed', { agreed: false }],
  ] as const)('asks for %s before anything is taken', (question, change) => {
    expect(unanswered({ ...SISTER, ...change })).toEqual([question])
    expect(payerOf({ ...SISTER, ...change })).toBeNull()
  })

  it('was somebody else on paper also where the debtor did not agree: the money was taken', () => {
    const against = { ...SISTER, agreed: false }

    expect(unanswered(against, 'on_paper')).toEqual([])
    expect(payerOf(against, 'on_paper')).toMatchObject({ name: 'Lucia Neri', debtor_agrees: false })
    expect(unanswered({ ...against, document: null }, 'on_paper')).toEqual(['document'])
  })

  it('is typed again as the report named them', () => {
    const payer = payerOf(SISTER)

    expect(payerOf(typedAs(payer ?? undefined))).toEqual(payer)
    expect(typedAs(undefined)).toEqual(DEBTOR_PAYS)
  })

  it('is unidentified only once it was said that there is no document', () => {
    expect(payerKind({ ...SISTER, document: null })).toBe('other_identified')
    expect(payerKind({ ...SISTER, document: 'none' })).toBe('other_unidentified')
  })
})
