/**
 * The debtor's page: one sentence about the receipt or the agreement whose code was scanned, and the few facts of the paper.
 *
 * The proof stands behind the `#` and goes to our own service in a request's body, so that no address that is logged
 * anywhere holds it. Nothing is stored. No framework: an old phone shows it in a second.
 */
import english from '../text/public.en.json'
import french from '../text/public.fr.json'
import italian from '../text/public.it.json'
import type { components } from '../api/contract'
import { centsOf, describe, moneyIn, type View } from './view.ts'

type Check = components['schemas']['ReceiptCheck']
type Language = 'it' | 'en' | 'fr'

const WORDS: Record<Language, Record<string, string>> = { it: italian, en: english, fr: french }
const NAMES: Record<Language, string> = { it: 'Italiano', en: 'English', fr: 'Français' }
const LOCALES: Record<Language, string> = { it: 'it-IT', en: 'en-GB', fr: 'fr-FR' }
const PATIENCE_MS = 15_000

let language = firstLanguage()
let view: View = { kind: 'asking' }
let demo = false
const page = document.getElementById('page')

function firstLanguage(): Language {
  for (const tag of navigator.languages) {
    const start = tag.slice(0, 2).toLowerCase()
    if (start === 'it' || start === 'en' || start === 'fr') return start
  }
  return 'it'
}

async function ask(amount = ''): Promise<void> {
  const proof = location.hash.slice(1) + amount
  show(proof === '' ? { kind: 'empty' } : { kind: 'asking' })
  if (proof === '') return
  const giveUp = new AbortController()
  const timer = setTimeout(() => { giveUp.abort() }, PATIENCE_MS)
  try {
    const answer = await fetch('/api/v1/public/receipts/check', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ proof }),
      credentials: 'omit',
      signal: giveUp.signal,
    })
    show(await viewOf(answer, /^3\.|^2\.([^.]+\.){2}/.test(proof)))
  } catch {
    show({ kind: 'later' })
  } finally {
    clearTimeout(timer)
  }
}

async function viewOf(answer: Response, agreement: boolean): Promise<View> {
  if (answer.status === 429) return { kind: 'busy' }
  // Too long or malformed: it is no receipt of ours.
  if (answer.status === 413 || answer.status === 422) return { kind: 'checked', agreement, check: { state: 'unknown', paper: null, phone_withdrawn: false } }
  if (!answer.ok) return { kind: 'later' }
  return { kind: 'checked', agreement, check: (await answer.json()) as Check }
}

function show(next: View): void {
  view = next
  if (!page) return
  const words = WORDS[language]
  const say = (key: string): string => words[key] ?? key
  document.documentElement.lang = language
  document.title = say('title')
  const shown = describe(view, say, {
    money: (cents) => moneyIn(LOCALES[language], cents),
    moment: (at) => new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Europe/Rome' }).format(new Date(at)),
  })
  page.className = shown.tone
  page.replaceChildren(
    ...(demo ? [element('p', { className: 'demo', textContent: say('demo') })] : []),
    languages(),
    element('span', { className: 'mark', textContent: shown.mark, ariaHidden: 'true' }),
    element('h1', { textContent: shown.title }),
    ...shown.words.map((text) => element('p', { textContent: text })),
    ...(shown.facts.length > 0 ? [facts(shown.facts)] : []),
    ...(shown.compare ? [compare(say)] : []),
    ...(shown.call ? [element('a', { className: 'act', href: `tel:${shown.call.number}`, textContent: shown.call.words })] : []),
    ...(shown.again ? [again(say('again'))] : []),
    element('p', { className: 'small', textContent: say('privacy') }),
  )
}

/** Where all is invented, a paper is too: the page says so as every other screen does. */
async function askWhetherDemo(): Promise<void> {
  try {
    const answer = await fetch('/api/v1/clock', { credentials: 'omit' })
    demo = answer.ok && ((await answer.json()) as components['schemas']['ClockReading']).demo
  } catch {
    return
  }
  if (demo) show(view)
}

function languages(): HTMLElement {
  const row = element('div', { className: 'languages' })
  for (const each of Object.keys(NAMES) as Language[]) {
    const button = element('button', { type: 'button', textContent: NAMES[each], lang: each })
    button.setAttribute('aria-pressed', String(each === language))
    button.addEventListener('click', () => {
      language = each
      show(view)
    })
    row.append(button)
  }
  return row
}

function facts(rows: readonly { label: string; text: string; sum: boolean }[]): HTMLElement {
  const list = element('dl', {})
  for (const { label, text, sum } of rows) {
    const row = element('div', {})
    row.append(element('dt', { textContent: label }), element('dd', { textContent: text, className: sum ? 'sum' : '' }))
    list.append(row)
  }
  return list
}

/** The amount goes with the question and is kept nowhere. */
function compare(say: (key: string) => string): HTMLElement {
  const form = element('form', {})
  const label = element('label', { textContent: say('registered.ask') })
  const input = element('input', { inputMode: 'decimal', autocomplete: 'off', required: true })
  label.append(input)
  form.append(label, element('button', { className: 'act', textContent: say('registered.compare') }))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const cents = centsOf(input.value)
    if (cents === null) input.select()
    else void ask(`.${String(cents)}`)
  })
  return form
}

function again(words: string): HTMLElement {
  const button = element('button', { type: 'button', className: 'act', textContent: words })
  button.addEventListener('click', () => void ask())
  return button
}

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag, properties: Partial<HTMLElementTagNameMap[Tag]>,
): HTMLElementTagNameMap[Tag] {
  return Object.assign(document.createElement(tag), properties)
}

addEventListener('hashchange', () => void ask())
void ask()
void askWhetherDemo()
