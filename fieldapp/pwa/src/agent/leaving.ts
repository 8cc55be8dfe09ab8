/** Leaving this phone, and the file that saves what cannot be sent. */
import { office, phone, raw, setting, today, wire } from './phone.svelte'
import { reread } from './reread'
import { andForget, ENROLLED, stopSending } from './stages'

let exported: readonly string[] = []

/** Everything unsent as a file that only the office can open; the phone keeps what is in it. */
export async function saveRescueFile(): Promise<boolean> {
  const to = office()
  if (!to?.key) return false
  const rescue = await import('../outbox/rescue')
  const keys = (await rescue.unsent(raw)).map((record) => record.key)
  const content = await rescue.rescueFile(raw, to)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }))
  link.download = `${today()}-${to.device.slice(-6)}.fieldapp`
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 60_000)
  exported = keys
  return true
}

/** Forgets this phone's person and cases; refused while anything is neither sent nor in a rescue file. */
export async function leave(): Promise<boolean> {
  await reread()
  const rescue = await import('../outbox/rescue')
  const safe = (await rescue.unsent(raw)).every((record) => exported.includes(record.key))
  if (!safe || phone.drafts.length) return false
  stopSending()
  if (await setting('notices')) await (await import('./notices')).turnOff().catch(() => undefined)
  await wire.plain({ method: 'DELETE', path: '/api/v1/session' })
  await andForget(() => raw.wipe())
  localStorage.removeItem(ENROLLED)
  location.hash = ''
  location.reload()
  return true
}
