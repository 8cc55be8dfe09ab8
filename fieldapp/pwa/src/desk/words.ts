/** The desk's catalogues, one chunk a language: screens, outcomes and all refusals merged. */
import { askIn } from '../api/service'
import { type Language, preferredLanguage, speak, type Words } from '../text'

type Catalogues = Record<string, Words>

const READERS: Record<Language, () => Promise<{ words: Words }>> = {
  it: () => import('./words.it'),
  en: () => import('./words.en'),
  fr: () => import('./words.fr'),
}
const REMEMBERED = 'desk.language'

/** Several catalogues as one; codes of refusals stand under `refusal.`, so that no screen's key can meet one. */
export function merge(screens: Catalogues, refusals: Catalogues): Words {
  const codes = Object.values(refusals).flatMap((words) => Object.entries(words))
  return Object.assign({}, ...Object.values(screens), Object.fromEntries(codes.map(([code, words]) => [`refusal.${code}`, words]))) as Words
}

/** Load `language` and speak it from now on; sentences that it lacks stay Italian. */
export async function useLanguage(language: Language): Promise<void> {
  const [italian, wanted] = await Promise.all([READERS.it(), READERS[language]()])
  speak(language, { ...italian.words, ...wanted.words })
  askIn(language)
  document.documentElement.lang = language
}

export async function changeLanguage(language: Language): Promise<void> {
  localStorage.setItem(REMEMBERED, language)
  await useLanguage(language)
}

/** What was chosen on this machine, else what the browser asks for. */
export const firstLanguage = (): Language =>
  preferredLanguage([localStorage.getItem(REMEMBERED) ?? '', ...navigator.languages])
