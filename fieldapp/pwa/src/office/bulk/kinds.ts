/** Actions on many practices, and whom the desk offers them; the service's own table decides. */
import type { BulkRequest, Role } from '../../api/shapes'

type Kind = BulkRequest['kind']

/** The most used first. */
export const KINDS = ['to_do', 'plan_contact', 'letter_sent', 'suspend', 'resume', 'hand_back'] as const satisfies readonly Kind[]
export const TEAMS = ['back_office', 'case_owner', 'dispatcher'] as const
export const LETTERS = ['DUNNING_LETTER_1', 'DUNNING_LETTER_2', 'FORMAL_NOTICE'] as const

export const kindsOf = (role: Role): readonly (typeof KINDS)[number][] => (role === 'dispatcher' ? ['to_do'] : KINDS)
