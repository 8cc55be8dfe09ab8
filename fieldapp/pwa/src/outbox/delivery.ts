/**
 * What a phone does that nobody can read on: locked, wiped, or stopped by the office. It asks how it stands, and hands
 * over what is sealed. Judged it is in the office; what is in order there gets its verdict again when the phone is open.
 */
import { handOver, unsent, type Office, type RescueState } from './rescue'
import { SEALED, type Row, type Storage } from './storage'
import { underLock } from './envelopes'
import type { Failed, Wire } from './wire'

export interface Delivery {
  readonly kind: 'delivered'
  /** The office has stopped this phone, or its person has left. */
  readonly stopped: boolean
  /** By key, what the office said of everything that was unsent. */
  readonly states: readonly RescueState[]
  /** Unsent items of which the office has said nothing. */
  readonly unheard: number
}

export interface DeliveryParts {
  readonly raw: Storage
  readonly wire: Wire
  readonly office: () => Office | null
  /** How much of an original goes in one request. */
  readonly partBytes?: number
}

const REVOKED = 'access.device_revoked'
const CALM_MS = 5 * 60_000
const SOON_MS = 60_000
const FIRST_WAIT_MS = 4_000

/** One conversation; `outlived`: only what a wipe has left. */
export async function deliver({ raw, wire, office, partBytes }: DeliveryParts, which: 'all' | 'outlived'): Promise<Delivery | Failed> {
  const standing = await wire.signed<unknown>({ method: 'POST', path: '/api/v1/field/attachments/missing', json: { sha256s: [] } })
  const stopped = standing.kind === 'failed' && standing.code === REVOKED
  if (standing.kind === 'failed' && !stopped) return standing
  const to = office()
  const rows = (await unsent(raw, { openVisits: stopped })).filter((row) => which === 'all' || row.state === SEALED)
  if (!to?.key || rows.length === 0) return { kind: 'delivered', stopped, states: [], unheard: rows.length }
  const states = await handOver(raw, wire, to, rows, partBytes)
  if ('kind' in states) return states
  await settle(raw, rows, states)
  const heard = new Set(states.map((item) => item.key))
  return { kind: 'delivered', stopped, states, unheard: rows.filter((row) => !heard.has(row.key)).length }
}

/**
 * Nobody can read here what outlived a wipe: once the office has taken it, it goes. What is refused stays to be seen; of
 * an open visit no other verdict exists, and the office has made a task of it.
 */
async function settle(raw: Storage, rows: readonly Row[], states: readonly RescueState[]): Promise<void> {
  const outlived = new Map(rows.filter((row) => row.state === SEALED).map((row) => [row.key, row]))
  const goes = ({ key, state }: RescueState): boolean =>
    outlived.has(key) && (state === 'accepted' || (state === 'refused' && outlived.get(key)?.kind === 'draft'))
  const remove = states.filter(goes).map(({ key }) => key)
  if (remove.length) await raw.write({ remove })
}

export interface Deliverer {
  nudge(): void
  stop(): void
}

/** Delivers as long as it is not stopped, one window for all. */
export function keepDelivering(parts: DeliveryParts, onHeard: (said: Delivery | Failed) => void): Deliverer {
  let stopped = false
  let woken = false
  let failures = 0
  let wake: () => void = () => undefined

  async function once(): Promise<number> {
    const said = await deliver(parts, 'all')
    if (stopped) return 0
    onHeard(said)
    failures = said.kind === 'failed' ? failures + 1 : 0
    if (said.kind === 'failed') return Math.min(CALM_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 8)) * (0.5 + Math.random() / 2)
    return said.states.some((item) => item.state === 'waiting') ? SOON_MS : CALM_MS
  }

  void underLock('fieldapp-sync', async () => {
    while (!stopped) {
      woken = false
      // Storage may be gone for a moment (a phone waking up).
      const ms = await once().catch(() => FIRST_WAIT_MS)
      if (woken || stopped) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  })

  return {
    nudge: () => {
      woken = true
      wake()
    },
    stop: () => {
      stopped = true
      wake()
    },
  }
}
