/** The keyboard of every screen: `/` search, `?` keys, j k and arrows in lists, Escape closes what is open. */

type Close = () => void

const open: Close[] = []

/** While a panel is open, Escape closes it, the newest first. Returns how to take it back. */
export function onEscape(close: Close): () => void {
  open.push(close)
  return () => {
    const at = open.indexOf(close)
    if (at >= 0) open.splice(at, 1)
  }
}

export interface KeyActions {
  readonly search: () => void
  readonly help: () => void
}

/** Whether keys belong to what is being written. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'range'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
}

const REMEMBERED = 'fieldapp.single-keys'

/** Whether keys of one letter or sign do something: who dictates or types by accident turns them off (WCAG 2.1.4). */
export const singleKeys = {
  on: (): boolean => localStorage.getItem(REMEMBERED) !== 'off',
  turn: (on: boolean): void => (on ? localStorage.removeItem(REMEMBERED) : localStorage.setItem(REMEMBERED, 'off')),
}

const STEPS: Readonly<Record<string, 1 | -1>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }

export function handleKey(event: KeyboardEvent, actions: KeyActions): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return
  if (event.key === 'Escape') {
    if (document.querySelector('dialog[open]')) return
    if (isWriting(event.target)) (event.target as HTMLElement).blur()
    else open.at(-1)?.()
    return
  }
  if (isWriting(event.target)) return
  if (event.key.length === 1 && !singleKeys.on()) return
  const step = STEPS[event.key]
  if (event.key === '/') actions.search()
  else if (event.key === '?') actions.help()
  else if (step === undefined || !moveInList(step, event.key.startsWith('Arrow'))) return
  event.preventDefault()
}

/**
 * Focus the next row of the list that has the focus, else of the first list on the screen.
 * Arrows outside of a list (`insideOnly`) scroll the page as ever.
 */
function moveInList(step: 1 | -1, insideOnly: boolean): boolean {
  const active = document.activeElement
  const list = active?.closest('[data-list]') ?? (insideOnly ? null : document.querySelector('main [data-list]'))
  if (!list) return false
  const rows = [...list.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.findIndex((row) => row === active || row.closest('tr, li')?.contains(active ?? null))
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step]
  if (!next) return at >= 0
  next.focus()
  next.scrollIntoView({ block: 'nearest' })
  return true
}
