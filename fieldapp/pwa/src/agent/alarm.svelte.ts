/**
 * Raising the alarm: the call for help is written alone and at once, the visit ends after it, a position joins if it
 * comes within a few seconds. Nothing here waits for the network, for the position or for a person.
 */
import { dangerBody, type DangerBody } from '../domain/danger.ts'
import { uuid7 } from '../outbox/bytes'
import { endForSafety, writeAlarm } from './actions'
import { doorInDanger, leftOpen, officeNumber, telLink } from './danger'
import type { Draft } from './draft'
import { phone, serviceNow } from './phone.svelte'
import { go } from './place.svelte'
import { askPosition } from './position'
import { hush } from './toast.svelte'
import type { OpenVisit } from './visit/openVisit.svelte'

const POSITION_WITHIN_MS = 6_000

class Alarm {
  /** `asking` ends after a few seconds, whatever comes of it. */
  position = $state<'asking' | 'written' | 'none'>('none')
  writing = $state(false)
  /** The phone could not write it down: only the call is left. */
  unwritten = $state(false)
  number = $state<string | null>(null)
}

export const alarm = new Alarm()

/** `visit` is the one on the screen; from the day's list it is the door that was reached last. */
export async function raise(visit: OpenVisit | null): Promise<void> {
  const draft = visit?.draft ?? doorInDanger(phone.drafts)
  alarm.number = officeNumber(phone.bundle?.agency ?? phone.device?.agency, draft?.stop ?? null)
  alarm.unwritten = false
  // What could be undone a moment ago no longer is: the visit ends now.
  hush()
  dial(alarm.number)
  const at = serviceNow()
  const body = dangerBody(draft, { id: uuid7(at.getTime()), at: at.toISOString() })
  const found = askPosition(phone.clock.offset_ms, POSITION_WITHIN_MS)
  alarm.writing = true
  go({ kind: 'safe' })
  const written = await writeAlarm('danger', body).catch(() => null)
  alarm.unwritten = written === null
  alarm.writing = false
  void locate(body, found)
  if (draft) await end(draft, visit)
}

/** A crash came between the alarm and the end of its visit. */
export async function endWhatWasLeft(): Promise<void> {
  for (const draft of leftOpen(phone.drafts, phone.items)) await endForSafety(draft)
}

async function end(draft: Draft, visit: OpenVisit | null): Promise<void> {
  // In the visit's own queue: money that is just being written is written first, and goes with the report.
  if (visit) {
    const ending = visit.act((latest) => endForSafety(latest), undefined, { anyway: true })
    visit.ended = true
    await ending
  } else await endForSafety(draft)
}

async function locate(body: DangerBody, asked: ReturnType<typeof askPosition>): Promise<void> {
  alarm.position = 'asking'
  // A question about permission may stay open for ever: what comes later than this is not sent any more.
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), POSITION_WITHIN_MS + 500))
  const found = await Promise.race([asked, late])
  if (!found?.position) alarm.position = 'none'
  else {
    await writeAlarm('danger_position', { ...body, position: found.position })
    alarm.position = 'written'
  }
}

/** Browsers hand a number to the dialler only during a gesture: at once where they allow it, else as the finger lifts. */
function dial(number: string | null): void {
  if (number === null) return
  const call = (): void => {
    const link = document.createElement('a')
    link.href = telLink(number)
    document.body.append(link)
    link.click()
    link.remove()
  }
  const { userActivation } = navigator as { userActivation?: { readonly isActive: boolean } }
  if (userActivation?.isActive !== false) call()
  else addEventListener('pointerup', call, { once: true, capture: true })
}
