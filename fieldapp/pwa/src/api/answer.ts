/** What a call to the service comes back with: its value, or a refusal that can be said in words. */

export interface Refused {
  /** Dotted code; its words stand in `text/refusals`. */
  readonly code: string
  /** HTTP status, 0 when the service was not reached. */
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>
  /** The service's own words, for a code that this build does not know. */
  readonly said: string | null
}

export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly refusal: Refused }

export const UNREACHABLE: Refused = { code: 'network.unreachable', status: 0, details: {}, said: null }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Reads a `problem+json` body; anything else becomes a plain refusal of that status. */
export function readProblem(status: number, body: unknown): Refused {
  if (!isRecord(body) || typeof body['code'] !== 'string') {
    return { code: status >= 500 ? 'service.fault' : 'request.not_taken', status, details: {}, said: null }
  }
  return {
    code: body['code'],
    status,
    details: isRecord(body['details']) ? body['details'] : {},
    said: typeof body['detail'] === 'string' ? body['detail'] : null,
  }
}
