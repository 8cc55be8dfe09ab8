import { describe, expect, it } from 'vitest'
import type { DayAlert, ExpectedStop, PlanStop, Route, RunningDay } from '../../api/shapes'
import { beginsUnread, begunOn, behindBy, lateStops, merged, whatToTell } from './running'

const stop = (stop_id: string, late_s: number, missed = false): ExpectedStop => ({
  stop_id, late_s, missed, arrive_at: '2026-11-26T10:00:00Z', leave_at: '2026-11-26T10:20:00Z',
})
const alert = (kind: DayAlert['kind']): DayAlert => ({
  kind, agent_id: 'a', agent_name: 'Anna', at: null, stop_id: null, debtor_name: null, late_s: 0, missed: 0, code: null, task_id: null,
})
const day = (version: number, lanes: RunningDay['lanes'], alerts: RunningDay['alerts'] = []): RunningDay => ({
  day: '2026-11-26', version, as_of: '2026-11-26T09:00:00Z', lanes, alerts,
})
const route = (agent_id: string, stops: readonly string[]): Route =>
  ({ agent_id, stops: stops.map((stop_id) => ({ stop_id, state: 'planned', outcome: null }) as PlanStop) }) as unknown as Route
const first = day(1, [{ agent_id: 'a', behind_s: 0, stops: [stop('1', 0)], begun: [] }, { agent_id: 'b', behind_s: 600, stops: [stop('2', 600)], begun: [] }], [alert('late')])

describe('How today runs', () => {
  it('takes the lanes that changed and keeps the others, and the alerts are those told last', () => {
    const now = merged(first, day(1, [{ agent_id: 'a', behind_s: 900, stops: [stop('1', 900)], begun: [] }]))

    expect(now.lanes.map((lane) => [lane.agent_id, lane.behind_s])).toEqual([['a', 900], ['b', 600]])
    expect(now.alerts).toEqual([])
  })

  it('starts anew with another version of the day', () => {
    expect(merged(first, day(2, [])).lanes).toEqual([])
  })

  it('says a time only where it differs by minutes or the door will be closed', () => {
    const late = lateStops(day(1, [{ agent_id: 'a', behind_s: 60, stops: [stop('1', 60), stop('2', 300), stop('3', 0, true)], begun: [] }]))

    expect([...late.keys()]).toEqual(['2', '3'])
    expect([...behindBy(first).entries()]).toEqual([['b', 600]])
    expect(lateStops(null).size).toBe(0)
  })

  it('shows what has begun without reading the routes anew, and touches no other route', () => {
    const [anna, bruno] = [route('a', ['1', '2']), route('b', ['3'])]
    const lane = { agent_id: 'a', behind_s: 0, stops: [], begun: [{ stop_id: '1', state: 'done', outcome: 'PAID_FULL' } as const] }

    const now = begunOn([anna, bruno], day(1, [lane]))

    expect(now[0]?.stops.map((one) => [one.stop_id, one.state, one.outcome])).toEqual([['1', 'done', 'PAID_FULL'], ['2', 'planned', null]])
    expect(now[1]).toBe(bruno)
    expect(begunOn([anna, bruno], day(1, [lane]))[0]).toBe(now[0])
    // Routes that were read later know more than what was told earlier.
    const arrived = { ...lane, begun: [{ stop_id: '1', state: 'arrived', outcome: null } as const] }
    expect(begunOn([now[0] ?? anna], day(1, [arrived]))[0]).toBe(now[0])
    expect(begunOn([anna], null)).toEqual([anna])
  })

  it('has the routes read anew where a visit begins that they do not hold', () => {
    const begun = (stop_id: string): RunningDay =>
      day(1, [{ agent_id: 'a', behind_s: 0, stops: [], begun: [{ stop_id, state: 'arrived', outcome: null }] }])

    expect(beginsUnread([route('a', ['1'])], begun('1'))).toBe(false)
    expect(beginsUnread([route('a', ['1'])], begun('9'))).toBe(true)
  })

  it('has them read anew where a visit was made outside the plan that they do not hold', () => {
    const made = day(1, [{ agent_id: 'a', behind_s: 0, stops: [], begun: [], outside: 1 }])
    const known = { ...route('a', ['1']), outside: [{ visit_id: 'v' }] } as unknown as Route

    expect(beginsUnread([route('a', ['1'])], made)).toBe(true)
    expect(beginsUnread([known], made)).toBe(false)
  })

  it('is planned again from what the alert says', () => {
    expect((['late', 'must_missed', 'in_danger'] as const).map((kind) => whatToTell(alert(kind)))).toEqual(['held_up', 'urgent', 'agent_away'])
  })
})
