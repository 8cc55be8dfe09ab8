/**
 * Words in the chosen language, and the locale's way to write money, days and hours.
 *
 * Knows no sentence itself: a face hands over its catalogues (`speak`) before it mounts. A value used inside a
 * component follows a change of language by itself.
 */
import { createSubscriber } from 'svelte/reactivity'

export type Language = 'it' | 'en' | 'fr'
export type Words = Readonly<Record<string, string>>
export type Values = Readonly<Record<string, string | number | null | undefined>>

export const LANGUAGES: readonly Language[] = ['it', 'en', 'fr']
const LOCALES: Record<Language, string> = { it: 'it-IT', en: 'en-GB', fr: 'fr-FR' }

let words: Words = {}
let current: Language = 'it'
let zone = 'Europe/Rome'
let announce: () => void = () => undefined

const subscribe = createSubscriber((update) => {
  announce = update
  return () => (announce = () => undefined)
})

/** Speak `language` from now on, with these words. */
export function speak(language: Language, catalogue: Words): void {
  current = language
  words = catalogue
  formats.clear()
  announce()
}

/** More sentences of the language that is spoken, loaded after the first screen. */
export function alsoSay(catalogue: Words): void {
  words = { ...catalogue, ...words }
  announce()
}

/** The zone that hours are shown in: where the visits are, not where the phone's settings are. */
export function showTimesIn(timeZone: string): void {
  zone = timeZone
  formats.clear()
  announce()
}

export function language(): Language {
  subscribe()
  return current
}

/** The language this browser asks for, Italian when it asks for none of ours. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((known) => tag.toLowerCase().startsWith(known))
    if (found) return found
  }
  return 'it'
}

export function knows(key: string): boolean {
  subscribe()
  return key in words
}

/**
 * The sentence under `key` with `{name}` filled in. `key.one` is taken when `values.n` is 1, as a number or written.
 * A missing sentence shows its key: tests hold the catalogues complete.
 */
export function t(key: string, values: Values = {}): string {
  subscribe()
  const one = String(values['n']) === '1' ? words[`${key}.one`] : undefined
  const sentence = bound(one ?? words[key] ?? key)
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

/** French puts a space before some marks, which a line must not break at; catalogues are typed with the plain one. */
const bound = (sentence: string): string =>
  current === 'fr' ? sentence.replace(/ (?=[?!;:»])|(?<=«) /g, '\u00a0') : sentence

const formats = new Map<string, unknown>()

/** Made once for a language and a zone: making one costs a hundred times more than using it. */
function made<T>(name: string, make: () => T): T {
  subscribe()
  const known = formats.get(name) as T | undefined
  if (known !== undefined) return known
  const format = make()
  formats.set(name, format)
  return format
}

const dateFormat = (name: string, options: Intl.DateTimeFormatOptions, locale: string = LOCALES[current]): Intl.DateTimeFormat =>
  made(name, () => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }))

/** `name` stands for the options: the same name, the same format. */
export const numberFormat = (name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat =>
  made(name, () => new Intl.NumberFormat(LOCALES[current], options))

/** Integer cents as the language writes them: `1.234,50 €`. Never through a float. */
export function money(cents: number): string {
  const format = numberFormat('money', { style: 'currency', currency: 'EUR', useGrouping: 'always' })
  const whole = Math.trunc(Math.abs(cents) / 100)
  const rest = String(Math.abs(cents) % 100).padStart(2, '0')
  const written = format.format(`${whole}.${rest}` as Intl.StringNumericLiteral)
  return cents < 0 ? `\u2212${written}` : written
}

/** `10:42` */
export const hour = (at: string | Date): string =>
  dateFormat('hour', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at))

export const hourToSecond = (at: string | Date): string =>
  dateFormat('hour_second', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(new Date(at))

/** `giovedì 26 novembre` of an ISO day or an instant. */
export const dayInWords = (day: string | Date): string =>
  dateFormat('words', { weekday: 'long', day: 'numeric', month: 'long' }).format(noon(day))

/** `gio 26 nov` */
export const dayShort = (day: string | Date): string =>
  dateFormat('short', { weekday: 'short', day: 'numeric', month: 'short' }).format(noon(day))

/** `26/11/2026` */
export const dayInFigures = (day: string | Date): string =>
  dateFormat('figures', { day: '2-digit', month: '2-digit', year: 'numeric' }).format(noon(day))

/** `26/11/2026, 10:42` */
export const instant = (at: string | Date): string =>
  dateFormat('instant', {
    day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).format(new Date(at))

// An ISO day means that day wherever it is shown: noon in UTC falls on it in every zone of Europe.
function noon(day: string | Date): Date {
  return typeof day === 'string' && day.length === 10 ? new Date(`${day}T12:00:00Z`) : new Date(day)
}

/** The calendar day of an instant where the visits are: `2026-11-26`. */
export const localDay = (at: string | Date): string =>
  dateFormat('local day', { year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA').format(new Date(at))
