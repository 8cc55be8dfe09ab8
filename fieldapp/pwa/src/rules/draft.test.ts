import { describe, expect, it } from 'vitest'
import type { RuleEdit, RuleParameter, RuleRow } from '../api/shapes'
import { below, ownNumbers, readField, withEdit, withoutEdit, writeField } from './draft'

const parameter = (kind: RuleParameter['kind'], value: unknown = 0): RuleParameter => ({
  name: 'n', kind, stricter: 'lower', choices: [], least: 0, value,
})
const rule = { id: 'visit.hours', numbers: [{ creditor_id: null, creditor_name: null, parameters: { n: 2 }, since: '2026-11-26' }] } as unknown as RuleRow
const edit = (changes: Partial<RuleEdit> = {}): RuleEdit => ({ rule: 'visit.hours', creditor_id: null, parameters: { n: 1 }, confirms: false, ...changes })

describe('changes being prepared', () => {
  it('hold one edit for each rule and creditor, the newest', () => {
    const edits = withEdit(withEdit([edit()], edit({ creditor_id: 'c' })), edit({ parameters: { n: 5 } }))

    expect(edits.map((one) => [one.creditor_id, one.parameters])).toEqual([['c', { n: 1 }], [null, { n: 5 }]])
    expect(withoutEdit(edits, edit()).map((one) => one.creditor_id)).toEqual(['c'])
  })

  it('keep a confirmation beside a change of numbers', () => {
    expect(withEdit([edit()], edit({ confirms: true, parameters: {} }))).toHaveLength(2)
  })

  it('are shown before what is in force', () => {
    expect(ownNumbers(rule, null, [])).toEqual({ n: 2 })
    expect(ownNumbers(rule, null, [edit({ parameters: {} })])).toEqual({})
    expect(below(rule, parameter('count', 3), 'c', [])).toBe(2)
    expect(below(rule, parameter('count', 3), null, [])).toBe(3)
  })
})

describe('a field', () => {
  it.each([
    ['count', '12', 12], ['count', '1.5', null], ['count', '-1', null], ['count', '', null],
    ['cents', '1500', 150_000], ['cents', '1500,5', 150_050], ['cents', '12,345', null], ['cents', '€ 20', 2_000],
    ['flag', 'true', true], ['flag', 'false', false], ['time', '20:00', '20:00'], ['codes', 'gas, luce', ['gas', 'luce']],
  ] as const)('of kind %s reads %j as %j', (kind, typed, value) => {
    expect(readField(parameter(kind), typed)).toEqual(value)
  })

  it.each([['cents', 150_050], ['count', 3], ['flag', false], ['codes', ['gas', 'luce']], ['time', '08:30']] as const)(
    'of kind %s gives back %j as it was written',
    (kind, value) => {
      expect(readField(parameter(kind), writeField(parameter(kind), value as never))).toEqual(value)
    },
  )
})
