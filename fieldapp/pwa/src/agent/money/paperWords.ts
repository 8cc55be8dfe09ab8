/** The creditor's own template, else the house's; always Italian, for it is the debtor's paper. */
import { phone } from '../phone.svelte'
import type { StopCard } from '../shapes'

export function paperWords({ practice }: StopCard): Readonly<Record<string, string>> {
  const templates = (phone.bundle?.paper_words ?? {}) as Readonly<Record<string, Readonly<Record<string, string>>>>
  return templates[`${practice.creditor.id}.it`] ?? templates[practice.creditor.id] ?? templates['default.it'] ?? {}
}
