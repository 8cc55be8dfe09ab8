import type { Words } from '../text'
import { merge } from './words'

const catalogues: Record<string, Words> = import.meta.glob(
  ['../text/refusals/*.it.json', '../text/outcomes.it.json', '../text/desk.it.json'],
  { eager: true, import: 'default' },
)

export const words = merge(catalogues)
