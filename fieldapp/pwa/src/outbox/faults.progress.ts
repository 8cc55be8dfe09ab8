/// <reference types="node" />
/** What a long run says on its way, so that one which is cut tells how far it came. */
import { existsSync, writeSync } from 'node:fs'

const EVERY = 10_000
const STDERR = 2
/** Where a file appears once the run is to end (`scripts/soak_phones.py`). */
const STOP = process.env['FIELDAPP_FAULT_STOP']

export class Progress {
  steps = 0
  #part = 'not begun'
  #until = Infinity
  #told = false
  readonly #began = performance.now()
  readonly #say: (line: string) => void
  readonly #now: () => number
  readonly #isCut: () => boolean

  constructor(
    say: (line: string) => void = (line) => void writeSync(STDERR, `${line}\n`),
    now = (): number => performance.now(),
    isCut = (): boolean => STOP !== undefined && existsSync(STOP),
  ) {
    this.#isCut = isCut
    this.#say = say
    this.#now = now
    this.#began = now()
  }

  /** A part of the run begins from its seed; it has so many seconds, without end where none are given. */
  begin(part: string, seed: number, seconds = Infinity): void {
    this.#part = `${part} ${String(seed)}`
    this.#until = this.#now() + seconds * 1_000
  }

  step(): void {
    this.steps += 1
    if (this.steps % EVERY === 0) this.tell()
  }

  /** Nothing further is begun; what is under way is played to its end and checked. */
  get over(): boolean {
    const cut = this.#isCut()
    if (cut && !this.#told) this.tell(', cut')
    this.#told ||= cut
    return cut || this.#now() >= this.#until
  }

  tell(why = ''): void {
    const seconds = Math.round((this.#now() - this.#began) / 1_000)
    this.#say(`faults: ${this.steps.toLocaleString('en')} steps in ${seconds.toLocaleString('en')} s, ${this.#part}${why}`)
  }
}
