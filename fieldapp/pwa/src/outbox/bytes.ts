/** Digests, encodings and ids of what travels. */

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export async function sha256Hex(content: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const bytes = typeof content === 'string' ? utf8(content) : content
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

export function base64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** A UUIDv7: sorts by the instant it was drawn at. */
export function uuid7(atMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const time = Math.floor(atMs).toString(16).padStart(12, '0')
  for (let at = 0; at < 6; at += 1) bytes[at] = parseInt(time.slice(2 * at, 2 * at + 2), 16)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const text = hex(bytes)
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-')
}

/** Of our own pictures, which are only ever JPEG or PNG. */
export const mediaTypeOf = (content: Uint8Array): 'image/png' | 'image/jpeg' =>
  content[0] === 0x89 && content[1] === 0x50 ? 'image/png' : 'image/jpeg'
