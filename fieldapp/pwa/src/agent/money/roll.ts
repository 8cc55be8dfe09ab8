/** The width of the roll in the agent's printer: of this phone, and nothing about anybody. */
import type { RollWidth } from '../../papers/escpos.ts'

const KEPT = 'fieldapp.roll_mm'

/** Printers that fit a pocket have the narrow roll. */
export const keptRoll = (): RollWidth => (localStorage.getItem(KEPT) === '80' ? 80 : 58)

export const keepRoll = (width: RollWidth): void => {
  localStorage.setItem(KEPT, String(width))
}
