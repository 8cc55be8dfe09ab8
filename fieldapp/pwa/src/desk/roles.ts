/** What each role finds in the navigation; the service's own table decides what it may really do. */
import type { Role } from '../api/shapes'
import type { Place } from './route'
import type { IconName } from '../ui/icons'

export interface Item {
  readonly key: string
  readonly place: Place
  readonly icon: IconName
  readonly roles: readonly Role[]
}

const DESK: readonly Role[] = ['dispatcher', 'back_office', 'administrator']
const OFFICE: readonly Role[] = ['back_office', 'administrator']
const ADMINISTRATOR: readonly Role[] = ['administrator']

/** Daily work, in the order of the day. */
export const MAIN: readonly Item[] = [
  { key: 'day', place: { name: 'day', day: null, view: { kind: 'prepare' } }, icon: 'navigate', roles: DESK },
  { key: 'practices', place: { name: 'practices' }, icon: 'list', roles: DESK },
  { key: 'tasks', place: { name: 'tasks' }, icon: 'check', roles: DESK },
  { key: 'reviews', place: { name: 'reviews', id: null }, icon: 'pen', roles: OFFICE },
  { key: 'addresses', place: { name: 'addresses', id: null }, icon: 'pin', roles: DESK },
  { key: 'debtors', place: { name: 'debtors' }, icon: 'person', roles: OFFICE },
  { key: 'imports', place: { name: 'imports', id: null }, icon: 'paper', roles: OFFICE },
  { key: 'cash', place: { name: 'cash' }, icon: 'cash', roles: OFFICE },
  { key: 'outcomes', place: { name: 'outcomes' }, icon: 'send', roles: OFFICE },
]

/** What is looked at now and then. */
export const SETTINGS: readonly Item[] = [
  { key: 'figures', place: { name: 'figures' }, icon: 'up', roles: DESK },
  { key: 'ledger', place: { name: 'ledger' }, icon: 'list', roles: OFFICE },
  { key: 'terms', place: { name: 'terms' }, icon: 'paper', roles: ADMINISTRATOR },
  { key: 'devices', place: { name: 'devices' }, icon: 'phone', roles: OFFICE },
  { key: 'rules', place: { name: 'rules' }, icon: 'hand', roles: ADMINISTRATOR },
  { key: 'licences', place: { name: 'licences' }, icon: 'paper', roles: ADMINISTRATOR },
  { key: 'house', place: { name: 'house' }, icon: 'home', roles: ADMINISTRATOR },
  { key: 'staff', place: { name: 'staff' }, icon: 'person', roles: ADMINISTRATOR },
  { key: 'exchange', place: { name: 'exchange' }, icon: 'cloud', roles: ADMINISTRATOR },
  { key: 'audit', place: { name: 'audit' }, icon: 'lock', roles: ADMINISTRATOR },
  { key: 'clock', place: { name: 'clock' }, icon: 'clock', roles: ADMINISTRATOR },
]

export const mayPlan = (role: Role | null): boolean => role === 'dispatcher' || role === 'administrator'

/** What waits for this role when it sits down. */
export function homeOf(role: Role): Place {
  if (role === 'dispatcher') return { name: 'day', day: null, view: { kind: 'prepare' } }
  if (role === 'administrator') return { name: 'practices' }
  return { name: 'tasks' }
}
