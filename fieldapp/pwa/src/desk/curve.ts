/** The planner's curve: best value over time as a step line in a box. Pure. */
import type { CurvePoint } from '../api/shapes'

export interface Curve {
  /** SVG path of the steps, and of the area below them. */
  readonly line: string
  readonly area: string
  readonly last: { readonly x: number; readonly y: number } | null
  readonly from_cents: number
  readonly to_cents: number
}

export interface Box {
  readonly width: number
  readonly height: number
}

/**
 * The best so far holds until a better one is found, so the line goes in steps and reaches to `elapsed_ms`.
 * The time axis ends at `total_ms`, or where the work really is when it took longer.
 */
export function drawCurve(points: readonly CurvePoint[], elapsed_ms: number, total_ms: number, box: Box): Curve {
  const first = points[0]
  if (!first) return { line: '', area: '', last: null, from_cents: 0, to_cents: 0 }
  const values = points.map((point) => point.objective_cents)
  const low = Math.min(...values)
  const high = Math.max(...values)
  const end = Math.max(total_ms, elapsed_ms, 1)
  const x = (ms: number): number => round((Math.min(ms, end) / end) * box.width)
  // A flat curve lies in the middle: at the bottom it would look like nothing.
  const y = (cents: number): number =>
    round(high === low ? box.height / 2 : box.height - ((cents - low) / (high - low)) * box.height)
  const steps = points.slice(1).map((point) => `H${x(point.elapsed_ms)}V${y(point.objective_cents)}`)
  const reach = Math.max(elapsed_ms, points.at(-1)?.elapsed_ms ?? 0)
  const line = `M${x(first.elapsed_ms)} ${y(first.objective_cents)}${steps.join('')}H${x(reach)}`
  const lastCents = values.at(-1) ?? first.objective_cents
  return {
    line,
    area: `${line}V${box.height}H${x(first.elapsed_ms)}Z`,
    last: { x: x(reach), y: y(lastCents) },
    from_cents: first.objective_cents,
    to_cents: lastCents,
  }
}

const round = (value: number): number => Math.round(value * 10) / 10
