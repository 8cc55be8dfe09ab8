/** The office's answer to a settlement, listened for as long as it waits and the visit is in hand. */
import { askedOf } from '../draft'
import type { OpenVisit } from '../visit/openVisit.svelte'
import { askOffice, type Answer } from './askOffice'

const EVERY_MS = 4_000

/** Ask, and keep what was answered with the visit. */
export async function ask(visit: OpenVisit): Promise<Answer> {
  const answer = await askOffice(visit.draft)
  // The paper may have been changed while the network was slow: `askedOf` holds answer and paper together.
  if (answer.kind === 'told') visit.patch({ asked: answer.asked })
  return answer
}

export function listenToOffice(visit: OpenVisit): void {
  const waiting = $derived(!visit.ended && askedOf(visit.draft)?.state === 'proposed')
  $effect(() => {
    if (!waiting) return
    let asking = false
    const timer = setInterval(() => {
      if (asking) return
      asking = true
      void ask(visit).finally(() => (asking = false))
    }, EVERY_MS)
    return () => clearInterval(timer)
  })
}
