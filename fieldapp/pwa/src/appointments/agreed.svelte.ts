/** The appointments of a day, for whoever shows its routes: by practice, and anew whenever one is agreed on or ends. */
import type { AppointmentRow } from '../api/shapes'
import { service } from '../api/service'
import { gathered } from '../desk/gathered'
import { live } from '../desk/live.svelte'
import { hour, t } from '../text'
import { byPractice } from './week'

export class Agreed {
  rows: ReadonlyMap<string, AppointmentRow> = $state.raw(byPractice([]))

  /** Follow `day`; the returned function ends it. */
  follow(day: string): () => void {
    const load = async (): Promise<void> => {
      const answer = await service.dayAppointments(day)
      if (answer.kind === 'ok') this.rows = byPractice(answer.value)
    }
    void load()
    const { ask, end } = gathered(load, 300)
    const deaf = live.hear((event) => {
      if (event.kind.startsWith('appointment.') || event.kind === 'visit.reported') ask()
    })
    return () => {
      deaf()
      end()
    }
  }

  /** `appuntamento 10:00–11:00`; nothing where nothing was agreed on. */
  mark(practice: string): string {
    const row = this.rows.get(practice)
    return row ? t('appointment.mark', { from: hour(row.from_at), to: hour(row.to_at) }) : ''
  }
}
