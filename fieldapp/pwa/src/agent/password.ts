/** The own password, changed on the phone: it is asked for with the old one, for a phone keeps no session. */
import type { Failed, Reply } from '../outbox/wire'
import { phone, wire } from './phone.svelte'
import type { SignedIn } from './shapes'

const enter = (login: string, password: string): Promise<Reply<SignedIn>> =>
  wire.plain<SignedIn>({ method: 'POST', path: '/api/v1/session', json: { login, password } })
const leave = (): Promise<Reply<null>> => wire.plain<null>({ method: 'DELETE', path: '/api/v1/session' })

/**
 * Null where it is changed; `other` where the name and password are somebody else's; `unknown` where the answer was lost
 * and nobody could be asked: it may have been changed.
 */
export async function changePassword(login: string, old: string, fresh: string): Promise<Failed | 'other' | 'unknown' | null> {
  const entered = await enter(login, old)
  if (entered.kind === 'failed') return entered
  if (entered.value.person.id !== phone.device?.person.id) {
    await leave()
    return 'other'
  }
  const changed = await wire.plain<null>({ method: 'POST', path: '/api/v1/session/password', json: { old, new: fresh } })
  if (changed.kind === 'failed' && changed.code === null) {
    // The question may have arrived though the answer did not: the new one opens, or it does not.
    const again = await enter(login, fresh)
    if (again.kind === 'failed') return again.code === null ? 'unknown' : changed
    await leave()
    return null
  }
  await leave()
  return changed.kind === 'failed' ? changed : null
}
