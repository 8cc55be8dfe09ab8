import { paperBlocks, paperLines, memoPayload, type PaperWords } from '../../domain/paper.ts'
import type { ReceiptValue } from '../../domain/receipt.ts'
import type { PaymentBody } from '../../domain/visit.ts'
import type { StopCard } from '../shapes'
import { memoOf } from './payment'

export async function drawPaper(stop: StopCard, payment: PaymentBody, words: PaperWords): Promise<{ picture: Blob; lines: readonly string[] }> {
  const paper = payment.receipt ? (payment.receipt.value as unknown as ReceiptValue) : memoOf(stop, payment)
  const blocks = paperBlocks(paper, words, payment.receipt?.digest ?? '')
  const { encode } = await import('uqr')
  const qr = encode(paper.kind === 'transfer_memo' ? memoPayload(paper) : (payment.receipt?.digest ?? ''))
  const canvas = document.createElement('canvas')
  canvas.width = 720
  canvas.height = blocks.length * 34 + 420
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no canvas')
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.fillStyle = '#000'
  pen.font = '22px sans-serif'
  blocks.forEach((block, at) => pen.fillText(`${block.label} ${block.text}`, 24, 40 + at * 34, 670))
  qr.data.forEach((row, y) => row.forEach((on, x) => on && pen.fillRect(200 + x * 8, blocks.length * 34 + 60 + y * 8, 8, 8)))
  const picture = await new Promise<Blob>((ok) => canvas.toBlob((blob) => blob && ok(blob)))
  return { picture, lines: paperLines(blocks) }
}
