/**
 * Values in one spelling: keys sorted, no blanks, integers only. The twin of `domain/ids.py`: both sides sign and
 * compare the same bytes, and golden cases hold them to it.
 */

/** The one spelling of `value`. What JSON cannot hold exactly, or Python would spell otherwise, is a fault. */
export function canonicalText(value: unknown): string {
  if (value === null || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return integer(value)
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value === 'object') return `{${members(value)}}`
  throw new TypeError(`a canonical value holds no ${typeof value}`)
}

export const canonicalBytes = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(canonicalText(value))

function members(value: object): string {
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => {
      if (!isAscii(key)) throw new TypeError('canonical keys are ASCII')
      return `${JSON.stringify(key)}:${canonicalText(item)}`
    })
    .join(',')
}

function text(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new TypeError('half a character cannot be spelled')
  return JSON.stringify(value)
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError('canonical values hold no floats: use integer units')
  return String(value === 0 ? 0 : value)
}

const isAscii = (key: string): boolean => [...key].every((character) => character < '\u0080')
