/** Questions of the office about reports: what waits for an answer, what was taken back; and how an answer is written. */
import type { Field } from '../domain/outcomes.ts'
import { outcomeOf } from '../domain/outcomes.ts'
import { commit, seal } from '../outbox/envelopes'
import { fromBytes, toBytes, type Storage, type StoredRecord } from '../outbox/storage'
import { readItem, type OutboxItem } from './day'
import type { DayBundle, QuestionCard } from './shapes'

export interface Questions {
  readonly waiting: readonly QuestionCard[]
  /** The office took them back before they were answered; their text is gone. */
  readonly withdrawn: readonly QuestionCard[]
}

/** What is put right in a report; the first report stays. */
export interface Changes {
  readonly observations?: readonly string[]
  readonly role?: string
  readonly captured?: Readonly<Record<string, string | null>>
}

export interface Answer {
  readonly text: string
  readonly changes: Changes
}

const answeredHere = (questionId: string, items: readonly OutboxItem[]): boolean =>
  items.some((item) => item.kind === 'visit_answer' && item.state !== 'refused' && item.body.question_id === questionId)

/** A day that an older app has fetched brings none. */
export function questionsOf(bundle: DayBundle | null, items: readonly OutboxItem[]): Questions {
  const open = (bundle?.questions ?? []).filter((question) => !answeredHere(question.id, items))
  return {
    waiting: open.filter((question) => question.withdrawn_at === null),
    withdrawn: open.filter((question) => question.withdrawn_at !== null),
  }
}

/** What an agent has put into the form of an answer; a captured field that was emptied holds ''. */
export interface Typed {
  readonly text: string
  readonly observations: readonly string[]
  readonly role: string | null
  readonly captured: Readonly<Record<string, string>>
}

export const typedFor = ({ visit }: QuestionCard): Typed => ({
  text: '', observations: visit.observations, role: visit.role, captured: { ...visit.captured },
})

const BEGUN = 'typed:answer:'

/** An answer as typed so far. Sealed like a day's cases, and no day: nothing else asks for it by this state. */
const begunRecord = (questionId: string, typed: Typed): StoredRecord => ({
  key: `${BEGUN}${questionId}`, kind: 'day', state: 'typed', seq: 0, bytes: toBytes(typed),
})

/** So that a reload or a lock in the middle of an answer costs nothing. */
export const keepBegun = async (storage: Storage, questionId: string, typed: Typed): Promise<void> =>
  void (await storage.write({ put: [begunRecord(questionId, typed)] }))

/** The answer that was begun to this question, or one to begin. */
export async function begunFor(storage: Storage, question: QuestionCard): Promise<Typed> {
  const record = await storage.get(`${BEGUN}${question.id}`)
  return record ? { ...typedFor(question), ...fromBytes<Typed>(record.bytes) } : typedFor(question)
}

/** To which questions an answer was begun. */
export const begunTo = async (storage: Storage): Promise<ReadonlySet<string>> =>
  new Set((await storage.keysOf('day', 'typed')).filter((key) => key.startsWith(BEGUN)).map((key) => key.slice(BEGUN.length)))

/** Answers to questions that the office no longer asks. */
export async function forgetBegun(storage: Storage, { questions }: Pick<DayBundle, 'questions'>): Promise<void> {
  const asked = new Set((questions as readonly QuestionCard[] | undefined ?? []).filter(({ withdrawn_at }) => withdrawn_at === null).map(({ id }) => id))
  const remove = [...(await begunTo(storage))].filter((id) => !asked.has(id)).map((id) => `${BEGUN}${id}`)
  if (remove.length) await storage.write({ remove })
}

/** The fields of the outcome's form that may be corrected, in its order. */
export const correctableFields = ({ visit }: QuestionCard): readonly Field[] =>
  outcomeOf(visit.outcome)?.fields.filter((field) => visit.correctable.includes(field.name)) ?? []

/** Only what differs from the report as it stands. */
export function changesOf(question: QuestionCard, typed: Typed): Changes {
  const { visit } = question
  const captured = Object.fromEntries(
    correctableFields(question).flatMap(({ name, required }) => {
      const now = (typed.captured[name] ?? '').trim()
      if (now === (visit.captured[name] ?? '') || (now === '' && required)) return []
      return [[name, now === '' ? null : now]]
    }),
  )
  const seen = [...typed.observations].toSorted()
  return {
    ...(seen.join() === visit.observations.toSorted().join() ? {} : { observations: seen }),
    ...(typed.role === null || typed.role === visit.role ? {} : { role: typed.role }),
    ...(Object.keys(captured).length === 0 ? {} : { captured }),
  }
}

export const countOf = (changes: Changes): number =>
  Number(changes.observations !== undefined) + Number(changes.role !== undefined) + Object.keys(changes.captured ?? {}).length

/** Written once, however often it is tapped and in however many windows; false where it was written before. */
export async function writeAnswer(storage: Storage, questionId: string, { text, changes }: Answer, { nowMs, offsetMs }: { nowMs: number; offsetMs: number }): Promise<boolean> {
  return commit(storage, async (counters) => {
    const written = (await storage.ofKind('envelope')).map(readItem)
    if (answeredHere(questionId, written)) return { counters, result: false }
    const sealed = await seal(counters, {
      kind: 'visit_answer', nowMs, offsetMs, restMs: 0, pictures: [],
      body: {
        question_id: questionId, at: new Date(nowMs + offsetMs).toISOString(),
        text: text.trim() === '' ? null : text.trim(), changes: countOf(changes) === 0 ? null : changes,
      },
    })
    return { counters: sealed.counters, put: [sealed.record], remove: [`${BEGUN}${questionId}`], result: true }
  })
}
