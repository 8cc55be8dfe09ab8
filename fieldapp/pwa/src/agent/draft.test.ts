import { describe, expect, it } from 'vitest'
import { Refused } from '../domain/reading.ts'
import { checkReport, readBody } from '../domain/visit.ts'
import { bodyOf, canTurnFrom, capturedOf, currentStep, dueBeforeSigning, isAnswerable, isBound, newDraft, offered, withAnswer, withMet, withOutcome, type Draft } from './draft'
import { kept, opened, type KeptDraft } from './keptDraft'
import { nameInPublic } from './naming'
import { aStop } from './testing'
import { instantOf } from './time'
import { typing } from './visit/typing'

const ID = '0198a3c2-7f00-7abc-8def-0123456789ab'
const AT = '2026-11-23T09:10:00.000Z'
const fresh = (): Draft => ({ ...newDraft(aStop(ID), { visitId: ID, day: '2026-11-23' }), arrived_at: AT, no_position: 'off' })
const debtor = (): Draft => ({ ...withMet(fresh(), 'debtor'), identified_by: 'known', identified_self: true })
const body = (draft: Draft): Record<string, unknown> =>
  bodyOf(draft, { leftAt: '2026-11-23T09:20:00.000Z', appVersion: '0.1.0', offline: true, typing })
const picture = (purpose: Draft['pictures'][number]['purpose']): Draft['pictures'][number] => ({
  sha256: 'a'.repeat(64), small_sha256: null, purpose, media_type: 'image/jpeg', size: 10,
})

