/** How near an agent's cash is to the limit. Pure. */

export interface Exposure {
  readonly kind: 'low' | 'near' | 'over'
  /** Whole percent of the limit, rounded down; never above 999. */
  readonly percent: number
}

/** From this part of the limit on the agent and the office are warned. */
const NEAR_PERCENT = 80

export function exposure({ cash_cents, limit_cents }: { readonly cash_cents: number; readonly limit_cents: number }): Exposure {
  if (cash_cents <= 0) return { kind: 'low', percent: 0 }
  const percent = limit_cents <= 0 ? 999 : Math.min(999, Math.floor((cash_cents * 100) / limit_cents))
  if (cash_cents > limit_cents) return { kind: 'over', percent }
  return { kind: percent >= NEAR_PERCENT ? 'near' : 'low', percent }
}
