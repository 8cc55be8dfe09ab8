/** Addresses of the desk and back: pure, so that a link is a view and a view is a link. */

export const BASE = '/desk/'

export type Place =
  | { readonly name: 'home' }
  | { readonly name: 'practices' }
  | { readonly name: 'practice'; readonly id: string }
  | { readonly name: 'tasks' }
  | { readonly name: 'reviews'; readonly id: string | null }
  | { readonly name: 'refused'; readonly id: string }
  | { readonly name: 'addresses'; readonly id: string | null }
  | { readonly name: 'debtors' }
  | { readonly name: 'imports'; readonly id: string | null }
  | { readonly name: 'day'; readonly day: string | null; readonly view: DayPart }
  | { readonly name: 'outcomes' }
  | { readonly name: 'figures' }
  | { readonly name: 'cash' }
  | { readonly name: 'ledger' }
  | { readonly name: 'terms' }
  | { readonly name: 'rules' }
  | { readonly name: 'licences' }
  | { readonly name: 'staff' }
  | { readonly name: 'house' }
  | { readonly name: 'exchange' }
  | { readonly name: 'devices' }
  | { readonly name: 'audit' }
  | { readonly name: 'clock' }
  | { readonly name: 'nowhere' }

/** The faces of a day: choosing, a plan, what was published, two plans side by side. */
export type DayPart =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'plan'; readonly id: string }
  | { readonly kind: 'published' }
  | { readonly kind: 'compare'; readonly first: string | null; readonly second: string | null }

const PREPARE: DayPart = { kind: 'prepare' }
const PUBLISHED: DayPart = { kind: 'published' }
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Which place a path names; `nowhere` when none. */
export function readPath(path: string): Place {
  const [first, second, third, fourth, ...rest] = path.slice(BASE.length).split('/').filter(Boolean).map(decodeURIComponent)
  if (rest.length > 0) return { name: 'nowhere' }
  const plain = (place: Place): Place => (second === undefined ? place : { name: 'nowhere' })
  switch (first) {
    case undefined:
      return { name: 'home' }
    case 'pratiche':
      if (third !== undefined) return { name: 'nowhere' }
      return second === undefined ? { name: 'practices' } : { name: 'practice', id: second }
    case 'attivita':
      return plain({ name: 'tasks' })
    case 'rapporti':
      return third === undefined ? { name: 'reviews', id: second ?? null } : { name: 'nowhere' }
    case 'rifiutati':
      return second !== undefined && third === undefined ? { name: 'refused', id: second } : { name: 'nowhere' }
    case 'indirizzi':
      return third === undefined ? { name: 'addresses', id: second ?? null } : { name: 'nowhere' }
    case 'debitori':
      return plain({ name: 'debtors' })
    case 'importazioni':
      return third === undefined ? { name: 'imports', id: second ?? null } : { name: 'nowhere' }
    case 'giorno':
      return readDay(second, third, fourth)
    case 'esiti':
      return plain({ name: 'outcomes' })
    case 'andamento':
      return plain({ name: 'figures' })
    case 'cassa':
      return plain({ name: 'cash' })
    case 'conti':
      return plain({ name: 'ledger' })
    case 'condizioni':
      return plain({ name: 'terms' })
    case 'regole':
      return plain({ name: 'rules' })
    case 'licenze':
      return plain({ name: 'licences' })
    case 'agenzia':
      return plain({ name: 'house' })
    case 'persone':
      return plain({ name: 'staff' })
    case 'collegamenti':
      return plain({ name: 'exchange' })
    case 'dispositivi':
      return plain({ name: 'devices' })
    case 'registro':
      return plain({ name: 'audit' })
    case 'orologio':
      return plain({ name: 'clock' })
    default:
      return { name: 'nowhere' }
  }
}

