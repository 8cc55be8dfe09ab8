/** Where a written thing is by now: on this phone, on its way, in the office, or before a person. */
import { knows, t } from '../text'
import type { ItemState, OutboxItem } from './day'
import { sentence } from './troubles'

export const TONES = { waiting: 'wait', held: 'wait', refused: 'act', conflict: 'act', accepted: 'done' } as const satisfies Record<ItemState, string>

export function standingOf(item: OutboxItem, { pushing, nowMs }: { pushing: boolean; nowMs: number }): string {
  if (item.state === 'waiting' && pushing) return t('sending.state.sending')
  if (item.state === 'waiting' && item.notBeforeMs > nowMs) return t('sending.state.resting')
  return t(`sending.state.${item.state}`)
}

/** What the office said of it, where it said something. */
export const whyOf = (item: OutboxItem): string | null =>
  item.code === null ? null : knows(item.code) ? sentence(item.code, item.details) : t('sending.why_unknown')
