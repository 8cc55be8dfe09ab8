import { describe, expect, it } from 'vitest'
import words from '../text/layouts.desk.it.json'
import { AMOUNT_STYLES, amountStyle, DATE_SPELLINGS, meaning, MEANINGS, withAmountStyle } from './layouts'

describe('a layout as it is corrected', () => {
  it('shows each way to write amounts by an example that leads back to it', () => {
    for (const style of AMOUNT_STYLES) expect(amountStyle(withAmountStyle(style))).toBe(style)
  })

  it('takes an unknown choice as a column that is not read', () => {
    expect(meaning('debtor')).toBe('debtor')
    expect(meaning('')).toBeNull()
    expect(meaning('creditor')).toBeNull()
  })

  it('has a word for each meaning and each spelling of dates', () => {
    const known = Object.keys(words)
    for (const each of MEANINGS) expect(known).toContain(`layout_field.${each}`)
    for (const each of DATE_SPELLINGS) expect(known).toContain(`layout_date.${each}`)
  })
})
