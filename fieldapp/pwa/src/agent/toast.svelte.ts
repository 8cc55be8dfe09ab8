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

export function hush(): void {
  clearTimeout(timer)
  said = null
}
