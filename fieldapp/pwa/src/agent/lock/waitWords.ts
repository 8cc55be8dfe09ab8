/** A time to wait, in words. Pure but for the words. */
import { t } from '../../text'

export function inWords(ms: number): string {
  const all = Math.ceil(ms / 1000)
  const [minutes, seconds] = [Math.floor(all / 60), all % 60]
  if (minutes === 0) return t('lock.seconds', { n: seconds })
  if (seconds === 0) return t('lock.minutes', { n: minutes })
  return t('lock.minutes_and_seconds', { minutes: t('lock.minutes', { n: minutes }), seconds: t('lock.seconds', { n: seconds }) })
}
