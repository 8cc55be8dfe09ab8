/// <reference lib="webworker" />
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import en from '../text/notice.en.json'
import fr from '../text/notice.fr.json'
import it from '../text/notice.it.json'

declare const self: ServiceWorkerGlobalScope

cleanupOutdatedCaches()
precacheAndRoute(self.__WB_MANIFEST)
registerRoute(new NavigationRoute(createHandlerBoundToURL('/agent/index.html'), { allowlist: [/^\/agent\//] }))

self.addEventListener('message', (event: ExtendableMessageEvent) => {
  if (event.data === 'take-over') void self.skipWaiting()
})

const WORDS: Record<string, typeof it> = { it, en, fr }
const HOME = '/agent/'

const windows = async (): Promise<readonly WindowClient[]> => {
  const all = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return all.filter((client) => new URL(client.url).pathname.startsWith(HOME))
}

/** Whatever came with the message, nothing of it is shown: only that there is something to see. */
async function tell(): Promise<void> {
  const open = await windows()
  for (const client of open) client.postMessage('day-changed')
  // Who has the app before their eyes reads it there.
  if (open.some((client) => client.visibilityState === 'visible')) return
  const kept = await caches.match(`${HOME}language`)
  const language = (await kept?.text()) ?? 'it'
  const title = (WORDS[language] ?? it)['notice.day_changed']
  await self.registration.showNotification(title, { tag: 'day', lang: language, icon: `${HOME}icon-192.png` })
}

async function show(): Promise<void> {
  const open = await windows()
  const best = open.find((client) => client.visibilityState === 'visible') ?? open[0]
  if (!best) return void (await self.clients.openWindow(HOME))
  for (const client of open) client.postMessage('day-changed')
  await best.focus()
}

self.addEventListener('push', (event: PushEvent) => {
  event.waitUntil(tell())
})

self.addEventListener('notificationclick', (event: NotificationEvent) => {
  event.notification.close()
  event.waitUntil(show())
})
