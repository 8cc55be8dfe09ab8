import type { Words } from '../text'
import { merge } from './words'

const catalogues: Record<string, Words> = import.meta.glob(
  ['../text/refusals/*.fr.json', '../text/outcomes.fr.json', '../text/desk.fr.json'],
  { eager: true, import: 'default' },
)

export const words = merge(catalogues)
