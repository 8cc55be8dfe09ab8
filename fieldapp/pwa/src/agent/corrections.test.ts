import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/lifted.json' with { type: 'json' }
import { filledIn, instead, isWhole, lifted, typedOf } from '../domain/corrections.ts'
import { outcomeOf } from '../domain/outcomes.ts'
import { boundBy, reportAt, reportsOf } from './corrections'
import { asCorrected, dayOf, type EnvelopeBody, type OutboxItem } from './day'
import type { CorrectionRow, DayBundle, ReportCard } from './shapes'
import { aBundle } from './testing'

const NOW = Date.parse('2026-11-23T10:00:00Z')
const NOTICE = { number: 'A1-000012', delivery: 'letterbox_sealed' }

const item = (seq: number, kind: OutboxItem['kind'], body: EnvelopeBody, state: OutboxItem['state'] = 'accepted'): OutboxItem => ({
  id: `e${String(seq)}`, seq, kind, state, writtenMs: NOW, notBeforeMs: 0, settledNo: null, code: null, details: {}, flags: [], pictures: [], body,
})
const report = (body: EnvelopeBody = {}): OutboxItem =>
  item(1, 'visit', {
    practice_id: 'a', visit_id: 'v', stop_id: 'a', planned_day: '2026-11-23', arrived_at: '2026-11-23T09:00:00Z', outcome: 'ABSENT_NO_NOTICE',
    met: { who: 'nobody', identified_by: null }, captured: { reason: 'no_letterbox' }, ...body,
  })
const correction = (seq: number, outcome: string, state: OutboxItem['state'] = 'waiting'): OutboxItem =>
  item(seq, 'visit_correction', { practice_id: 'a', visit_id: 'v', outcome, met: { who: 'debtor', identified_by: 'document' }, captured: { reason: 'no_means' } }, state)

describe('what may be said instead of an outcome', () => {
  const codes = (captured: Record<string, unknown>, { from = 'ABSENT_NO_NOTICE', elsewhere = false, met = 'nobody' as const } = {}): string[] =>
    instead(outcomeOf(from), { captured, elsewhere }, met).map((entry) => entry.code)

  it('is nothing of money, a signature, a promise, a window or a numbered notice', () => {
    const offered = instead(outcomeOf('ABSENT_NO_NOTICE'), { captured: {}, elsewhere: false }, 'debtor').map((entry) => entry.code)

    expect(offered).toEqual(['REFUSES', 'ASKED_TO_LEAVE', 'DISPUTES', 'HARDSHIP', 'INSOLVENCY_PROCEDURE', 'REPRESENTED', 'UNSAFE'])
    expect(codes({})).not.toContain('ABSENT_NOTICE_LEFT')
  })

  it('keeps the number of a notice that was given', () => {
    const given = { from: 'ABSENT_NOTICE_LEFT' }

    expect(codes({ notice: NOTICE }, given)).toEqual(['ABSENT_NOTICE_LEFT'])
    expect(instead(outcomeOf('ABSENT_NOTICE_LEFT'), { captured: { notice: NOTICE }, elsewhere: false }, 'third_party').map((entry) => entry.code)).toEqual(['THIRD_PARTY_MET'])
  })

  it('lets go of a picture, which stays with the report', () => {
    expect(codes({ evidence: 'neighbour', photo: 'a'.repeat(64) }, { from: 'UNKNOWN_AT_ADDRESS' })).toContain('MOVED')
  })

  it('says nothing of a door where nobody stood at one', () => {
    expect(codes({}, { elsewhere: true })).not.toContain('NO_ACCESS')
  })

  it('asks for what the new outcome needs, and leaves blanks out', () => {
    const moved = outcomeOf('MOVED')
    if (!moved) throw new Error('the catalogue has it')

    expect(isWhole(moved, {})).toBe(false)
    expect(isWhole(moved, { source: 'neighbour', new_address: ' ' })).toBe(true)
    expect(filledIn(moved, { source: 'neighbour', new_address: ' ', colour: 'red' })).toEqual({ source: 'neighbour' })
    expect(typedOf(moved, { source: 'neighbour', photo: 'x' })).toEqual({ source: 'neighbour' })
  })
})

