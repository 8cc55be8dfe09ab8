import { beforeAll, describe, expect, it } from 'vitest'
import type { QuestionRow } from '../../api/shapes'
import { words } from '../../desk/words.it'
import { speak } from '../../text'
import { changeInWords, clashInWords, waitingOf } from './corrections'

beforeAll(() => {
  speak('it', words)
})

const asked = (more: Partial<QuestionRow> = {}): QuestionRow => ({
  id: 'q', reason: 'details', text: 'Chi?', asked_at: '2026-11-23T09:00:00Z', asked_by: 'Elena', agent_name: 'Luca', fetched_at: null,
  withdrawn_at: null, withdrawn_by: null, returned_at: null, answers: [], ...more,
})
const answer = { id: 'a', answered_at: '2026-11-23T10:00:00Z', received_at: '2026-11-23T10:00:00Z', agent_name: 'Luca', text: 'Io.', changes: [], flags: [] }

describe('a correction in words', () => {
  it.each([
    [{ field: 'role', before: 'neighbour', after: 'concierge' }, { label: 'Chi era', before: 'Vicino', after: 'Portineria' }],
    [{ field: 'captured.source', before: null, after: 'sign' }, { label: 'Da chi lo sai', before: 'niente', after: 'Un cartello' }],
    [{ field: 'captured.new_address', before: 'Via Adda 3', after: null }, { label: 'Nuovo indirizzo', before: 'Via Adda 3', after: 'niente' }],
    [{ field: 'observations', before: [], after: ['to_let', 'house_empty'] }, { label: 'Visto da fuori', before: 'niente', after: 'In affitto, Casa vuota' }],
  ])('says %o', (change, said) => {
    expect(changeInWords(change)).toEqual(said)
  })
})

describe('what contradicts itself', () => {
  it.each([
    [{ kind: 'seen_apart', observations: ['house_inhabited', 'house_empty'], stayed_s: 60 }, 'visto insieme: «Casa abitata», «Casa vuota»'],
    [{ kind: 'belies_outcome', observations: ['name_on_intercom'], stayed_s: 60 }, 'esito «Sconosciuto all\'indirizzo», ma visto: «Nome sul citofono»'],
    [{ kind: 'hardly_there', observations: [], stayed_s: 12 }, 'debitore riconosciuto e ascoltato in 12 secondi'],
  ] as const)('is named: %o', ({ kind, observations, stayed_s }, said) => {
    expect(clashInWords({ kind, observations: [...observations], stayed_s }, 'UNKNOWN_AT_ADDRESS')).toBe(said)
  })
})

describe('the question that waits', () => {
  it('is the one that was neither answered nor withdrawn nor given back', () => {
    const open = asked({ id: 'open' })
    const over = [asked({ answers: [answer] }), asked({ withdrawn_at: '2026-11-23T09:10:00Z' }), asked({ returned_at: '2026-11-23T09:10:00Z' })]

    expect(waitingOf([...over, open])).toBe(open)
    expect(waitingOf(over)).toBeUndefined()
  })
})
