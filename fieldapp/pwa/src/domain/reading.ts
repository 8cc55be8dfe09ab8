/**
 * Strict reading of JSON that comes from outside or is about to leave: each field once, of its type, nothing more.
 *
 * The twin of `domain/reading.py`: same codes, same paths. Refusals are thrown inside and handed out as values by
 * the reader of the whole.
 */

export type Details = Readonly<Record<string, string | number>>

/** Something is declined for a stated reason; the words stand in the catalogues under `code`. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly details: Details = {},
  ) {
    super(code)
  }
}

export type Result<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'refused'; readonly refusal: Refused }

/** Run a reader; its refusal comes out as a value, anything else is a fault and stays one. */
export function attempt<T>(read: () => T): Result<T> {
  try {
    return { kind: 'ok', value: read() }
  } catch (problem) {
    if (problem instanceof Refused) return { kind: 'refused', refusal: problem }
    throw problem
  }
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
// Control characters, half surrogates, invisible marks and those that reverse the reading order.
const UNPRINTABLE =
  // eslint-disable-next-line no-control-regex -- these characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u

export const printable = (text: string): boolean => !UNPRINTABLE.test(text)

export function isDay(text: unknown): text is string {
  if (typeof text !== 'string' || !DAY.test(text)) return false
  const at = new Date(`${text}T00:00:00.000Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === text && !text.startsWith('0000')
}

export function isInstant(text: unknown): text is string {
  if (typeof text !== 'string' || !INSTANT.test(text) || text.startsWith('0000')) return false
  const at = new Date(text)
  return !Number.isNaN(at.getTime()) && at.toISOString() === text
}

export const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Code points, as Python counts them: an emoji is one. */
export const lengthOf = (text: string): number => [...text].length

/** One JSON object being read. Ask for every field, then `close`. */
export class Reader {
  private readonly fields: Record<string, unknown>
  private readonly read = new Set<string>()

  constructor(
    plain: unknown,
    private readonly area: string,
    private readonly at = '',
  ) {
    if (!isObject(plain)) throw new Refused(`${area}.field_malformed`, { field: at || 'body' })
    this.fields = plain
  }

  text(name: string, longest: number): string {
    const value = this.take(name)
    if (typeof value !== 'string') throw this.malformed(name)
    if (lengthOf(value) > longest) throw this.tooLong(name, longest)
    if (!value.trim() || !printable(value)) throw this.malformed(name)
    return value
  }

  whole(name: string, least: number, most: number): number {
    const value = this.take(name)
    if (!isWhole(value, least, most)) throw this.malformed(name)
    return value
  }

  flag(name: string): boolean {
    const value = this.take(name)
    if (typeof value !== 'boolean') throw this.malformed(name)
    return value
  }

  choice<T extends string>(name: string, options: readonly T[]): T {
    const value = this.take(name)
    const found = options.find((option) => option === value)
    if (found === undefined) throw this.malformed(name)
    return found
  }

  day(name: string): string {
    const value = this.take(name)
    if (!isDay(value)) throw this.malformed(name)
    return value
  }

  instant(name: string): string {
    const value = this.take(name)
    if (!isInstant(value)) throw this.malformed(name)
    return value
  }

  pattern(name: string, shape: RegExp): string {
    const value = this.take(name)
    if (typeof value !== 'string' || !shape.test(value)) throw this.malformed(name)
    return value
  }

  object(name: string): Reader {
    const value = this.take(name)
    if (!isObject(value)) throw this.malformed(name)
    return new Reader(value, this.area, this.path(name))
  }

  objects(name: string, most: number): Reader[] {
    return this.list(name, most).map((item, i) => new Reader(item, this.area, `${this.path(name)}[${String(i)}]`))
  }

  choices<T extends string>(name: string, options: readonly T[]): T[] {
    const found: T[] = []
    for (const item of this.list(name, options.length)) {
      const known = options.find((option) => option === item)
      if (known === undefined || found.includes(known)) throw this.malformed(name)
      found.push(known)
    }
    return found
  }

  plain(name: string): unknown {
    return this.take(name)
  }

  maybe<T>(name: string, read: (name: string) => T): T | null {
    if (name in this.fields && this.fields[name] === null) {
      this.read.add(name)
      return null
    }
    return read(name)
  }

  has(name: string): boolean {
    return Object.hasOwn(this.fields, name)
  }

  close(): void {
    const left = Object.keys(this.fields).filter((name) => !this.read.has(name)).sort()[0]
    if (left !== undefined) throw new Refused(`${this.area}.field_unknown`, { field: this.path(left.slice(0, 60)) })
  }

  path(name: string): string {
    return this.at ? `${this.at}.${name}` : name
  }

  malformed(name: string): Refused {
    return new Refused(`${this.area}.field_malformed`, { field: this.path(name) })
  }

  private tooLong(name: string, longest: number): Refused {
    return new Refused(`${this.area}.field_too_long`, { field: this.path(name), longest })
  }

  private take(name: string): unknown {
    this.read.add(name)
    if (!Object.hasOwn(this.fields, name)) throw new Refused(`${this.area}.field_missing`, { field: this.path(name) })
    return this.fields[name]
  }

  private list(name: string, most: number): unknown[] {
    const items = this.take(name)
    if (!Array.isArray(items)) throw this.malformed(name)
    if (items.length > most) throw this.tooLong(name, most)
    return items
  }
}
