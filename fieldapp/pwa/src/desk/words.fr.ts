import type { Words } from '../text'
import { merge } from './words'

const screens: Record<string, Words> = import.meta.glob(['../text/outcomes.fr.json', '../text/questions.fr.json', '../text/desk.fr.json', '../text/board.fr.json', '../text/*.desk.fr.json', '../text/rules.fr.json'], {
  eager: true,
  import: 'default',
})
const refusals: Record<string, Words> = import.meta.glob('../text/refusals/*.fr.json', { eager: true, import: 'default' })

export const words = merge(screens, refusals)
