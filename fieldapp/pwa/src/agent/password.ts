/** The own password, changed on the phone: it is asked for with the old one, for a phone keeps no session. */
import type { Failed } from '../outbox/wire'
import { phone, wire } from './phone.svelte'
import type { SignedIn } from './shapes'

/** Null where it is changed; `other` where the name and password are somebody else's. */
export async function changePassword(login: string, old: string, fresh: string): Promise<Failed | 'other' | null> {
  const entered = await wire.plain<SignedIn>({ method: 'POST', path: '/api/v1/session', json: { login, password: old } })
  if (entered.kind === 'failed') return entered
  const own = entered.value.person.id === phone.device?.person.id
  const changed = own ? await wire.plain<null>({ method: 'POST', path: '/api/v1/session/password', json: { old, new: fresh } }) : null
  await wire.plain({ method: 'DELETE', path: '/api/v1/session' })
  if (changed === null) return 'other'
  return changed.kind === 'failed' ? changed : null
}
