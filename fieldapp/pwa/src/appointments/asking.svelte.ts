/** What is being agreed on: kept outside of lists, whose rows move and are made anew under an open panel. */
import type { AppointmentRow } from '../api/shapes'

export interface About {
  readonly practice: string
  /** The debtor's name. */
  readonly who: string
}

type Asked =
  | { readonly kind: 'offers'; readonly about: About; readonly moves: AppointmentRow | null }
  | { readonly kind: 'cancel'; readonly row: AppointmentRow }

export class Asking {
  asked: Asked | null = $state.raw(null)

  offer(about: About, moves: AppointmentRow | null): void {
    this.asked = { kind: 'offers', about, moves }
  }

  cancel(row: AppointmentRow): void {
    this.asked = { kind: 'cancel', row }
  }

  end(): void {
    this.asked = null
  }
}
