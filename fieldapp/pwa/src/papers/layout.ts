/**
 * Where each block of a paper stands on a page 390 px wide: pure, with the measuring of text handed in, so that the
 * layout is tested without a canvas. Looks only; what a paper says is `domain/paper.ts`.
 */
import type { Block } from '../domain/paper.ts'

export type Face = 'plain' | 'bold' | 'italic' | 'mono'

export interface Style {
  readonly size: number
  readonly face: Face
  readonly tone: 'ink' | 'quiet'
}

/** The width of `text` in px. */
export type Measure = (text: string, style: Style) => number

export type Op =
  | { readonly kind: 'text'; readonly text: string; readonly x: number; readonly y: number; readonly style: Style; readonly align: 'left' | 'right' }
  | { readonly kind: 'rule'; readonly y: number }
  | { readonly kind: 'bar'; readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  | { readonly kind: 'code'; readonly x: number; readonly y: number; readonly side: number }

export interface Layout {
  readonly width: number
  readonly height: number
  readonly margin: number
  readonly ops: readonly Op[]
}

export const WIDTH = 390
const MARGIN = 24
const INNER = WIDTH - 2 * MARGIN
const LABEL = 94
const CODE_SIDE = 300
/** Room between a label and its sum. */
const GUTTER = 16

const style = (size: number, face: Face = 'plain', tone: Style['tone'] = 'ink'): Style => ({ size, face, tone })
const TEXT = style(14)
const SMALL = style(12, 'plain', 'quiet')
const QUIET = style(14, 'plain', 'quiet')
const BOLD = style(14, 'bold')

/** Place `blocks` from top to bottom; `withCode` leaves room for the QR code. */
export function layoutPaper(blocks: readonly Block[], { withCode, measure }: { withCode: boolean; measure: Measure }): Layout {
  const page = new Page(measure)
  let before: Block['role'] | null = null
  for (const block of blocks) {
    page.skip(before === null ? 0 : gap(before, block.role))
    page.put(block, withCode)
    before = block.role
  }
  return { width: WIDTH, height: Math.ceil(page.y + MARGIN), margin: MARGIN, ops: page.ops }
}

/** Space in steps of 4: near what belongs together, far what does not. */
function gap(before: Block['role'], next: Block['role']): number {
  const pair = `${before} ${next}`
  if (before === next) return before === 'row' ? 8 : before === 'field' ? 8 : 4
  if (/^(issuer issuer_detail|amount amount_words|title reference|reference issued|title issued|row row_detail)$/.test(pair)) return 4
  if (/^(row|row_detail|total) (row|total)$/.test(pair)) return 8
  return next === 'section' || next === 'fingerprint' || next === 'qr' || next === 'field' || before === 'field' ? 16 : 12
}

class Page {
  readonly ops: Op[] = []
  y = MARGIN

  constructor(private readonly measure: Measure) {}

  skip(height: number): void {
    this.y += height
  }

  put({ role, label, text }: Block, withCode: boolean): void {
    switch (role) {
      case 'issuer': this.paragraph(text, style(18, 'bold')); return
      case 'issuer_detail': this.paragraph(text, SMALL); return
      case 'title': this.rule(); this.skip(16); this.paragraph(text, style(26)); return
      case 'reference': this.paragraph(text, style(17, 'bold')); return
      case 'issued': this.paragraph(text, QUIET); return
      case 'amount': this.rule(); this.skip(16); this.paragraph(text, style(38)); return
      case 'amount_words': this.paragraph(text, style(15, 'italic')); this.skip(12); this.rule(); return
      case 'field': this.field(label, text); return
      case 'section': this.paragraph(text, style(14, 'italic')); return
      case 'row': this.sum(label, text, TEXT); return
      case 'row_detail': this.paragraph(text, SMALL, { left: 12 }); return
      case 'total': this.rule(); this.skip(8); this.sum(label, text, BOLD); return
      case 'warning': this.warning(text); return
      case 'body': this.paragraph(text, style(16)); return
      case 'note': this.paragraph(text, SMALL); return
      case 'fingerprint': this.rule(); this.skip(12); this.fingerprint(label, text); return
      case 'qr': if (withCode) this.code(); this.paragraph(text, QUIET); return
    }
  }

  private rule(): void {
    this.ops.push({ kind: 'rule', y: this.y })
    this.skip(1)
  }

  private paragraph(text: string, look: Style, { left = 0, width = INNER - left }: { left?: number; width?: number } = {}): void {
    for (const line of wrap(text, width, (part) => this.measure(part, look))) {
      this.line(line, MARGIN + left, look, 'left')
      this.skip(lineHeight(look))
    }
  }

  private field(label: string, text: string): void {
    const from = this.y
    this.paragraph(label, QUIET, { width: LABEL - 8 })
    const labelEnd = this.y
    this.y = from
    this.paragraph(text, TEXT, { left: LABEL })
    this.y = Math.max(this.y, labelEnd)
  }

  private sum(label: string, amount: string, look: Style): void {
    const from = this.y
    this.paragraph(label, look, { width: INNER - this.measure(amount, look) - GUTTER })
    // The sum stands beside the label's last line, as on a bill.
    const lastLine = Math.max(from, this.y - lineHeight(look))
    this.ops.push({ kind: 'text', text: amount, x: WIDTH - MARGIN, y: lastLine, style: look, align: 'right' })
    this.y = Math.max(this.y, from + lineHeight(look))
  }

  private warning(text: string): void {
    const from = this.y
    this.skip(4)
    this.paragraph(text, style(15, 'bold'), { left: 14 })
    this.skip(4)
    this.ops.push({ kind: 'bar', x: MARGIN, y: from, width: 4, height: this.y - from })
  }

  private fingerprint(label: string, text: string): void {
    this.line(label, MARGIN, SMALL, 'left')
    this.ops.push({ kind: 'text', text, x: WIDTH - MARGIN, y: this.y, style: style(13, 'mono'), align: 'right' })
    this.skip(lineHeight(SMALL))
  }

  private code(): void {
    this.ops.push({ kind: 'code', x: (WIDTH - CODE_SIDE) / 2, y: this.y, side: CODE_SIDE })
    this.skip(CODE_SIDE + 8)
  }

  private line(text: string, x: number, look: Style, align: 'left' | 'right'): void {
    this.ops.push({ kind: 'text', text, x, y: this.y, style: look, align })
  }
}

export const lineHeight = (look: Style): number => Math.round(look.size * (look.size > 20 ? 1.15 : 1.35))

/** Break `text` at blanks; a word wider than the line is broken where it must. No-break spaces hold. */
export function wrap(text: string, width: number, measure: (text: string) => number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((part) => pieces(part, width, measure))) {
    const longer = line === '' ? word.text : `${line}${word.glued ? '' : ' '}${word.text}`
    if (line !== '' && (word.glued || measure(longer) > width)) {
      lines.push(line)
      line = word.text
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

/** A word, in as many pieces as the width demands; the later ones are glued to the first. */
function pieces(word: string, width: number, measure: (text: string) => number): { text: string; glued: boolean }[] {
  if (measure(word) <= width) return [{ text: word, glued: false }]
  const found: { text: string; glued: boolean }[] = []
  let piece = ''
  for (const character of word) {
    if (piece !== '' && measure(piece + character) > width) {
      found.push({ text: piece, glued: found.length > 0 })
      piece = ''
    }
    piece += character
  }
  return [...found, { text: piece, glued: found.length > 0 }]
}
