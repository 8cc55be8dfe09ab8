import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/pads.json' with { type: 'json' }
import { formDigest, formName, typedCheck, typedForm } from './pad.ts'
import { attempt } from './reading.ts'

describe('a form of a paper pad', () => {
  it.each(golden.digests)('$series-$number has the digest that the service makes', async ({ digest, ...form }) => {
    expect(await formDigest(form)).toBe(digest)
  })

  it.each(golden.checks)('reads the check "$typed" as the service does', ({ typed, check }) => {
    expect(typedCheck(typed)).toBe(check)
  })

  it.each([
    ['B1-000007', 'B1-000007'],
    ['7', 'B1-000007'],
    [' b2 – 12 ', 'B2-000012'],
  ])('is read from "%s"', (number, name) => {
    expect(formName(typedForm('receipt', { number, check: 'k7qx m2pa' }))).toBe(name)
  })

  it.each([
    [{ number: '', check: 'K7QXM2PA' }, 'pad.number_unreadable'],
    [{ number: 'B1-000000', check: 'K7QXM2PA' }, 'pad.number_unreadable'],
    // A receipt of the phone's own is no form.
    [{ number: 'A1-000007', check: 'K7QXM2PA' }, 'pad.number_unreadable'],
    [{ number: 'N1-000007', check: 'K7QXM2PA' }, 'pad.other_kind'],
    [{ number: '7', check: 'K7QXM2P' }, 'pad.check_unreadable'],
    // U is printed nowhere.
    [{ number: '7', check: 'K7QXM2PU' }, 'pad.check_unreadable'],
  ])('that reads %o is refused: %s', (typed, code) => {
    const read = attempt(() => typedForm('receipt', typed))

    expect(read.kind === 'refused' && read.refusal.code).toBe(code)
  })
})
