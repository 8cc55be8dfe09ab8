/** The phone's catalogues, one chunk a language; what was chosen on this phone is remembered. */
import { alsoSay, type Language, preferredLanguage, speak, type Words } from '../../text'

const READERS: Record<Language, () => Promise<{ words: Words }>> = {
  it: () => import('./it'),
  en: () => import('./en'),
  fr: () => import('./fr'),
}
// Refusals are read when something is refused: they need not hold up the first screen.
const REFUSALS: Record<Language, () => Promise<{ words: Words }>> = {
  it: () => import('./refusals.it'),
  en: () => import('./refusals.en'),
  fr: () => import('./refusals.fr'),
}
const REMEMBERED = 'agent.language'

const WORKERS_CACHE = 'fieldapp-language'
const WORKERS_LANGUAGE = '/agent/language'

/** Several catalogues as one; a key has one home, so order plays no part. */
export const merge = (catalogues: Record<string, Words>): Words =>
  Object.assign({}, ...Object.values(catalogues)) as Words

export async function useLanguage(language: Language): Promise<void> {
  const { words } = await READERS[language]()
  speak(language, words)
  document.documentElement.lang = language
  void REFUSALS[language]().then((refusals) => {
    alsoSay(refusals.words)
  })
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

export const firstLanguage = (): Language =>
  preferredLanguage([localStorage.getItem(REMEMBERED) ?? '', ...navigator.languages])
