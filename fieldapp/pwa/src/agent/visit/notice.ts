/** The neutral notice of a visit, drawn on the phone: a name, a number, a telephone and nothing of what for. */
import { paperBlocks, paperLines, type PaperWords, type VisitNotice } from '../../domain/paper.ts'
import { Refused } from '../../domain/reading.ts'
import { renderPaper } from '../../papers/render.ts'
import { nameInPublic } from '../naming'
import { noticeNumber, type Draft } from '../draft'
import type { AgencyCard, PersonCard } from '../shapes'
import { utcOffsetMin } from '../time'

export interface DrawnNotice {
  readonly png: Blob
  readonly lines: readonly string[]
}

interface Left {
  readonly agency: AgencyCard
  readonly agent: PersonCard
  readonly device: string
  readonly words: PaperWords
  readonly at: Date
}

/** The notice that this visit's number stands for; null while no number was taken. */
export function noticeOf(draft: Draft, { agency, agent, device, words, at }: Left): VisitNotice | null {
  const found = /^(.+)-(\d+)$/.exec(noticeNumber(draft) ?? '')
  if (!found) return null
  return {
    v: 1, kind: 'visit_notice', series: found[1] ?? '', number: Number(found[2]), issued_at: at.toISOString(),
    utc_offset_min: utcOffsetMin(at), place: draft.stop.address.comune, addressee: nameInPublic(draft.stop), device,
    caller: { name: agency.name, phone: agency.phone, hours: words['visit_notice.hours.text'] ?? '', ask_for: agent.name },
  }
}

/** An agency whose very name tells what it does signs with the agent's. Throws `paper.notice_not_neutral` otherwise. */
export async function drawNotice(notice: VisitNotice, words: PaperWords): Promise<DrawnNotice> {
  const blocks = neutralBlocks(notice, words)
  return { png: (await renderPaper(blocks, { code: null })).png, lines: paperLines(blocks) }
}

function neutralBlocks(notice: VisitNotice, words: PaperWords) {
  try {
    return paperBlocks(notice, words, '')
  } catch (refused) {
    if (!(refused instanceof Refused) || refused.details['line'] !== notice.caller.name) throw refused
    return paperBlocks({ ...notice, caller: { ...notice.caller, name: notice.caller.ask_for } }, words, '')
  }
}
