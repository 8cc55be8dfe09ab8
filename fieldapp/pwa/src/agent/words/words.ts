/** The phone's catalogues, a chunk for each part of a language; what was chosen on this phone is remembered. */
import { alsoSay, type Language, preferredLanguage, speak, type Words } from '../../text'

/** `first`: until the phone is open; `day`: the work; `refusals`: read when something may be refused. */
export type Part = 'first' | 'day' | 'refusals'

const READERS: Record<Language, Record<Part, () => Promise<{ words: Words }>>> = {
  it: { first: () => import('./it'), day: () => import('./day.it'), refusals: () => import('./refusals.it') },
  en: { first: () => import('./en'), day: () => import('./day.en'), refusals: () => import('./refusals.en') },
  fr: { first: () => import('./fr'), day: () => import('./day.fr'), refusals: () => import('./refusals.fr') },
}
const REMEMBERED = 'agent.language'

const WORKERS_CACHE = 'fieldapp-language'
const WORKERS_LANGUAGE = '/agent/language'

let spoken: Language = 'it'
const asked = new Map<Part, Promise<void>>()

/** Several catalogues as one; a key has one home, so order plays no part. */
export const merge = (catalogues: Readonly<Record<string, Words>> | readonly Words[]): Words =>
  Object.assign({}, ...Object.values(catalogues)) as Words

/** Speak `language`: what is needed first, and whatever was asked for in the language before. */
export async function useLanguage(language: Language): Promise<void> {
  const parts = await Promise.all((['first', ...asked.keys()] as const).map((part) => READERS[language][part]()))
  spoken = language
  speak(language, merge(parts.map(({ words }) => words)))
  document.documentElement.lang = language
}

/** More of what is spoken, once. */
export function also(part: Exclude<Part, 'first'>): Promise<void> {
  const known = asked.get(part)
  if (known) return known
  const language = spoken
  const said = READERS[language][part]().then(async ({ words }) => {
    alsoSay(language === spoken ? words : (await READERS[spoken][part]()).words)
  })
  asked.set(part, said)
  said.catch(() => asked.delete(part))
  return said
}

export async function changeLanguage(language: Language): Promise<void> {
  localStorage.setItem(REMEMBERED, language)
  await useLanguage(language)
  await rememberForWorker(language)
}

/** The service worker reads no local storage, and speaks the phone's language. */
export async function rememberForWorker(language: Language): Promise<void> {
  if ('caches' in globalThis) await (await caches.open(WORKERS_CACHE)).put(WORKERS_LANGUAGE, new Response(language))
}

/** A browser that keeps nothing remembers none. */
function remembered(): string {
  try {
    return localStorage.getItem(REMEMBERED) ?? ''
  } catch {
    return ''
  }
}

export const firstLanguage = (): Language => preferredLanguage([remembered(), ...navigator.languages])
