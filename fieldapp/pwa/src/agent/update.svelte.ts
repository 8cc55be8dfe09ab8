/** A new version waits until the agent takes it: never in the middle of a visit, never in the middle of a sending. */
let ready = $state(false)

export const updateReady = (): boolean => ready

export async function watchForUpdates(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  const { Workbox } = await import('workbox-window')
  const workbox = new Workbox('/agent/sw.js', { scope: '/agent/' })
  workbox.addEventListener('waiting', () => {
    ready = true
  })
  workbox.addEventListener('controlling', (event) => {
    if (event.isUpdate) location.reload()
  })
  await workbox.register().catch(() => undefined)
}

export function takeUpdate(): void {
  void navigator.serviceWorker.getRegistration('/agent/').then((found) => found?.waiting?.postMessage('take-over'))
}

/** The office asks for a newer app: fetch it and take it, or start again where it is already here. */
export async function lookForUpdate(): Promise<void> {
  const found = await navigator.serviceWorker?.getRegistration('/agent/')
  await found?.update().catch(() => undefined)
  if (found?.waiting) takeUpdate()
  else if (!found?.installing) location.reload()
}