function readDay(day: string | undefined, part: string | undefined, id: string | undefined): Place {
  if (day === undefined) return { name: 'day', day: null, view: PREPARE }
  if (!DAY.test(day)) return { name: 'nowhere' }
  if (part === undefined) return { name: 'day', day, view: PREPARE }
  if (part === 'pubblicato' && id === undefined) return { name: 'day', day, view: PUBLISHED }
  if (part === 'piano' && id !== undefined) return { name: 'day', day, view: { kind: 'plan', id } }
  if (part === 'confronto') {
    if (id === undefined) return { name: 'day', day, view: { kind: 'compare', first: null, second: null } }
    const [first, second, ...more] = id.split('~')
    if (first && second && more.length === 0) return { name: 'day', day, view: { kind: 'compare', first, second } }
  }
  return { name: 'nowhere' }
}

/** The path of a place; `readPath` gives the place back. */
export function writePath(place: Place): string {
  switch (place.name) {
    case 'home':
    case 'nowhere':
      return BASE
    case 'practices':
      return `${BASE}pratiche`
    case 'practice':
      return `${BASE}pratiche/${encodeURIComponent(place.id)}`
    case 'tasks':
      return `${BASE}attivita`
    case 'reviews':
      return `${BASE}rapporti${place.id === null ? '' : `/${encodeURIComponent(place.id)}`}`
    case 'refused':
      return `${BASE}rifiutati/${encodeURIComponent(place.id)}`
    case 'addresses':
      return `${BASE}indirizzi${place.id === null ? '' : `/${encodeURIComponent(place.id)}`}`
    case 'debtors':
      return `${BASE}debitori`
    case 'imports':
      return `${BASE}importazioni${place.id === null ? '' : `/${encodeURIComponent(place.id)}`}`
    case 'day':
      return writeDay(place.day, place.view)
    case 'outcomes':
      return `${BASE}esiti`
    case 'figures':
      return `${BASE}andamento`
    case 'cash':
      return `${BASE}cassa`
    case 'ledger':
      return `${BASE}conti`
    case 'terms':
      return `${BASE}condizioni`
    case 'rules':
      return `${BASE}regole`
    case 'licences':
      return `${BASE}licenze`
    case 'house':
      return `${BASE}agenzia`
    case 'staff':
      return `${BASE}persone`
    case 'exchange':
      return `${BASE}collegamenti`
    case 'devices':
      return `${BASE}dispositivi`
    case 'audit':
      return `${BASE}registro`
    case 'clock':
      return `${BASE}orologio`
  }
}

function writeDay(day: string | null, view: DayPart): string {
  if (day === null) return `${BASE}giorno`
  switch (view.kind) {
    case 'prepare':
      return `${BASE}giorno/${day}`
    case 'plan':
      return `${BASE}giorno/${day}/piano/${encodeURIComponent(view.id)}`
    case 'published':
      return `${BASE}giorno/${day}/pubblicato`
    case 'compare':
      return `${BASE}giorno/${day}/confronto${view.first && view.second ? `/${encodeURIComponent(`${view.first}~${view.second}`)}` : ''}`
  }
}

/** Filters of a list as they stand in the address: only those that say something. */
export function writeFilters(filters: Readonly<Record<string, string | null | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** The filters of an address by name; of a repeated one the last. */
export const readFilters = (search: string): ReadonlyMap<string, string> => new Map(new URLSearchParams(search))

/** Filters that stay chosen wherever a view is opened again, until they are chosen otherwise: what of the board is shown. */
const LASTING: Partial<Record<Place['name'], readonly string[]>> = { day: ['squadra', 'mappa', 'linea'] }

/** Those filters of a view that stay chosen; null: it has none. */
export function lastingOf(name: Place['name'], filters: ReadonlyMap<string, string>): Readonly<Record<string, string | null>> | null {
  const lasting = LASTING[name]
  return lasting ? Object.fromEntries(lasting.map((one) => [one, filters.get(one) ?? null])) : null
}

/** One filter whose value must be among the known ones; anything else counts as not set. */
export function oneOf<T extends string>(value: string | null | undefined, known: readonly T[]): T | null {
  return known.find((one) => one === value) ?? null
}

/** The day `n` calendar days after `day` (both `2026-11-26`). */
export function dayAfter(day: string, n: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)
}
