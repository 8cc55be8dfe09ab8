// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { handleKey, onEscape, singleKeys } from './keys'

const actions = { search: vi.fn(), help: vi.fn() }
const press = (key: string, target: Element = document.body): KeyboardEvent => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
  target.addEventListener('keydown', (heard) => handleKey(heard as KeyboardEvent, actions), { once: true })
  target.dispatchEvent(event)
  return event
}
const focused = (): string => document.activeElement?.textContent ?? ''

describe('the keyboard of the desk', () => {
  beforeEach(() => {
    vi.clearAllMocks()
    Element.prototype.scrollIntoView = () => undefined
    document.body.innerHTML = '<main><ul data-list><li><a href="#1" data-row>uno</a></li><li><a href="#2" data-row>due</a></li></ul><input id="field" /></main>'
  })
  afterEach(() => (document.body.innerHTML = ''))

  it('goes to the search and to the help', () => {
    expect(press('/').defaultPrevented).toBe(true)
    press('?')

    expect(actions.search).toHaveBeenCalledOnce()
    expect(actions.help).toHaveBeenCalledOnce()
  })

  it('leaves what is being written alone', () => {
    const field = document.querySelector('#field') as HTMLInputElement

    expect(press('j', field).defaultPrevented).toBe(false)
    press('/', field)

    expect(actions.search).not.toHaveBeenCalled()
  })

  it('leaves keys of one sign alone once they are turned off, but not arrows and Escape', () => {
    const close = vi.fn()
    const takeBack = onEscape(close)
    singleKeys.turn(false)

    expect(press('/').defaultPrevented).toBe(false)
    expect(press('j').defaultPrevented).toBe(false)
    document.querySelector<HTMLElement>('[data-row]')?.focus()
    press('ArrowDown')
    press('Escape')

    expect(actions.search).not.toHaveBeenCalled()
    expect(focused()).toBe('due')
    expect(close).toHaveBeenCalledOnce()
    takeBack()
    singleKeys.turn(true)
    press('/')
    expect(actions.search).toHaveBeenCalledOnce()
  })

  it('walks through a list and stays at its end', () => {
    press('j')
    expect(focused()).toBe('uno')
    press('j')
    press('j')
    expect(focused()).toBe('due')
    press('k')
    expect(focused()).toBe('uno')
  })

  it('scrolls with arrows outside of a list, and walks with them inside', () => {
    expect(press('ArrowDown').defaultPrevented).toBe(false)
    press('j')
    press('ArrowDown')

    expect(focused()).toBe('due')
  })

  it('closes the newest open thing with Escape', () => {
    const closed: string[] = []
    const takeBack = onEscape(() => closed.push('page'))
    const panel = onEscape(() => closed.push('panel'))

    press('Escape')
    panel()
    press('Escape')
    takeBack()
    press('Escape')

    expect(closed).toEqual(['panel', 'page'])
  })
})
