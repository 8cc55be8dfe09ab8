/** What an app keeps in reach above everything: sheets show it in their corner, as they cover the page. */
import { getContext, setContext, type Component } from 'svelte'

const CORNER = Symbol('corner')

export const keepInCorner = (what: Component): Component => setContext(CORNER, what)

export const corner = (): Component | undefined => getContext<Component | undefined>(CORNER)
