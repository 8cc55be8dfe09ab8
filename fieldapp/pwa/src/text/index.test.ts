import { describe, expect, it } from 'vitest'
import { speak, t } from '.'

describe('a French sentence', () => {
  it('keeps its marks on the line of the word before them', () => {
    speak('fr', { q: 'Mêmes débiteurs ? Oui : « {name} » ; non !' })

    expect(t('q', { name: 'a : b' })).toBe('Mêmes débiteurs\u00a0? Oui\u00a0: «\u00a0a : b\u00a0»\u00a0; non\u00a0!')
  })

  it('is left alone in a language that puts none there', () => {
    speak('it', { q: 'Stessi debitori? Sì : no' })

    expect(t('q')).toBe('Stessi debitori? Sì : no')
  })
})

describe('a sentence that counts', () => {
  it('knows one from many, whether the number comes written or not', () => {
    speak('it', { visits: '{n} visite', 'visits.one': 'una visita' })

    expect([1, '1', 0, 21, '1.000'].map((n) => t('visits', { n }))).toEqual([
      'una visita', 'una visita', '0 visite', '21 visite', '1.000 visite',
    ])
  })
})
