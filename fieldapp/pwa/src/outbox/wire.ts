/**
 * The only place of the phone that calls the service. Every answer is a value or a named trouble, never a throw.
 *
 * `navigator.onLine` is not asked anywhere: only a failed or a good request tells the truth, and a page of HTML with
 * status 200 (the login of a hotel's network) is not an answer of ours.
 */
import { signedHeaders } from './deviceKey'
import type { Storage } from './storage'

export const PROTOCOL = 2

/** Whether an answer in that protocol is one this app can read: its own, and that of a service not yet updated. */
export const understands = (protocol: number): boolean => protocol === PROTOCOL || protocol === PROTOCOL - 1

/** Why a request brought nothing; each has its words on the screen. */
export const TROUBLES = [
  'unreachable', 'captive', 'not_recognised', 'not_allowed', 'too_large', 'update_needed', 'slow_down', 'office_down',
  'not_understood',
] as const
export type Trouble = (typeof TROUBLES)[number]

export interface Failed {
  readonly kind: 'failed'
  readonly trouble: Trouble
  /** The service's own code, where it said one. */
  readonly code: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfterMs: number | null
}

export type Reply<T> = { readonly kind: 'ok'; readonly value: T } | Failed

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From `/api/v1/` on, with its query. */
  readonly path: string
  readonly json?: unknown
  readonly content?: { readonly bytes: Uint8Array<ArrayBuffer>; readonly mediaType: string }
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** Breaks the request off: it ends as one without network. */
  readonly signal?: AbortSignal
}

export type Fetch = (path: string, init: RequestInit) => Promise<Response>

const failed = (trouble: Trouble, more: Partial<Failed> = {}): Failed => ({
  kind: 'failed', trouble, code: null, details: {}, retryAfterMs: null, ...more,
})

export interface Wire {
  /** A call with the session's cookie: signing in and enrolling. */
  plain<T>(call: Call): Promise<Reply<T>>
  /** A call signed by the device. */
  signed<T>(call: Call): Promise<Reply<T>>
  /** The bytes behind a signed address. */
  bytes(path: string): Promise<Reply<Uint8Array<ArrayBuffer>>>
}

export function openWire(storage: Storage, deviceId: () => string | null, doFetch: Fetch = (p, i) => fetch(p, i)): Wire {
  async function signedInit(call: Call): Promise<RequestInit> {
    const device = deviceId()
    if (device === null) throw new Error('not enrolled')
    const body = bodyOf(call)
    const init = initOf(call, body)
    const proof = await signedHeaders(storage, device, { method: call.method, path: call.path, body: body ?? NOTHING })
    return { ...init, credentials: 'omit', headers: { ...(init.headers as Record<string, string>), 'x-protocol': String(PROTOCOL), ...proof } }
  }
  return {
    plain: async (call) => {
      const init = initOf(call, bodyOf(call))
      const headers = { ...(init.headers as Record<string, string>), 'x-csrftoken': csrfToken() }
      return readJson(await send(doFetch, call, { ...init, headers, credentials: 'same-origin' }))
    },
    signed: async (call) => readJson(await send(doFetch, call, await signedInit(call))),
    bytes: async (path) => {
      const call: Call = { method: 'GET', path }
      const response = await send(doFetch, call, await signedInit(call))
      if (!(response instanceof Response)) return response
      if (!response.ok) return readJson(response)
      return { kind: 'ok', value: new Uint8Array(await response.arrayBuffer()) }
    },
  }
}

const NOTHING = new Uint8Array()
const encoder = new TextEncoder()

function bodyOf(call: Call): Uint8Array<ArrayBuffer> | null {
  if (call.content) return call.content.bytes
  return call.json === undefined ? null : encoder.encode(JSON.stringify(call.json))
}

function initOf(call: Call, body: Uint8Array<ArrayBuffer> | null): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers }
  if (body) headers['content-type'] = call.content?.mediaType ?? 'application/json'
  return { method: call.method, headers, body, cache: 'no-store', redirect: 'error' }
}

async function send(doFetch: Fetch, call: Call, init: RequestInit): Promise<Response | Failed> {
  const abort = new AbortController()
  const breakOff = (): void => {
    abort.abort()
  }
  const timer = setTimeout(breakOff, call.timeoutMs ?? 30_000)
  if (call.signal?.aborted) breakOff()
  call.signal?.addEventListener('abort', breakOff)
  try {
    return await doFetch(call.path, { ...init, signal: abort.signal })
  } catch {
    return failed('unreachable')
  } finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', breakOff)
  }
}

/** The value of a good answer, or what kind of trouble the rest is. */
async function readJson<T>(response: Response | Failed): Promise<Reply<T>> {
  if (!(response instanceof Response)) return response
  if (response.status === 204) return { kind: 'ok', value: undefined as T }
  const type = response.headers.get('content-type') ?? ''
  if (!/^application\/(problem\+)?json/.test(type)) {
    return response.ok || response.status < 500 ? failed('captive') : failed('office_down', after(response))
  }
  let body: unknown
  try {
    body = await response.json()
  } catch {
    return failed('unreachable')
  }
  if (response.ok) return { kind: 'ok', value: body as T }
  const told = said(body)
  // An old app is told so by code as well as by 426: queued work waits for the update, it is not refused.
  const trouble = told.code === 'sync.protocol_unknown' ? 'update_needed' : troubleOf(response.status)
  return failed(trouble, { ...told, ...after(response) })
}

export function troubleOf(status: number): Trouble {
  if (status === 401) return 'not_recognised'
  if (status === 403) return 'not_allowed'
  if (status === 413) return 'too_large'
  if (status === 426) return 'update_needed'
  if (status === 429) return 'slow_down'
  return status >= 500 ? 'office_down' : 'not_understood'
}

function said(body: unknown): Partial<Failed> {
  if (typeof body !== 'object' || body === null) return {}
  const { code, details } = body as { code?: unknown; details?: unknown }
  return {
    code: typeof code === 'string' ? code : null,
    details: typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {},
  }
}

function after(response: Response): Partial<Failed> {
  const said = response.headers.get('retry-after')
  if (said === null) return { retryAfterMs: null }
  // Seconds, or the instant by the answering machine's own clock.
  const seconds = /^\d+$/.test(said)
    ? Number(said)
    : (Date.parse(said) - Date.parse(response.headers.get('date') ?? '')) / 1000
  return { retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null }
}

function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? ''
}
