/** Messages of the office: what waits to be read, what was read, what was taken back; and how a reading is written. */
import { commit, seal } from '../outbox/envelopes'
import type { Storage } from '../outbox/storage'
import { readItem, type OutboxItem } from './day'
import type { DayBundle, MessageCard } from './shapes'

export interface Read {
  readonly message: MessageCard
  /** Read here, or as the office knows it from another phone of the same agent. */
  readonly at: string
}

export interface Messages {
  readonly waiting: readonly MessageCard[]
  /** The office took them back before they were read; their text is gone. */
  readonly withdrawn: readonly MessageCard[]
  readonly read: readonly Read[]
}

/** When this phone wrote that the message was read; null while it has not. */
export const readHereAt = (messageId: string, items: readonly OutboxItem[]): string | null =>
  items.find((item) => item.kind === 'message_read' && item.state !== 'refused' && item.body.message_id === messageId)?.body.at ?? null

/** A day that an older app has fetched brings none. */
export function messagesOf(bundle: DayBundle | null, items: readonly OutboxItem[]): Messages {
  const all = (bundle?.messages ?? []).map((message) => ({ message, at: readHereAt(message.id, items) ?? message.read_at }))
  const unread = all.filter((one) => one.at === null).map((one) => one.message)
  return {
    waiting: unread.filter((message) => message.withdrawn_at === null),
    withdrawn: unread.filter((message) => message.withdrawn_at !== null),
    read: all.flatMap(({ message, at }) => (at === null ? [] : [{ message, at }])),
  }
}

/** Written once, however often it is tapped and in however many windows; false where it was written before. */
export async function writeReading(storage: Storage, messageId: string, { nowMs, offsetMs }: { nowMs: number; offsetMs: number }): Promise<boolean> {
  return commit(storage, async (counters) => {
    const written = (await storage.ofKind('envelope')).map(readItem)
    if (readHereAt(messageId, written) !== null) return { counters, result: false }
    const sealed = await seal(counters, {
      kind: 'message_read', nowMs, offsetMs, restMs: 0, pictures: [],
      body: { message_id: messageId, at: new Date(nowMs + offsetMs).toISOString() },
    })
    return { counters: sealed.counters, put: [sealed.record], result: true }
  })
}
