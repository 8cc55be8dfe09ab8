/** Where the person is: the browser's address as state, and the ways to move. */
import { lastingOf, type Place, readFilters, readPath, writeFilters, writePath } from './route'

class Here {
  path = $state(location.pathname)
  /** What stands behind the `?`, as it was written. */
  search = $state(location.search)
  readonly query: ReadonlyMap<string, string> = $derived(readFilters(this.search))
  readonly place: Place = $derived(readPath(this.path))

  /** Filters that stay chosen, by the name of their view. */
  readonly #lasting = new Map<string, Readonly<Record<string, string | null>>>()

  constructor() {
    this.#remember()
    window.addEventListener('popstate', () => this.#read())
  }

  /** Go to a place as a new step of the history. */
  go(place: Place, filters: Record<string, string | null | undefined> = {}): void {
    history.pushState(null, '', writePath(place) + writeFilters({ ...this.#lasting.get(place.name), ...filters }))
    this.#read()
    window.scrollTo(0, 0)
  }

  /** Change filters of the present view without a new step of the history. */
  filter(filters: Record<string, string | null | undefined>): void {
    const all = { ...Object.fromEntries(this.query), ...filters }
    history.replaceState(null, '', this.path + writeFilters(all))
    this.#read()
  }

  #read(): void {
    this.path = location.pathname
    this.search = location.search
    this.#remember()
  }

  #remember(): void {
    const lasting = lastingOf(this.place.name, this.query)
    if (lasting) this.#lasting.set(this.place.name, lasting)
  }
}

export const here = new Here()

/** Links inside the desk move without loading the page anew; every other click is the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
  const anchor = event.target instanceof Element ? event.target.closest('a') : null
  if (!anchor || anchor.target || anchor.hasAttribute('download') || anchor.origin !== location.origin) return
  if (!anchor.pathname.startsWith('/desk/')) return
  const place = readPath(anchor.pathname)
  if (place.name === 'nowhere') return
  event.preventDefault()
  here.go(place, Object.fromEntries(readFilters(anchor.search)))
}
