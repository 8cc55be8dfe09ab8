/** Which of the doors on this phone a sheet of the paper pad was written at. Pure. */
import { debtorOf } from '../describe'
import { streetOf } from '../naming'
import type { StopCard } from '../shapes'

/** More doors than this are searched. */
export const MANY = 6

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** The doors whose street, comune or name hold all the words sought; the name is not shown for it. */
export function doorsLike(stops: readonly StopCard[], sought: string): readonly StopCard[] {
  const words = plain(sought).split(/\s+/).filter(Boolean)
  return stops.filter((stop) => {
    const said = plain(`${streetOf(stop.address)} ${stop.address.comune} ${debtorOf(stop.practice)} ${stop.practice.practice_number}`)
    return words.every((word) => said.includes(word))
  })
}
