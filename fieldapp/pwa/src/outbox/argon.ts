/** Argon2id, loaded when a PIN is typed: it is no part of the first screen. */
import { argon2id } from 'hash-wasm'
import type { Cost } from './storage'

/** 32 bytes that cost whoever guesses as much as they cost us. */
export const stretch = (pin: string, salt: Uint8Array<ArrayBuffer>, { memory_kib, passes }: Cost): Promise<Uint8Array> =>
  argon2id({ password: pin, salt, parallelism: 1, iterations: passes, memorySize: memory_kib, hashLength: 32, outputType: 'binary' })