describe('a report on this phone', () => {
  it('stands as it was last corrected, and is itself not changed', () => {
    const items = [report(), correction(2, 'REFUSES'), correction(3, 'ASKED_TO_LEAVE', 'refused')]

    expect(asCorrected(items)[0]?.body).toMatchObject({ outcome: 'REFUSES', met: { who: 'debtor' } })
    expect(items[0]?.body.outcome).toBe('ABSENT_NO_NOTICE')
    expect(dayOf(aBundle(['a', 'b']), items, []).done.map((one) => one.outcome)).toEqual(['REFUSES'])
  })

  it('is corrected by its agent for a week', () => {
    const at = (stopId: string, items: readonly OutboxItem[], nowMs = NOW): string | undefined => reportAt(stopId, reportsOf(aBundle(['a', 'b']), items, nowMs))?.body.visit_id ?? undefined

    expect(at('a', [report()])).toBe('v')
    expect(at('a', [report()], NOW + 8 * 86_400_000)).toBeUndefined()
    expect(at('b', [report()])).toBeUndefined()
    expect(at('a', [{ ...report(), state: 'refused' }])).toBeUndefined()
  })

  it.each(golden.cases)('loses $lifts from $before to $after', ({ before, after, lifts }) => {
    expect(lifted(before, after)).toEqual(lifts)
  })

  it('keeps what protects the debtor until the office has confirmed', () => {
    const died = report({ outcome: 'DECEASED', captured: { source: 'neighbour' }, met: { who: 'third_party', identified_by: null, role: 'neighbour' } })
    const items = [died, correction(2, 'REFUSES')]

    expect(asCorrected(items)[0]?.body.outcome).toBe('DECEASED')
    expect(reportsOf(aBundle(['a']), items, NOW)[0]?.history).toMatchObject([{ state: 'here', waits: true, before: 'DECEASED', after: 'REFUSES' }])
  })

  it('is the office’s to put right where money, a signature or a promise hangs on it', () => {
    expect(boundBy(report())).toBeNull()
    expect(boundBy(report({ payments: [{} as never] }))).toBe('money')
    expect(boundBy(report({ signature: {} }))).toBe('signature')
    expect(boundBy(report({ outcome: 'PROMISE_TO_PAY' }))).toBe('agreed')
  })
})

describe('what the day carries of reports', () => {
  const CARD: ReportCard = {
    visit_id: 'v', practice_id: 'a', stop_id: 'a', address_text: 'Via Roma 12, Lodi', arrived_at: '2026-11-23T09:00:00Z', unplanned: null,
    outcome: 'NO_ACCESS', met: 'nobody', identified_by: null, role: null, captured: { obstacle: 'gate' }, bound: null, corrections: [], corrected_by: [],
  }
  const row = (changes: Partial<CorrectionRow>): CorrectionRow => {
    const said = { met: 'nobody', identified_by: null, role: null, captured: {} }
    return {
      id: 'c', said_by: 'Elena Rossi', said_by_id: 'p', said_at: '2026-11-23T09:30:00Z', of_office: true, reason: 'Perché', lifts: [], state: 'holds',
      before: { ...said, outcome: 'ABSENT_NO_NOTICE' }, after: { ...said, outcome: 'NO_ACCESS' }, decided_by: null, decided_at: null, ...changes,
    }
  }
  const bundle = (card: Partial<ReportCard> = {}): DayBundle => ({ ...aBundle(['a']), reports: [{ ...CARD, ...card }] })
  const nextDay = NOW + 86_400_000

  it('is corrected on the days after, when the phone holds nothing else of it', () => {
    const [found] = reportsOf(bundle(), [], nextDay)

    expect(found).toMatchObject({ body: { visit_id: 'v', outcome: 'NO_ACCESS', met: { who: 'nobody' } }, bound: null, history: [] })
    expect(reportsOf(bundle(), [correction(9, 'REFUSES')], nextDay)[0]?.body.outcome).toBe('REFUSES')
    expect(reportsOf(bundle(), [], NOW + 8 * 86_400_000)).toEqual([])
  })

  it('is what the office says by now, above the report and the agent’s word that the office has', () => {
    const known = { corrected_by: ['e2'], bound: 'office' as const, corrections: [row({})] }
    const items = [report(), correction(2, 'REFUSES', 'accepted')]

    expect(dayOf(bundle(known), items, []).done.map((one) => one.outcome)).toEqual(['NO_ACCESS'])
    expect(reportsOf(bundle(known), items, NOW)[0]).toMatchObject({ bound: 'office', history: [{ by: 'Elena Rossi', state: 'holds' }] })
  })

  it('tells that a correction waits and that it was declined', () => {
    const steps = (state: CorrectionRow['state']): unknown => reportsOf(bundle({ corrections: [row({ state })] }), [], NOW)[0]?.history.map(({ waits }) => waits)

    expect([steps('asked'), steps('declined')]).toEqual([[true], [false]])
  })

  it('lets the agent take back their own correction that waits, and nothing else', () => {
    const died = { outcome: 'DECEASED', met: 'third_party' as const, role: 'neighbour', captured: { source: 'neighbour' } }
    const waits = (items: readonly OutboxItem[], corrections: readonly CorrectionRow[] = []): unknown =>
      reportsOf(bundle({ ...died, corrections: [...corrections] }), items, NOW)[0]?.waits
    const mine = row({ state: 'asked', of_office: false })

    expect([waits([]), waits([], [mine]), waits([], [row({ state: 'asked' })]), waits([], [{ ...mine, state: 'declined' }])]).toEqual([false, true, false, false])
    expect([waits([correction(2, 'REFUSES')]), waits([correction(2, 'REFUSES', 'refused')])]).toEqual([true, false])
    // Once it is taken back nothing waits.
    expect([waits([correction(2, 'REFUSES'), correction(3, 'DECEASED')]), waits([correction(2, 'DECEASED')], [mine])]).toEqual([false, false])
  })

  it('is missing from a day that an older app has kept', () => {
    const old = Object.fromEntries(Object.entries(bundle()).filter(([name]) => name !== 'reports')) as unknown as DayBundle

    expect(reportsOf(old, [report()], NOW).map(({ bound }) => bound)).toEqual([null])
  })
})
