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
const [BLACK, WHITE] = [0xff000000, 0xffffffff]

interface Drawing {
  readonly withCode: boolean
  /** Pixels of the picture for one CSS pixel. */
  readonly scale: number
}

type Canvas = OffscreenCanvas | HTMLCanvasElement
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D

/** The paper of `blocks` as PNG, to keep, share or print. */
export async function renderPaper(blocks: readonly Block[], { code, scale = 3 }: { code: string | null; scale?: number }): Promise<PaperPicture> {
  const canvas = new OffscreenCanvas(1, 1)
  const codeOn = drawPaper(canvas, blocks, { withCode: code !== null, scale })
  if (code !== null) codeOn(code)
  const png = await canvas.convertToBlob({ type: 'image/png' })
  return { png, width: canvas.width / scale, height: canvas.height / scale }
}

/**
 * The words and sums of the paper on `canvas`, which becomes as large as the paper; returns what paints the code into
 * the room left for it: making a receipt's code takes longer than all the rest. A canvas that was drawn on with a paper
 * of the same size is used as it is: making room for one takes time too.
 */
export function drawPaper(canvas: Canvas, blocks: readonly Block[], { withCode, scale }: Drawing): (code: string) => void {
  const context = contextOf(canvas)
  const measure = (text: string, style: Style): number => {
    context.font = fontOf(style)
    return context.measureText(text).width
  }
  const layout = layoutPaper(blocks, { withCode, measure })
  const [width, height] = [layout.width * scale, layout.height * scale]
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height]
  context.setTransform(scale, 0, 0, scale, 0, 0)
  paint(context, layout)
  return (code) => {
    for (const op of layout.ops) if (op.kind === 'code') paintCode(context, op, code)
  }
}

function contextOf(canvas: Canvas): Context {
  const context = canvas.getContext('2d') as Context | null
  if (!context) throw new Error('this browser draws no canvas')
  return context
}

function paint(context: Context, layout: Layout): void {
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, layout.width, layout.height)
  context.textBaseline = 'alphabetic'
  for (const op of layout.ops) paintOp(context, op, layout)
}

function paintOp(context: Context, op: Op, layout: Layout): void {
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
      return
  }
}

/** Level M exactly, as EPC069-12 demands of a transfer; whole pixels, so that no module is blurred. */
function paintCode(context: Context, { x, y, side }: { x: number; y: number; side: number }, code: string): void {
  const { size, data } = encode(Array.from(new TextEncoder().encode(code)), { ecc: 'M', boostEcc: false, border: QUIET_ZONE })
  const scale = context.getTransform().a
  const module = Math.max(1, Math.floor((side * scale) / size)) / scale
  const inset = (side - module * size) / 2
  const start = (at: number): number => Math.round((at + inset) * scale) / scale
  // One picture with a pixel for each module: a receipt's code has tens of thousands.
  const modules = new ImageData(size, size)
  const pixels = new Uint32Array(modules.data.buffer).fill(WHITE)
  data.forEach((row, down) => {
    row.forEach((dark, at) => {
      if (dark) pixels[down * size + at] = BLACK
    })
  })
  const small = new OffscreenCanvas(size, size)
  small.getContext('2d')?.putImageData(modules, 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, start(x), start(y), size * module, size * module)
}

function fontOf({ size, face }: Style): string {
  const slant = face === 'italic' ? 'italic ' : ''
  const weight = face === 'bold' ? '600 ' : ''
  return `${slant}${weight}${size}px ${face === 'mono' ? MONO : FAMILY}`
}
