/** What a visit may ask of its agent, in the order of the service's catalogue. Pure. */
import type { PracticeFile } from '../api/shapes'
import { t } from '../text'

export type Skill = PracticeFile['skills'][number]

/** A record, so that a skill that the service knows and this list does not is an error of types. */
const ALL: Record<Skill, true> = {
  albanian: true, arabic: true, chinese: true, english: true, french: true, german: true, romanian: true, slovene: true,
  spanish: true, ukrainian: true, companies: true, heavy_cases: true,
}

export const SKILLS = Object.keys(ALL) as readonly Skill[]

/** `tedesco, aziende` */
export const skillsInWords = (skills: readonly Skill[]): string => skills.map((skill) => t(`skill.${skill}`)).join(', ')
