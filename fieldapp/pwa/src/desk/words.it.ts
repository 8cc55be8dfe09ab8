import type { Words } from '../text'
import { merge } from './words'

const screens: Record<string, Words> = import.meta.glob(['../text/outcomes.it.json', '../text/questions.it.json', '../text/desk.it.json', '../text/board.it.json', '../text/*.desk.it.json', '../text/rules.it.json'], {
  eager: true,
  import: 'default',
})
const refusals: Record<string, Words> = import.meta.glob('../text/refusals/*.it.json', { eager: true, import: 'default' })

export const words = merge(screens, refusals)
