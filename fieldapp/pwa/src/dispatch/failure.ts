/** Why a plan could not be computed, for who asked for it. Pure. */
import { knows, t } from '../text'

/** What is no fault of ours has words of its own; the name of a fault stands in brackets, for whoever is asked for help. */
export function failureInWords(failure: string | null): string {
  if (failure === null) return t('plan.failed_words')
  const known = `plan.failure.${failure}`
  return knows(known) ? t(known) : `${t('plan.failed_words')} (${failure})`
}
