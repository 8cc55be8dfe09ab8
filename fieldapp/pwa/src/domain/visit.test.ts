import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/visit.json' with { type: 'json' }
import { CATALOGUE, DELIVERIES, GROUPS, hasDebtWords, outcomesWith } from './outcomes.ts'
import { checkReport, readBody } from './visit.ts'

const NOW = new Date(golden.now)

function changed(change: object): Record<string, unknown> {
  const body = structuredClone(golden.base) as unknown as Record<string, unknown>
  for (const [path, value] of Object.entries(change)) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let place = body
    for (const name of names) place = place[name] as Record<string, unknown>
    if (value === '__drop__') Reflect.deleteProperty(place, last)
    else place[last] = structuredClone(value)
  }
  return body
}

describe('reading equals the golden case', () => {
  // Hashing is asynchronous in a browser: only the service compares a signed text with its digest.
  const cases = golden.cases.filter(({ refused }) => refused?.code !== 'visit.signature_text_differs')
  for (const { name, change, refused, checks } of cases) {
    it(name, () => {
      const read = readBody(changed(change))
      if (read.kind === 'refused') {
        expect({ code: read.refusal.code, field: read.refusal.details['field'] ?? null }).toEqual(refused)
        return
      }
      expect(refused).toBeNull()
      const found = checkReport(read.value, { now: NOW, placement: golden.placement })
      expect(found.map(({ code, details }) => ({ code, field: details['field'] ?? null }))).toEqual(checks)
    })
  }
})

describe('the catalogue', () => {
  it('offers the most used outcome first', () => {
    expect(outcomesWith('nobody')[0]?.code).toBe('ABSENT_NOTICE_LEFT')
    expect(outcomesWith('debtor')[0]?.code).toBe('PROMISE_TO_PAY')
  })

  it('asks a third party for nothing that speaks of a debt', () => {
    for (const outcome of outcomesWith('third_party')) {
      expect(outcome.fields.every((field) => field.neutral)).toBe(true)
      expect(outcome.payment).toBe('no')
    }
  })

  it('lays every outcome into one of the four groups', () => {
    expect(new Set(CATALOGUE.map((outcome) => outcome.group))).toEqual(new Set(GROUPS))
  })

  it('knows no notice on the door', () => {
    expect(Object.values(DELIVERIES).flat()).not.toContain('on_the_door')
  })

  for (const [text, found] of [
    ['Via Po 3, deve 300,00 euro', true],
    ['parlare del debito', true],
    ['ha una RATA in ritardo', true],
    ['Via Roma 12/B, scala 3', false],
    ['citofono Pagani', false],
  ] as const) {
    it(`${found ? 'notices' : 'lets pass'} "${text}"`, () => {
      expect(hasDebtWords(text)).toBe(found)
    })
  }
})
