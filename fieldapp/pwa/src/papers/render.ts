/** Draws a paper on a canvas and gives it as PNG: black on white in either theme, as wide as a phone, offline. */
import { encode } from 'uqr'
import type { Block } from '../domain/paper.ts'
import { layoutPaper, lineHeight, type Layout, type Op, type Style } from './layout.ts'

export interface PaperPicture {
  readonly png: Blob
  /** In CSS pixels; the picture itself has `scale` times as many. */
  readonly width: number
  readonly height: number
}

const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
const MONO = 'ui-monospace, "SF Mono", Menlo, "Roboto Mono", "Noto Sans Mono", monospace'
const TONES = { ink: '#16181a', quiet: '#4d5358' } as const
const RULE = '#b9bdc1'
const QUIET_ZONE = 4

interface Drawing {
  /** What the QR says, null for a paper without one. */
  readonly code: string | null
  /** Pixels of the picture for one CSS pixel. */
  readonly scale?: number
}

/** The paper of `blocks` as PNG, to keep, share or print. */
export async function renderPaper(blocks: readonly Block[], { code, scale = 3 }: Drawing): Promise<PaperPicture> {
  const canvas = drawPaper(blocks, { code, scale })
  const png = await canvas.convertToBlob({ type: 'image/png' })
  return { png, width: canvas.width / scale, height: canvas.height / scale }
}

/** The paper on a canvas, for the screen: writing the PNG takes longer than drawing. */
export function drawPaper(blocks: readonly Block[], { code, scale = 3 }: Drawing): OffscreenCanvas {
  const ruler = contextOf(new OffscreenCanvas(1, 1))
  const measure = (text: string, style: Style): number => {
    ruler.font = fontOf(style)
    return ruler.measureText(text).width
  }
  const layout = layoutPaper(blocks, { withCode: code !== null, measure })
  const canvas = new OffscreenCanvas(layout.width * scale, layout.height * scale)
  const context = contextOf(canvas)
  context.scale(scale, scale)
  paint(context, layout, code)
  return canvas
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d')
  if (!context) throw new Error('this browser draws no canvas')
  return context
}

function paint(context: OffscreenCanvasRenderingContext2D, layout: Layout, code: string | null): void {
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, layout.width, layout.height)
  context.textBaseline = 'alphabetic'
  for (const op of layout.ops) paintOp(context, op, layout, code)
}

function paintOp(context: OffscreenCanvasRenderingContext2D, op: Op, layout: Layout, code: string | null): void {
  switch (op.kind) {
    case 'text':
      context.fillStyle = TONES[op.style.tone]
      context.font = fontOf(op.style)
      context.textAlign = op.align
      context.fillText(op.text, op.x, op.y + (lineHeight(op.style) + op.style.size * 0.7) / 2)
      return
    case 'rule':
      context.fillStyle = RULE
      context.fillRect(layout.margin, op.y, layout.width - 2 * layout.margin, 1)
      return
    case 'bar':
      context.fillStyle = TONES.ink
      context.fillRect(op.x, op.y, op.width, op.height)
      return
    case 'code':
      if (code !== null) paintCode(context, op, code)
      return
  }
}

/** Level M exactly, as EPC069-12 demands of a transfer; whole pixels, so that no module is blurred. */
function paintCode(
  context: OffscreenCanvasRenderingContext2D, { x, y, side }: { x: number; y: number; side: number }, code: string,
): void {
  const drawn = encode(Array.from(new TextEncoder().encode(code)), { ecc: 'M', boostEcc: false, border: QUIET_ZONE })
  const scale = context.getTransform().a
  const module = Math.max(1, Math.floor((side * scale) / drawn.size)) / scale
  const inset = (side - module * drawn.size) / 2
  const start = (at: number): number => Math.round((at + inset) * scale) / scale
  context.fillStyle = '#000000'
  const [left, top] = [start(x), start(y)]
  // A run of dark modules at a time: a receipt's code has tens of thousands.
  drawn.data.forEach((row, down) => {
    for (let from = 0; from < row.length; from += 1) {
      let to = from
      while (row[to]) to += 1
      if (to > from) context.fillRect(left + from * module, top + down * module, (to - from) * module, module)
      from = to
    }
  })
}

function fontOf({ size, face }: Style): string {
  const slant = face === 'italic' ? 'italic ' : ''
  const weight = face === 'bold' ? '600 ' : ''
  return `${slant}${weight}${size}px ${face === 'mono' ? MONO : FAMILY}`
}
