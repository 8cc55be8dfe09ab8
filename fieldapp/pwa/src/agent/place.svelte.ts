/** Where in the app we are, held in the address after `#` so that a reload or a crash comes back to the same page. */

export type Place =
  | { readonly kind: 'today' | 'map' | 'purse' | 'sending' | 'more' | 'order' | 'end' | 'safe' | 'paper' | 'outside' }
  | { readonly kind: 'visit'; readonly stopId: string }

const NAMES = { oggi: 'today', mappa: 'map', cassa: 'purse', invio: 'sending', telefono: 'more', ordine: 'order', giornata: 'end', sicurezza: 'safe', foglio: 'paper', fuori: 'outside' } as const
type Name = keyof typeof NAMES

export function read(hash: string): Place {
  const [name = '', id = ''] = hash.replace(/^#\/?/, '').split('/')
  if (name === 'visita' && id) return { kind: 'visit', stopId: id }
  return { kind: name in NAMES ? NAMES[name as Name] : 'today' }
}

export function write(place: Place): string {
  if (place.kind === 'visit') return `#/visita/${place.stopId}`
  const name = Object.entries(NAMES).find(([, kind]) => kind === place.kind)?.[0] ?? 'oggi'
  return `#/${name}`
}

let current = $state<Place>({ kind: 'today' })

export const here = (): Place => current

export function go(place: Place): void {
  location.hash = write(place)
}

export function followAddress(): void {
  const follow = (): void => {
    current = read(location.hash)
    scrollTo(0, 0)
  }
  follow()
  addEventListener('hashchange', follow)
}
