/**
 * Runs `work` a moment after it is asked for, once for all who ask meanwhile and never twice at once: facts come in
 * swarms, and what is read for one of them holds for all that came before.
 */
export function gathered(work: () => Promise<void>, after_ms: number): { readonly ask: () => void; readonly end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let [busy, again, over] = [false, false, false]
  const soon = (): void => {
    timer ??= setTimeout(() => void run(), after_ms)
  }
  async function run(): Promise<void> {
    timer = undefined
    busy = true
    await work()
    busy = false
    if (again && !over) soon()
    again = false
  }
  return {
    ask: () => {
      if (busy) again = true
      else soon()
    },
    end: () => {
      over = true
      clearTimeout(timer)
    },
  }
}
