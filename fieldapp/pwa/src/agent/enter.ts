/** Who uses this phone: signing in, and making it a device of the agent. */
import { deviceKeyPair, publicPoint } from '../outbox/deviceKey'
import { countersRecord, firstCounters } from '../outbox/envelopes'
import type { Failed } from '../outbox/wire'
import { keepSetting, phone, storage, wire } from './phone.svelte'
import { listen, standBefore, welcome } from './stages'
import type { DemoSignIn, Enrolment, SignedIn } from './shapes'

export async function signIn(login: string, password: string): Promise<Failed | null> {
  const reply = await wire.plain<SignedIn>({ method: 'POST', path: '/api/v1/session', json: { login, password } })
  if (reply.kind === 'failed') return reply
  welcome(reply.value)
  return null
}

export async function demoSignIns(): Promise<DemoSignIn[]> {
  const reply = await wire.plain<DemoSignIn[]>({ method: 'GET', path: '/api/v1/demo/sign-ins' })
  return reply.kind === 'ok' ? reply.value.filter((offer) => offer.role === 'agent') : []
}

/** Make this phone a device of the agent: its own key, its numbers, a lasting place to keep things. */
export async function enrol(name: string): Promise<Failed | null> {
  const signedIn = phone.signedIn
  if (!signedIn) throw new Error('nobody is signed in')
  const public_key = await publicPoint(await deviceKeyPair(storage))
  const reply = await wire.plain<Enrolment>({
    method: 'POST', path: '/api/v1/devices', json: { name, public_key, alg: 'ES256' },
  })
  if (reply.kind === 'failed') return reply
  const enrolment = reply.value
  const device = { device_id: enrolment.device_id, person: signedIn.person, agency: signedIn.agency, office_key: enrolment.office_key }
  await storage.write({ put: [countersRecord(firstCounters(enrolment))] })
  await keepSetting('device', device)
  phone.device = device
  await askToKeep()
  listen()
  await standBefore()
  return null
}

/** Ask the browser never to evict what is not sent yet; its answer is shown, not assumed. */
export async function askToKeep(): Promise<void> {
  phone.persisted = (await navigator.storage?.persist?.().catch(() => false)) ?? false
}
