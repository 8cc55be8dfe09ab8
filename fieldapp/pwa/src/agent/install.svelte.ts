/** Installing the app, where the browser lets a page offer it. */

interface InstallPrompt extends globalThis.Event {
  prompt(): Promise<void>
}

let offered = $state.raw<InstallPrompt | null>(null)

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault()
  offered = event as InstallPrompt
})
addEventListener('appinstalled', () => {
  offered = null
})

export const canInstall = (): boolean => offered !== null

export const isInstalled = (): boolean => matchMedia('(display-mode: standalone)').matches

export async function install(): Promise<void> {
  await offered?.prompt()
  offered = null
}
