/** What draws papers and a sheet to draw on, both made ready while people look at the amount. */
import type { PaymentBody } from '../../domain/visit.ts'
import { whenShut } from '../phone.svelte'
import type { StopCard } from '../shapes'
import { paperWords } from './paperWords'

type Hand = typeof import('./drawPaper')

let hand: Hand | null = null
let sheet: HTMLCanvasElement | null = null
whenShut.push(() => {
  sheet = null
})

/** Null until it was fetched once. */
export const handHere = (): Hand | null => hand

export const fetchHand = async (): Promise<Hand> => (hand ??= await import('./drawPaper'))

/** Draw a paper that nobody sees: the next one of its size finds its letters and its sheet ready. */
export async function warmUp(stop: StopCard, payment: PaymentBody): Promise<void> {
  const { drawPaper } = await fetchHand()
  sheet = readySheet()
  drawPaper(stop, payment, paperWords(stop)).draw(sheet)
}

/** The sheet that is ready, or a new one while that one hangs somewhere. */
export const readySheet = (): HTMLCanvasElement => (sheet && !sheet.isConnected ? sheet : document.createElement('canvas'))
