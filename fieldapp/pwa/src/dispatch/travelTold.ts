/** Where a plan's travel times come from, as a sentence. Pure. */
import type { PlanView } from '../api/shapes'
import { t } from '../text'

export type TravelTold = NonNullable<PlanView['travel']>

/** Whether the house's road engine failed to tell some of the times. */
export const inTrouble = (told: TravelTold): boolean => (Boolean(told.trouble) && told.instead > 0) || Boolean(told.hours_unknown)

/** Never "0 %" of something that is missing, never "100 %" of something that is there. */
const percent = (told: TravelTold): number => Math.min(Math.max(Math.round((100 * told.instead) / Math.max(told.pairs, 1)), 1), 99)

export function travelInWords(told: TravelTold): string {
  const hours = told.hours_unknown ? t('travel.hours_unknown', { count: told.hours_unknown }) : told.by_hour ? t('travel.by_hour') : ''
  return hours ? `${sourceInWords(told)} ${hours}` : sourceInWords(told)
}

function sourceInWords(told: TravelTold): string {
  if (told.engine === 'great_circle') return t('travel.by_great_circle')
  const engine = t(`travel.engine.${told.engine}`)
  if (told.instead === 0) return t('travel.by_roads', { engine })
  if (!told.trouble) return t('travel.by_roads_far', { engine })
  if (told.instead >= told.pairs) return t(`travel.none_${told.trouble}`, { engine })
  return t(`travel.part_${told.trouble}`, { engine, pct: percent(told) })
}
