/**
 * A paper as bytes for a receipt printer (ESC/POS), on 58 or 80 mm: pure, so that golden files hold every byte. Text in
 * code page 858, which has all Italian letters and the euro; the code as the printer's own QR, at level M like the
 * screen's.
 */
import type { Block, Role } from '../domain/paper.ts'
import { wrapWords } from './wrapWords.ts'

export type RollWidth = 58 | 80

/** Characters of the printer's font A on one line. */
export const COLUMNS: Readonly<Record<RollWidth, number>> = { 58: 32, 80: 48 }

const ESC = 0x1b
const GS = 0x1d
const LF = 0x0a
const RESET = [ESC, 0x40]
/** Code page 19: PC858, western letters with the euro. */
const CODE_PAGE = [ESC, 0x74, 19]
const CENTRE = [ESC, 0x61, 1]
const LEFT = [ESC, 0x61, 0]
const BOLD = [ESC, 0x45, 1]
const PLAIN = [ESC, 0x45, 0]
const TALL = [GS, 0x21, 0x01]
const ONCE = [GS, 0x21, 0x00]
/** Past the tear bar, then a partial cut where the printer has a knife. */
const END = [ESC, 0x64, 4, GS, 0x56, 0x42, 0]

const CP858 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0'
/** What the code page lacks, by what it has. */
const SPELLED: Readonly<Record<string, string>> = {
  '’': "'", '‘': "'", '“': '"', '”': '"', '–': '-', '—': '-', '−': '-', '…': '...', '\u202f': ' ', '\u00a0': ' ', '•': '-', '→': '->',
}

/** Text in code page 858; a letter that it lacks loses its accent, anything else becomes `?`. */
export function encoded(text: string): number[] {
  return [...text].flatMap((sign) => {
    const spelled = SPELLED[sign] ?? sign
    return [...spelled].map((one) => byteOf(one) ?? byteOf(one.normalize('NFD').charAt(0)) ?? 0x3f)
  })
}

function byteOf(sign: string): number | null {
  const code = sign.codePointAt(0) ?? 0
  if (code >= 0x20 && code < 0x7f) return code
  const at = CP858.indexOf(sign)
  return at < 0 ? null : 0x80 + at
}

/** The bytes of one paper; `code` is what its QR says, null for a paper without one. */
export function escpos(blocks: readonly Block[], { width, code }: { width: RollWidth; code: string | null }): Uint8Array {
  const columns = COLUMNS[width]
  const bytes = [...RESET, ...CODE_PAGE]
  for (const block of blocks) {
    if (block.role === 'qr') {
      if (code !== null) bytes.push(...CENTRE, ...qr(code, width), LF, ...LEFT)
      bytes.push(...CENTRE, ...lines([block.label, block.text].filter(Boolean).join(' '), columns), ...LEFT)
    } else bytes.push(...printed(block, columns))
  }
  bytes.push(...END)
  return Uint8Array.from(bytes)
}

const CENTRED: ReadonlySet<Role> = new Set<Role>(['issuer', 'issuer_detail', 'title', 'reference', 'issued', 'amount', 'amount_words'])
const STRONG: ReadonlySet<Role> = new Set<Role>(['issuer', 'title', 'amount', 'section', 'total', 'warning'])
const SUMS: ReadonlySet<Role> = new Set<Role>(['row', 'row_detail', 'total'])

function printed({ role, label, text }: Block, columns: number): number[] {
  const body = SUMS.has(role) && label !== '' ? inTwoColumns(label, text, columns) : lines(label === '' ? text : `${label} ${text}`, columns)
  return [
    ...(role === 'title' || role === 'section' ? [LF] : []),
    ...(CENTRED.has(role) ? CENTRE : []),
    ...(STRONG.has(role) ? BOLD : []),
    ...(role === 'amount' ? TALL : []),
    ...body,
    ...(role === 'amount' ? ONCE : []),
    ...(STRONG.has(role) ? PLAIN : []),
    ...(CENTRED.has(role) ? LEFT : []),
  ]
}

const lines = (text: string, columns: number): number[] => wrapWords(text, columns).flatMap((line) => [...encoded(line), LF])

/** A label and its sum at the right edge; a label too long for that stands above. */
function inTwoColumns(label: string, sum: string, columns: number): number[] {
  const rows = wrapWords(label, columns)
  const last = rows.at(-1) ?? ''
  const room = columns - [...last].length - [...sum].length
  if (room >= 1) return lines([...rows.slice(0, -1), last + '\u00a0'.repeat(room) + sum].join('\n'), columns)
  return lines([...rows, '\u00a0'.repeat(Math.max(0, columns - [...sum].length)) + sum].join('\n'), columns)
}

/** The printer's own QR: model 2, level M, dots as large as the roll allows. */
function qr(text: string, width: RollWidth): number[] {
  const data = [...new TextEncoder().encode(text)]
  const function_ = (...parameters: number[]): number[] => {
    const length = parameters.length + 1
    return [GS, 0x28, 0x6b, length & 0xff, length >> 8, 0x31, ...parameters]
  }
  return [
    ...function_(0x41, 0x32, 0x00),
    ...function_(0x43, width === 58 ? 3 : 4),
    ...function_(0x45, 0x31),
    ...function_(0x50, 0x30, ...data),
    ...function_(0x51, 0x30),
  ]
}
