import { describe, expect, it } from 'vitest'
import type { ExportPlan } from '../../api/shapes'
import { emptyForm, formOf, requestOf } from './plan'

const name = (field: string): string => field.toUpperCase()

describe('how a creditor is told', () => {
  it('comes back from the service as it was sent there', () => {
    const form = emptyForm(name)
    form.name = 'Serale'
    form.kind = 'fixed'
    form.place = 'sftp'
    form.target = { ...form.target, host: 'sftp.example.it', user: 'agenzia', folder: 'in' }
    form.codes = { PAID_FULL: 'P1', ABSENT: ' ' }
    const sent = requestOf(form)

    const kept = { ...sent, id: 'x', creditor_id: 'c', paused: false } as unknown as ExportPlan
    const again = requestOf(formOf(kept, name))

    expect(again).toEqual(sent)
    expect(sent.codes).toEqual({ PAID_FULL: 'P1' })
    expect(sent.secret).toBeNull()
  })

  it('gives an account without columns, on the first of a month', () => {
    const form = emptyForm(name)
    form.kind = 'account_pdf'
    form.every = 'month'
    const sent = requestOf(form)

    const again = formOf({ ...sent, id: 'x', creditor_id: 'c', paused: false } as unknown as ExportPlan, name)

    expect(sent.layout).toEqual({ kind: 'account_pdf', every: 'month' })
    expect(requestOf(again)).toEqual(sent)
  })

  it('keeps the order of the columns and leaves out what nobody wants', () => {
    const form = emptyForm(name)
    form.columns.reverse()

    const columns = requestOf(form).layout['columns'] as { field: string }[]

    expect(columns.map((one) => one.field)).toEqual(['promised', 'due_on', 'receipt', 'amount', 'code', 'agent', 'day', 'debtor', 'practice_number'])
  })
})
