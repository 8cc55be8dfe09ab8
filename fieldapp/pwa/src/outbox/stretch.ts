/** Argon2id itself; both the worker and a page without workers come here. */
import { argon2id } from 'hash-wasm'
import type { Cost } from './storage'

export const stretch = (pin: string, salt: Uint8Array<ArrayBuffer>, { memory_kib, passes }: Cost): Promise<Uint8Array> =>
  argon2id({ password: pin, salt, parallelism: 1, iterations: passes, memorySize: memory_kib, hashLength: 32, outputType: 'binary' })
