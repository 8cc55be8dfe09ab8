import { encode } from 'uqr'
import { describe, expect, it } from 'vitest'
import paperCases from '../../../../tests/golden/papers.json'
import { paperLines, type Block, type Role } from '../domain/paper.ts'
import { WIDTH, layoutPaper, lineHeight, wrap, type Measure, type Op } from './layout.ts'

/** Every character as wide as half its size: enough to know where lines break. */
const measure: Measure = (text, { size }) => text.length * size * 0.5
const CASES = paperCases as unknown as { name: string; blocks: [Role, string, string][] }[]
const blocksOf = (rows: readonly [Role, string, string][]): Block[] =>
  rows.map(([role, label, text]) => ({ role, label, text }))

type Text = Extract<Op, { kind: 'text' }>
const texts = (ops: readonly Op[]): Text[] => ops.filter((op): op is Text => op.kind === 'text')
const bare = (text: string): string => text.replace(/[ \u00a0]/g, '')

describe('the layout of a paper', () => {
  it.each(CASES)('$name: draws every line of text, whole and in order', ({ blocks }) => {
    const { ops } = layoutPaper(blocksOf(blocks), { withCode: true, measure })
    const drawn = bare(texts(ops).map(({ text }) => text).join(''))

    for (const line of paperLines(blocksOf(blocks))) expect(drawn).toContain(bare(line))
  })

  it.each(CASES)('$name: keeps text on the page and apart', ({ blocks }) => {
    const { ops, height, margin } = layoutPaper(blocksOf(blocks), { withCode: true, measure })
    const boxes = texts(ops).map(({ text, x, y, style, align }) => {
      const width = measure(text, style)
      const left = align === 'left' ? x : x - width
      return { text, left, right: left + width, top: y, bottom: y + lineHeight(style) }
    })

    for (const [at, box] of boxes.entries()) {
      expect(box.left).toBeGreaterThanOrEqual(margin)
      expect(box.right).toBeLessThanOrEqual(WIDTH - margin + 0.01)
      expect(box.bottom).toBeLessThanOrEqual(height)
      for (const other of boxes.slice(at + 1)) {
        const clash = box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom
        expect(clash, `${box.text} / ${other.text}`).toBe(false)
      }
    }
  })

  it('leaves no room for a code that a paper does not have', () => {
    const blocks: Block[] = [{ role: 'title', label: '', text: 'a' }, { role: 'qr', label: '', text: 'b' }]
    const [withCode, without] = [true, false].map((flag) => layoutPaper(blocks, { withCode: flag, measure }))

    expect(withCode?.ops.some(({ kind }) => kind === 'code')).toBe(true)
    expect(without?.ops.some(({ kind }) => kind === 'code')).toBe(false)
    expect(withCode?.height).toBeGreaterThan((without?.height ?? 0) + 200)
  })

  it('breaks at blanks, never at a no-break space, and long words where it must', () => {
    const tenWide = (text: string): number => text.length

    expect(wrap('uno due tre', 7, tenWide)).toEqual(['uno due', 'tre'])
    expect(wrap('paga 1.234,50\u00a0€', 10, tenWide)).toEqual(['paga', '1.234,50\u00a0€'])
    expect(wrap('abcdefghijkl', 5, tenWide)).toEqual(['abcde', 'fghij', 'kl'])
    expect(wrap('', 5, tenWide)).toEqual([''])
  })
})

it('codes are of level M, so that a bank reads them', () => {
  const bytes = Array.from(new TextEncoder().encode('BCD\n002\n1\nSCT\n\nSocietà\nIT60X0542811101000000123456\nEUR1.00\n\n\nx'))

  expect(encode(bytes, { ecc: 'M', boostEcc: false }).version).toBeLessThanOrEqual(13)
})
