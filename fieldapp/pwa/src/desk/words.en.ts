import type { Words } from '../text'
import { merge } from './words'

const screens: Record<string, Words> = import.meta.glob(['../text/outcomes.en.json', '../text/questions.en.json', '../text/desk.en.json', '../text/board.en.json', '../text/*.desk.en.json', '../text/rules.en.json'], {
  eager: true,
  import: 'default',
})
const refusals: Record<string, Words> = import.meta.glob('../text/refusals/*.en.json', { eager: true, import: 'default' })

export const words = merge(screens, refusals)
