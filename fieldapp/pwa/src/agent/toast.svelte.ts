import { t } from '../text'

/** One short sentence about what was just saved, with the way back while there is one. */
interface Said {
  readonly words: string
  readonly undo: (() => void) | null
}

let said = $state.raw<Said | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

export const toast = (): Said | null => said

export function say(words: string, undo: (() => void) | null = null, forMs = undo ? 10_000 : 5_000): void {
  clearTimeout(timer)
  said = { words, undo }
  timer = setTimeout(hush, forMs)
}

/** The same with the way back; whether it came in time is said after it. */
export function sayUndoable(words: string, back: () => Promise<boolean>): void {
  say(words, () => void back().then((done) => {
    say(t(done ? 'common.undone' : 'common.too_late'))
  }))
}

export function hush(): void {
  clearTimeout(timer)
  said = null
}
