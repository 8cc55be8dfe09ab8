/** Addresses and people by name, as others may read them. Pure, and all that the day needs before it is on the screen. */
import type { AddressCard, StopCard } from './shapes'

/** Street and number as people say them, the comune apart. */
export const streetOf = (address: AddressCard): string =>
  readable([address.street, address.house_number].filter(Boolean).join(' ') || address.text)

const SMALL = new Set(['di', 'del', 'dello', 'della', 'dei', 'degli', 'delle', 'da', 'dal', 'e', 'in', 'a', 'al', 'alla', 'd', 'dell'])

/** Of kings and days: `VITTORIO EMANUELE II`, `XX SETTEMBRE`. */
const NUMERAL = /^[ivx]{2,}$/

/** Registers write in capitals; people read faster without. */
function readable(text: string): string {
  if (text !== text.toUpperCase()) return text
  return text.toLowerCase().replace(/\p{L}+/gu, (word, at: number) =>
    at > 0 && SMALL.has(word) ? word : NUMERAL.test(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
  )
}

export const nameInPublic = (stop: StopCard): string => {
  const obligor = stop.practice.obligors.find((known) => known.role === 'debtor') ?? stop.practice.obligors[0]
  return obligor?.kind === 'firm' ? obligor.name : shortName(obligor?.name ?? '', obligor?.tax_code ?? null)
}

/**
 * A family name without the rest, for a screen that others can see: `Bianchi M.`
 *
 * Files write surnames before or after; the tax code begins with the surname's letters and settles it. Without one the
 * surname is taken to stand first, as registers write it.
 */
export function shortName(name: string, taxCode: string | null): string {
  const words = name.trim().split(/\s+/)
  if (words.length < 2) return name
  const wanted = taxCode?.slice(0, 3).toUpperCase()
  for (let cut = 1; cut < words.length; cut += 1) {
    const [head, tail] = [words.slice(0, cut), words.slice(cut)]
    if (surnameLetters(head.join('')) === wanted) return `${head.join(' ')} ${(tail[0] ?? '').charAt(0)}.`
    if (surnameLetters(tail.join('')) === wanted) return `${tail.join(' ')} ${(head[0] ?? '').charAt(0)}.`
  }
  return `${words[0] ?? ''} ${(words[1] ?? '').charAt(0)}.`
}

/** The first three letters of a tax code: consonants, then vowels, then X. */
function surnameLetters(surname: string): string {
  const letters = surname.normalize('NFD').toUpperCase().replace(/[^A-Z]/g, '')
  const vowels = letters.replace(/[^AEIOU]/g, '')
  return `${letters.replace(/[AEIOU]/g, '')}${vowels}XXX`.slice(0, 3)
}
