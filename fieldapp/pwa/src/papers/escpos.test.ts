import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/escpos.json'
import paperCases from '../../../../tests/golden/papers.json'
import { paperLines, type Block, type Role } from '../domain/paper.ts'
import { COLUMNS, encoded, escpos, type RollWidth } from './escpos.ts'
import { wrapWords } from './wrapWords.ts'

const CASES = paperCases as unknown as { name: string; blocks: [Role, string, string][] }[]
const WIDTHS: readonly RollWidth[] = [58, 80]
const CODE = 'https://example.it/v/#2.abc.def'
const blocksOf = (rows: readonly [Role, string, string][]): Block[] => rows.map(([role, label, text]) => ({ role, label, text }))
const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
/** What stands on the roll: commands taken out, lines by line feeds. */
function onTheRoll(bytes: Uint8Array): string[] {
  const text: number[] = []
  for (let at = 0; at < bytes.length; at += 1) {
    const [byte, next] = [bytes[at] ?? 0, bytes[at + 1]]
    if (byte === 0x1b) at += next === 0x40 ? 1 : 2
    else if (byte === 0x1d && next === 0x28) at += 4 + (bytes[at + 3] ?? 0) + 256 * (bytes[at + 4] ?? 0)
    else if (byte === 0x1d) at += next === 0x56 ? 3 : 2
    else text.push(byte)
  }
  return String.fromCharCode(...text).split('\n')
}
const spelled = (text: string): string => String.fromCharCode(...encoded(text)).replaceAll(/\s/g, '')

describe('a paper for a receipt printer', () => {
  it.each(CASES.flatMap(({ name, blocks }) => WIDTHS.map((width) => ({ name, blocks, width }))))(
    '$name on $width mm is byte for byte the golden one',
    ({ name, blocks, width }) => {
      const found = (golden as Record<string, string>)[`${name} ${String(width)}`]

      expect(hex(escpos(blocksOf(blocks), { width, code: CODE }))).toBe(found)
    },
  )

  it.each(CASES.flatMap(({ name, blocks }) => WIDTHS.map((width) => ({ name, blocks, width }))))(
    '$name on $width mm holds every line, none wider than the roll',
    ({ blocks, width }) => {
      const roll = onTheRoll(escpos(blocksOf(blocks), { width, code: CODE }))

      expect(Math.max(...roll.map((line) => line.length))).toBeLessThanOrEqual(COLUMNS[width])
      const all = roll.join('').replaceAll(/\s/g, '')
      for (const line of paperLines(blocksOf(blocks))) expect(all).toContain(spelled(line))
    },
  )

  it('writes Italian letters and the euro in code page 858, and nothing that moves the printer', () => {
    expect(encoded('àèéìòù €ÀÈ')).toEqual([0x85, 0x8a, 0x82, 0x8d, 0x95, 0x97, 0x20, 0xd5, 0xb7, 0xd4])
    expect(encoded('l’ŝ\u001b漢')).toEqual([0x6c, 0x27, 0x73, 0x3f, 0x3f])
  })

  it('prints no code on a paper without one', () => {
    const blocks: Block[] = [{ role: 'qr', label: '', text: 'Verifica' }]

    expect(hex(escpos(blocks, { width: 58, code: null }))).not.toContain('1d286b')
  })

  it('cuts a word that is longer than a line and loses none of it', () => {
    expect(wrapWords(`a ${'x'.repeat(70)} b`, 32).join('').replaceAll(' ', '')).toBe(`a${'x'.repeat(70)}b`)
    expect(Math.max(...wrapWords('y'.repeat(100), 32).map((line) => line.length))).toBe(32)
  })
})
