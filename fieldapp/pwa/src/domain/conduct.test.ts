import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/conduct.json' with { type: 'json' }
import sent from '../../../../tests/golden/conduct_ruleset.json' with { type: 'json' }
import { judge, readRuleset, type Facts } from './conduct.ts'

const NOW = new Date('2026-11-26T09:00:00.000Z')

const read = readRuleset(sent)
if (read.kind === 'refused') throw new Error(read.refusal.code)
const ruleset = read.value

/** The golden base with some paths replaced. */
function changed(change: object): Facts {
  const plain = structuredClone(golden.base) as unknown as Record<string, unknown>
  for (const [path, value] of Object.entries(change)) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let place = plain
    for (const name of names) place = place[name] as Record<string, unknown>
    place[last] = value
  }
  return plain as unknown as Facts
}

/** Rules for the office alone are not sent: `tests/domain/test_conduct.py` holds that nothing else is missing. */
const sentRules = new Set(sent.rules.map((rule) => rule.id))

describe('judgement by the rules that the service sends equals the golden case', () => {
  for (const { name, change, findings } of golden.cases) {
    it(name, () => {
      const told = findings.filter(({ rule }) => sentRules.has(rule))
      expect(judge(changed(change), ruleset, NOW).findings).toEqual(told)
    })
  }
})

describe('verdicts', () => {
  it('a warning lets the act go ahead', () => {
    const verdict = judge(changed({ 'practice.letters': [] }), ruleset, NOW)
    expect(verdict).toMatchObject({ allowed: true, forbidden: false, needsApproval: false })
  })

  it('an approval is asked for when nothing forbids', () => {
    const verdict = judge(changed({ 'practice.states': ['complaint_open'] }), ruleset, NOW)
    expect(verdict).toMatchObject({ allowed: false, forbidden: false, needsApproval: true })
  })

  it('what a rule forbids outweighs what another asks', () => {
    const verdict = judge(changed({ 'practice.states': ['complaint_open', 'paid'] }), ruleset, NOW)
    expect(verdict).toMatchObject({ allowed: false, forbidden: true, needsApproval: false })
  })
})

describe('a ruleset from the service', () => {
  it('is refused when it names a check that this app does not know', () => {
    const [first] = sent.rules
    const newer = readRuleset({ ...sent, rules: [{ ...first, check: 'moonlight' }] })
    expect(newer.kind === 'refused' && newer.refusal.code).toBe('rules.unknown_check')
  })

  for (const junk of [null, 'rules', [], {}, { v: 2, rules: [], calendar: {} }]) {
    it(`is refused when it is ${JSON.stringify(junk)}`, () => {
      expect(readRuleset(junk).kind).toBe('refused')
    })
  }
})
