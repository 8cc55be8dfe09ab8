import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PAUSE_MS, steppedTo, whileTyping } from './whileTyping'

interface Asked {
  readonly text: string
  readonly answer: (found: string) => void
}

function aField(): { asked: Asked[]; heard: (string | null)[]; typed: (text: string) => void; stop: () => void } {
  const asked: Asked[] = []
  const heard: (string | null)[] = []
  const ask = (text: string): Promise<string> => new Promise((answer) => asked.push({ text, answer }))
  return { asked, heard, ...whileTyping(ask, (answer) => heard.push(answer)) }
}

const pause = (): Promise<unknown> => vi.advanceTimersByTimeAsync(PAUSE_MS)

describe('proposals while typing', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('asks once for a word that is typed without a pause', async () => {
    const field = aField()

    for (const text of ['v', 'vi', 'via']) field.typed(text)
    await pause()

    expect(field.asked.map((one) => one.text)).toEqual(['via'])
  })

  it('drops an answer that comes after a later one', async () => {
    const field = aField()
    field.typed('via')
    await pause()
    field.typed('via roma')
    await pause()

    field.asked[1]?.answer('VIA ROMA')
    field.asked[0]?.answer('VIA ADDA')
    await pause()

    expect(field.heard).toEqual(['VIA ROMA'])
  })

  it('drops an answer that comes while more is typed', async () => {
    const field = aField()
    field.typed('via')
    await pause()

    field.typed('via r')
    field.asked[0]?.answer('VIA ADDA')
    await pause()

    expect(field.heard).toEqual([])
  })

  it('asks nothing for an empty field and shows nothing at once', async () => {
    const field = aField()
    field.typed('via')
    field.typed('  ')
    await pause()

    expect(field.asked).toEqual([])
    expect(field.heard).toEqual([null])
  })

  it('hears nothing after it was stopped', async () => {
    const field = aField()
    field.typed('via')
    await pause()
    field.stop()
    field.asked[0]?.answer('VIA ADDA')
    await pause()

    expect(field.heard).toEqual([])
  })
})

describe("the list's keys", () => {
  it.each([
    ['ArrowDown', -1, 3, 0],
    ['ArrowDown', 2, 3, -1],
    ['ArrowUp', -1, 3, 2],
    ['ArrowUp', 0, 3, -1],
    ['ArrowDown', -1, 0, null],
    ['Home', 1, 3, null],
    ['a', 1, 3, null],
  ])('%s from %i of %i', (key, at, count, to) => {
    expect(steppedTo(key, at, count)).toBe(to)
  })
})
