/** How much waits for a person: the small numbers in the navigation. */
import { service } from '../api/service'
import { gathered } from './gathered'
import { live } from './live.svelte'
import { session } from './session.svelte'

class Waiting {
  tasks = $state(0)
  addresses = $state(0)
  debtors = $state(0)
  reviews = $state(0)

  async count(): Promise<void> {
    const office = session.role === 'back_office' || session.role === 'administrator'
    const [tasks, addresses, debtors, reviews] = await Promise.all([
      service.countTasks({ state: 'open' }), service.doubtfulAddresses({ limit: 0 }), office ? service.debtorPairs() : null,
      office ? service.reviews('waiting') : null,
    ])
    if (tasks.kind === 'ok') this.tasks = tasks.value.total
    if (debtors?.kind === 'ok') this.debtors = debtors.value.waiting
    if (reviews?.kind === 'ok') this.reviews = reviews.value.waiting
    if (addresses.kind === 'ok') this.addresses = addresses.value.waiting
  }

  /** Count now and, a little later, after every fact; the returned function ends it. */
  follow(): () => void {
    void this.count()
    const { ask, end } = gathered(() => this.count(), 1500)
    const deaf = live.hear((event) => {
      if (!event.kind.startsWith('plan.')) ask()
    })
    return () => {
      deaf()
      end()
    }
  }
}

export const waiting = new Waiting()
