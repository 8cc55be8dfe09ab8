import { describe, expect, it } from 'vitest'
import { between, choose, chosenOf, FOUND, isChosen, NOTHING } from './selection'

describe('what is chosen of a list', () => {
  it('grows and shrinks by hand, a page at once too', () => {
    const page = choose(NOTHING, ['a', 'b', 'c'], true)

    expect(chosenOf(page, 20_000)).toBe(3)
    expect(chosenOf(choose(page, ['b'], false), 20_000)).toBe(2)
    expect(isChosen(choose(page, ['b'], false), 'b')).toBe(false)
  })

  it('is all that the filter finds but those taken out, whatever is on the screen', () => {
    const all = choose(FOUND, ['b', 'c'], false)

    expect(chosenOf(all, 20_000)).toBe(19_998)
    expect(isChosen(all, 'never-seen')).toBe(true)
    expect(isChosen(choose(all, ['c'], true), 'c')).toBe(true)
    expect(chosenOf(choose(all, ['c'], true), 20_000)).toBe(19_999)
  })

  it('counts nothing below zero where what was found has gone', () => {
    expect(chosenOf(choose(FOUND, ['a', 'b'], false), 1)).toBe(0)
  })

  it('reaches from the row last touched to this one, either way', () => {
    const rows = ['a', 'b', 'c', 'd']

    expect(between(rows, 'b', 'd')).toEqual(['b', 'c', 'd'])
    expect(between(rows, 'd', 'b')).toEqual(['b', 'c', 'd'])
    expect(between(rows, null, 'c')).toEqual(['c'])
    expect(between(rows, 'gone', 'c')).toEqual(['c'])
  })
})
