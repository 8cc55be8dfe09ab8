import type { Words } from '../../text'
import { merge } from './words'

const catalogues: Record<string, Words> = import.meta.glob(
  '../../text/refusals/{access,agreements,conduct,device,field,money,network,pads,paper,papers,payment,payments,receipt,receipts,rescue,sync,told,visit}.it.json',
  { eager: true, import: 'default' },
)

export const words = merge(catalogues)
