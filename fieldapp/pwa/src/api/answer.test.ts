import { describe, expect, it } from 'vitest'
import { readProblem } from './answer'

describe('a problem read from the service', () => {
  it('keeps code, details and words of problem+json', () => {
    const body = { code: 'plan.running', details: { id: 1 }, detail: 'Aspetta.', status: 409 }

    expect(readProblem(409, body)).toEqual({
      code: 'plan.running', status: 409, details: { id: 1 }, said: 'Aspetta.',
    })
  })

  it.each([
    // A proxy's page instead of our answer.
    [502, '<html>', 'service.fault'],
    // JSON of somebody else.
    [404, { error: 'x' }, 'request.not_taken'],
    [400, null, 'request.not_taken'],
  ])('falls back to a plain refusal for status %i', (status, body, code) => {
    expect(readProblem(status, body).code).toBe(code)
  })
})