describe('a draft', () => {
  it('becomes a report that the catalogue reads and finds nothing wrong with', () => {
    const typed = withAnswer(
      withAnswer(withAnswer(withOutcome(debtor(), 'PROMISE_TO_PAY'), 'promise_on', '2026-11-27'), 'promise_cents', '1.234,50'),
      'channel', 'card',
    )

    const read = readBody(body(typed))

    expect(read.kind).toBe('ok')
    if (read.kind === 'refused') return
    expect(read.value.captured).toEqual({ promise_on: '2026-11-27', promise_cents: 123_450, channel: 'card' })
    expect(checkReport(read.value, { now: new Date(AT), placement: { starts_on: '2026-11-01', ends_on: '2026-12-31' } })).toEqual([])
  })

  it.each([['active', true], ['broken', true], ['fulfilled', false], [null, false]] as const)('offers an instalment where a plan runs: %s', (state, expected) => {
    const draft = debtor()
    const plan = state && ({ id: 'plan', state, instalments: [] } as unknown as Draft['stop']['practice']['plan'])
    const { common, rest } = offered({ ...draft, stop: { ...draft.stop, practice: { ...draft.stop.practice, plan } } })

    expect([...common, ...rest].some(({ code }) => code === 'PAID_INSTALMENT')).toBe(expected)
  })

  it('keeps what was typed as it was typed, however wrong, and captures only what it means', () => {
    const draft = withAnswer(withOutcome(debtor(), 'PROMISE_TO_PAY'), 'promise_cents', '12,')

    expect(draft.answers['promise_cents']).toBe('12,')
    expect(capturedOf(draft, typing)).toEqual({})
  })

  it('is not signed while its form lacks an answer, and an answer that is missing stays open under a signature', () => {
    const placement = { starts_on: '2026-11-01', ends_on: '2026-12-31' }
    const problems = (draft: Draft): Refused[] => {
      const read = readBody(body(draft))
      return read.kind === 'refused' ? [read.refusal] : checkReport(read.value, { now: new Date(AT), placement })
    }
    const unanswered = withOutcome(debtor(), 'PROMISE_TO_PAY')
    const half = withAnswer(withAnswer(unanswered, 'promise_on', '2026-11-27'), 'promise_cents', '10')
    const signed: Draft = { ...half, signature: { refused: true, text: 'x', text_digest: 'a'.repeat(64), image_sha256: null, signer: 'debtor' } }
    const whole = withAnswer(signed, 'channel', 'card')

    expect(dueBeforeSigning(problems(half)).map(({ details }) => details['field'])).toEqual(['channel'])
    expect(dueBeforeSigning([new Refused('visit.signature_missing')])).toEqual([])
    expect(['promise_on', 'channel'].map((name) => isAnswerable(half, name, problems(half)))).toEqual([true, true])
    expect(['promise_on', 'channel'].map((name) => isAnswerable(signed, name, problems(signed)))).toEqual([false, true])
    expect(problems(whole)).toEqual([])
  })

  it('drops what only a debtor’s report has a place for when somebody else was met', () => {
    const told: Draft = { ...debtor(), statement: 'pago domani', pictures: [picture('proof_of_payment'), picture('entrance')] }

    const turned = withMet(told, 'third_party')

    expect(turned).toMatchObject({ statement: '', identified_by: null, outcome: null })
    expect(turned.pictures.map((item) => item.purpose)).toEqual(['entrance'])
    for (const name of ['statement', 'signature', 'payments']) expect(body({ ...turned, statement: 'no' })).not.toHaveProperty(name)
  })

  it('is written down without its case until the debtor was met, and finds the case again in the day', () => {
    const stop = aStop(ID)
    for (const draft of [fresh(), withMet(fresh(), 'third_party'), withMet(fresh(), 'nobody')]) {
      const written = JSON.stringify(kept(draft))

      expect(written).not.toMatch(/Banca|Prestito|75000|70000|debt|credit|payment|owed|2026\//i)
      const { unfinished: none, ...left } = draft

      expect(none ?? {}).toEqual({})
      expect(opened(JSON.parse(written) as KeptDraft, [stop])).toEqual({ ...left, asked: null, written: 1 })
    }
    expect(kept(debtor())).toEqual(debtor())
  })

  it('opens at its door when the day has its stop no more', () => {
    const alone = opened(kept(withMet(fresh(), 'third_party')), [])

    expect([alone.stop.address.street, nameInPublic(alone.stop), alone.stop.practice.debt_lines]).toEqual(['Via Roma', 'Bianchi M.', []])
    expect(kept(alone)).toEqual({ ...kept(withMet(fresh(), 'third_party')), written: 1 })
  })

  it('no longer turns from the debtor once money was taken', () => {
    const payment = {
      method: 'cash', amount_cents: 100, fields: {}, allocation: [], stamp_duty: { cents: 0, charged_to: 'none', reason: 'exempt' },
      receipt: { value: {}, digest: 'a'.repeat(64), signature: 's' },
    }
    const paid: Draft = { ...debtor(), payments: [payment] }

    expect(canTurnFrom(paid)).toBe(false)
    expect(isBound(paid)).toBe(true)
    expect(withMet(paid, 'nobody')).toBe(paid)
  })

  it('keeps a notice number that was taken when the outcome changes', () => {
    const numbered = withAnswer(withOutcome(withMet(fresh(), 'nobody'), 'ABSENT_NOTICE_LEFT'), 'notice.number', 'A7-000012')

    expect(withOutcome(numbered, 'ABSENT_NO_NOTICE').answers).toEqual({ 'notice.number': 'A7-000012' })
    expect(isBound(numbered)).toBe(true)
  })

  it('never folds a step away before the agent has gone on', () => {
    expect(currentStep({ ...fresh(), arrived_at: null }, { met: false, outcome: false })).toBe('arrival')
    expect(currentStep(debtor(), { met: false, outcome: false })).toBe('met')
    expect(currentStep(debtor(), { met: true, outcome: false })).toBe('outcome')
    expect(currentStep(debtor(), { met: true, outcome: true })).toBe('closing')
  })
})

describe('the wall clock of the visits', () => {
  it.each([
    ['2026-11-27', '17:30', '2026-11-27T16:30:00.000Z'], // winter
    ['2026-07-01', '09:00', '2026-07-01T07:00:00.000Z'], // summer
    ['2026-10-25', '12:00', '2026-10-25T11:00:00.000Z'], // the day the clocks go back
    ['2026-03-29', '12:00', '2026-03-29T10:00:00.000Z'], // the day they go forward
  ])('reads %s %s as %s', (day, hour, instant) => {
    expect(instantOf(day, hour)).toBe(instant)
  })

  it('reads nonsense as no time', () => {
    expect(instantOf('2026-11-27', 'later')).toBeNull()
  })
})
