/**
 * The link by which a debtor pays on a provider's page. Only the office's service can make one: without network there is
 * none, and the office sends it later. Asking again answers the same link while it holds.
 */
import { wire } from '../phone.svelte'

const PATH = '/api/v1/field/payment-links'

/** Its address, or null where none could be had. */
export async function linkToPay(asked: { practice_id: string; visit_id: string; amount_cents: number }): Promise<string | null> {
  const answer = await wire.signed<{ url?: unknown }>({ method: 'POST', path: PATH, json: asked })
  if (answer.kind !== 'ok') return null
  const { url } = answer.value
  return typeof url === 'string' && /^https?:/.test(url) ? url : null
}
