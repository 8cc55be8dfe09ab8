/** Proposals while somebody types: asked after a pause, only the latest question's answer counts; and the list's keys. */

export const PAUSE_MS = 120

export interface Typing {
  /** What stands in the field now; an empty text is answered with nothing at once. */
  typed: (text: string) => void
  /** Whatever is still asked is not waited for any more. */
  stop: () => void
}

/** `heard` is called with the answer to the text that was typed last, and with no other. */
export function whileTyping<T>(ask: (text: string) => Promise<T>, heard: (answer: T | null) => void): Typing {
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    turn += 1
    clearTimeout(timer)
  }
  return {
    stop,
    typed: (text) => {
      stop()
      const mine = turn
      if (text.trim() === '') {
        heard(null)
        return
      }
      timer = setTimeout(() => {
        void ask(text).then((answer) => {
          if (mine === turn) heard(answer)
        })
      }, PAUSE_MS)
    },
  }
}

/** Which of `count` options a key leads to from `at` (-1: none, the cursor is in the field); null: no key of the list. */
export function steppedTo(key: string, at: number, count: number): number | null {
  if (count === 0) return null
  if (key === 'ArrowDown') return at + 1 < count ? at + 1 : -1
  if (key === 'ArrowUp') return at < 0 ? count - 1 : at - 1
  return null
}
