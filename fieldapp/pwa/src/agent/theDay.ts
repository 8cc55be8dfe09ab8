/** The days that this phone works on: asked for, kept, taken up when their date comes. */
import { commit, inOrderOfEvents, withBlocks } from '../outbox/envelopes'
import { forgetSettled } from '../outbox/driver'
import { understands } from '../outbox/wire'
import { showTimesIn } from '../text'
import { newsOf } from './day'
import { askDay } from './dayChanges'
import { asksNext, dayKey, dayRecord, daysOn, heldDay, outdated, rowsOf, workingDay, type HeldDay } from './days'
import { keepSetting, ORDER, phone, setting, storage, today, tookClock, whenNotAllowed, wire, type KeptOrder } from './phone.svelte'
import { forgetBegun } from './questions'
import { reread, whileOpen } from './reread'
import type { DayBundle } from './shapes'

const FORGET_AFTER_MS = 36 * 3_600_000

let fetching: Promise<void> | null = null
let again = false

/** Ask for today's day; the one that is held stays when the network brings nothing. */
export function fetchDay(): Promise<void> {
  fetching ??= whileOpen(async () => {
    // Before it leaves: what is settled while it is under way, the answer need not know.
    const asked_no = await inOrderOfEvents(storage)
    const reply = await askDay(wire, '/api/v1/field/day', phone.held?.bundle ?? null)
    if (!storage.isOpen()) return
    if (reply.kind === 'failed') {
      phone.dayTrouble = reply
      if (reply.trouble === 'not_allowed') for (const react of whenNotAllowed) react()
      return
    }
    phone.dayTrouble = null
    await keepDay(reply.value, asked_no)
    await keepNext(reply.value)
    void whileOpen(() => keepPapers(reply.value))
  }).finally(() => {
    fetching = null
    if (again) void fetchDay()
    again = false
  })
  return fetching
}

/** The day has changed: a request that is on its way may have been answered before that. */
export const fetchChangedDay = (): Promise<void> => (fetching ?? Promise.resolve()).then(fetchDay)

function hold(held: HeldDay): void {
  phone.held = held
  // The evaluator is not part of the first screen.
  void import('./rules').then(({ rulesetOf }) => {
    phone.ruleset = rulesetOf(held.bundle)
    phone.rulesUnknown = phone.ruleset === null
  })
}

async function keepDay(bundle: DayBundle, asked_no: number): Promise<void> {
  if (!understands(bundle.protocol)) {
    phone.dayTrouble = { kind: 'failed', trouble: 'update_needed', code: null, details: {}, retryAfterMs: null }
    return
  }
  const held: HeldDay = { bundle, fetched_ms: Date.now(), asked_no }
  const old = outdated(await daysOn(storage), { today: bundle.day, next: bundle.next_day, items: phone.items, drafts: phone.drafts })
  await storage.write({ put: [dayRecord(held)], remove: old.map(dayKey) })
  await commit(storage, async (counters) => ({ counters: withBlocks(counters, bundle.blocks), result: undefined }))
  await forgetSettled(storage, Date.now() - FORGET_AFTER_MS)
  await forgetBegun(storage, bundle)
  if (phone.device && bundle.office_key && phone.device.office_key !== bundle.office_key) {
    phone.device = { ...phone.device, office_key: bundle.office_key }
    await keepSetting('device', phone.device)
  }
  const begun = new Set([...phone.items.flatMap((item) => item.body.stop_id ?? []), ...phone.drafts.map((draft) => draft.stop.stop_id)])
  phone.news = (phone.bundle && newsOf(phone.bundle, bundle, begun)) ?? phone.news
  hold(held)
  tookClock(bundle.clock)
  showTimesIn(bundle.clock.time_zone)
  await reread()
  // Settled while the answer was under way: only the next one is sure to know it.
  again = phone.items.some((item) => item.state === 'accepted' && (item.settledNo ?? 0) > asked_no)
}

/** Today's day, or the last one before it, and the next one as a list. */
export async function takeUpDays(): Promise<void> {
  const days = await daysOn(storage)
  const working = workingDay(days, today())
  const held = working === null ? null : await heldDay(storage, working)
  if (held) {
    hold(held)
    showTimesIn(held.bundle.clock.time_zone)
  }
  const order = await setting<KeptOrder>(ORDER)
  phone.order = order?.day === working ? order.stops : null
  const [next = null] = days.filter((day) => day > today())
  const following = next === null ? null : await heldDay(storage, next)
  phone.next = following && rowsOf(following.bundle)
  const before = await Promise.all(days.filter((day) => working !== null && day < working).map((day) => heldDay(storage, day)))
  phone.earlier = before.flatMap((one) => one?.bundle.stops ?? [])
}

/** The next day as the office has published it last; it only lies here until its date. */
async function keepNext({ next_day: day, next_version: version }: DayBundle): Promise<void> {
  const kept = day === null ? null : await heldDay(storage, day)
  if (day !== null && asksNext(kept, version, Date.now())) {
    const asked_no = await inOrderOfEvents(storage)
    const reply = await askDay(wire, `/api/v1/field/day?day=${day}`, kept?.bundle ?? null)
    if (reply.kind === 'failed' || !understands(reply.value.protocol)) return
    await storage.write({ put: [dayRecord({ bundle: reply.value, fetched_ms: Date.now(), asked_no })] })
  }
  await takeUpDays()
}

/** Documents of the credit of both days, and the maps of both, while there is a network. */
async function keepPapers(today: DayBundle): Promise<void> {
  const next = phone.next && (await heldDay(storage, phone.next.day))
  const days = [today, ...(next ? [next.bundle] : [])]
  const [{ keepDocuments }, { keepBasemaps }] = await Promise.all([import('./documents'), import('./basemap')])
  await keepDocuments(storage, wire, days)
  await keepBasemaps(storage, wire, days)
}
