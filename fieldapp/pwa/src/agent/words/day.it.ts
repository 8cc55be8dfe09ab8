import type { Words } from '../../text'
import { merge } from './words'

const catalogues: Record<string, Words> = import.meta.glob('../../text/{agent,agreements,outcomes,questions}.it.json', {
  eager: true,
  import: 'default',
})

export const words = merge(catalogues)
