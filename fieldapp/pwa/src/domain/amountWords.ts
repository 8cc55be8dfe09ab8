/** Amounts in Italian words, as receipts and cheques spell them: `centocinquanta/00`. The twin of `amount_words.py`. */
import { Refused } from './reading.ts'

const LARGEST_CENTS = 99_999_999_999
const SMALL = [
  'zero', 'uno', 'due', 'tre', 'quattro', 'cinque', 'sei', 'sette', 'otto', 'nove', 'dieci', 'undici', 'dodici',
  'tredici', 'quattordici', 'quindici', 'sedici', 'diciassette', 'diciotto', 'diciannove',
]
const TENS = ['', '', 'venti', 'trenta', 'quaranta', 'cinquanta', 'sessanta', 'settanta', 'ottanta', 'novanta']

/** `15000` as `centocinquanta/00`. Throws `paper.amount_not_spellable` outside 0 to 999.999.999,99. */
export function italianWords(cents: number): string {
  if (!Number.isSafeInteger(cents) || cents < 0 || cents > LARGEST_CENTS) {
    throw new Refused('paper.amount_not_spellable', { cents })
  }
  return `${accented(wholeWords(Math.trunc(cents / 100)))}/${String(cents % 100).padStart(2, '0')}`
}

// "tre" alone carries no accent, every compound that ends in it does.
const accented = (words: string): string => (words !== 'tre' ? words.replace(/tre$/, 'tré') : words)

function wholeWords(number: number): string {
  const millions = Math.trunc(number / 1_000_000)
  const thousands = Math.trunc(number / 1000) % 1000
  const units = number % 1000
  const head = millions === 0 ? '' : millions === 1 ? 'unmilione' : `${hundredsWords(millions)}milioni`
  const middle = thousands === 0 ? '' : thousands === 1 ? 'mille' : `${hundredsWords(thousands)}mila`
  return head + middle + (units > 0 || number === 0 ? hundredsWords(units) : '')
}

function hundredsWords(number: number): string {
  const hundreds = Math.trunc(number / 100)
  const rest = number % 100
  if (hundreds === 0) return tensWords(rest)
  const head = hundreds === 1 ? 'cento' : `${word(SMALL, hundreds)}cento`
  const tail = rest > 0 ? tensWords(rest) : ''
  // centotto, centottanta; but centouno, centoundici.
  return tail.startsWith('o') ? head.slice(0, -1) + tail : head + tail
}

function tensWords(number: number): string {
  if (number < SMALL.length) return word(SMALL, number)
  const ten = word(TENS, Math.trunc(number / 10))
  const units = number % 10
  if (units === 0) return ten
  // ventuno, ventotto: the ten gives up its last vowel before another.
  return (units === 1 || units === 8 ? ten.slice(0, -1) : ten) + word(SMALL, units)
}

const word = (words: readonly string[], at: number): string => words[at] ?? ''
