/** Which practices of a list are chosen: some by hand, or all that the filter finds but a few. */

export type Selection =
  | { readonly kind: 'some'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'found'; readonly except: ReadonlySet<string> }

export const NOTHING: Selection = { kind: 'some', ids: new Set() }

/** All that the filter finds, whether it is on the screen or not. */
export const FOUND: Selection = { kind: 'found', except: new Set() }

export const isChosen = (selection: Selection, id: string): boolean =>
  selection.kind === 'some' ? selection.ids.has(id) : !selection.except.has(id)

/** With these chosen or not; what else is chosen stays so. */
export function choose(selection: Selection, ids: readonly string[], chosen: boolean): Selection {
  const set = new Set(selection.kind === 'some' ? selection.ids : selection.except)
  for (const id of ids) {
    if (chosen === (selection.kind === 'some')) set.add(id)
    else set.delete(id)
  }
  return selection.kind === 'some' ? { kind: 'some', ids: set } : { kind: 'found', except: set }
}

/** How many are chosen of `total` found. */
export const chosenOf = (selection: Selection, total: number): number =>
  selection.kind === 'some' ? selection.ids.size : Math.max(0, total - selection.except.size)

/** The rows from the one last touched to this one, in the order of the screen. */
export function between(ids: readonly string[], from: string | null, to: string): readonly string[] {
  const [a, b] = [from === null ? -1 : ids.indexOf(from), ids.indexOf(to)]
  return a < 0 || b < 0 ? [to] : ids.slice(Math.min(a, b), Math.max(a, b) + 1)
}
