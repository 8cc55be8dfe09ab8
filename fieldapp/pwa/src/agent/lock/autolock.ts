/**
 * Locks the phone when nobody has used it for a while: in the background, or in the foreground where no visit is open.
 * A form in somebody's hand is never locked away.
 */
import { here } from '../place.svelte'
import { keepSetting, phone, setting } from '../phone.svelte'
import { shut } from '../stages'

export const LOCK_AFTER_MIN = [1, 5, 15] as const
export type LockAfter = (typeof LOCK_AFTER_MIN)[number]
const USUAL: LockAfter = 5
const LOOK_MS = 5_000

let after: LockAfter = USUAL
let used = { wall: Date.now(), steady: performance.now() }

const touch = (): void => {
  used = { wall: Date.now(), steady: performance.now() }
}

/** The longer of two clocks: one may be set back, the other stands still while a phone sleeps. */
const idleMs = (): number => Math.max(Date.now() - used.wall, performance.now() - used.steady)

function look(): void {
  if (phone.stage !== 'ready') return
  const inHand = document.visibilityState === 'visible' && here().kind === 'visit'
  if (!inHand && idleMs() >= after * 60_000) void shut()
}

export async function watchIdleness(): Promise<void> {
  // A browser that keeps nothing has no setting either, and says so itself.
  after = (await setting<LockAfter>('lock_after').catch(() => null)) ?? USUAL
  for (const sign of ['pointerdown', 'keydown', 'scroll'] as const) addEventListener(sign, touch, { capture: true, passive: true })
  document.addEventListener('visibilitychange', () => {
    // Coming back is looked at before it counts as use.
    if (document.visibilityState === 'visible') lookReturning()
    touch()
  })
  setInterval(look, LOOK_MS)
}

/** Whoever comes back after the time finds a locked phone, also where a form was left open. */
function lookReturning(): void {
  if (phone.stage === 'ready' && idleMs() >= after * 60_000) void shut()
}

export const lockAfter = (): LockAfter => after

export async function setLockAfter(minutes: LockAfter): Promise<void> {
  after = minutes
  await keepSetting('lock_after', minutes)
}
