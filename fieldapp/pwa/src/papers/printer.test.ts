import { expect, it } from 'vitest'
import { print, printersOf, type Ports } from './printer.ts'

const BYTES = Uint8Array.from({ length: 300 }, (_, at) => at % 256)

function serialPort({ fails = false } = {}): { ports: Ports; written: number[]; log: string[] } {
  const [written, log] = [[] as number[], [] as string[]]
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      if (fails) throw new Error('paper out')
      written.push(...chunk)
    },
  })
  const port = { writable, open: async () => void log.push('open'), close: async () => void log.push('close') }
  return { ports: { serial: { requestPort: async () => port } }, written, log }
}

it('offers only what the browser has', () => {
  expect(printersOf({})).toEqual([])
  expect(printersOf(serialPort().ports)).toEqual(['serial'])
})

it('sends every byte over a serial port and closes it', async () => {
  const { ports, written, log } = serialPort()

  expect(await print(BYTES, 'serial', ports)).toEqual({ chosen: true })
  expect([written, log]).toEqual([[...BYTES], ['open', 'close']])
})

it('says when a printer was chosen, before the first byte', async () => {
  const { ports, log } = serialPort()

  await print(BYTES, 'serial', ports, { onfound: () => void log.push('found') })
  expect(log).toEqual(['found', 'open', 'close'])
})

it('gives up a printer without paper, which takes nothing and says nothing', async () => {
  const log: string[] = []
  const writable = new WritableStream<Uint8Array>({ write: () => new Promise<void>(() => undefined) })
  const port = { writable, open: async () => void log.push('open'), close: async () => void log.push('close') }

  await expect(print(BYTES, 'serial', { serial: { requestPort: async () => port } }, { patienceMs: 5 })).rejects.toThrow('does not answer')
  expect(log).toEqual(['open', 'close'])
})

it('closes the port when the printer fails, and says so', async () => {
  const { ports, log } = serialPort({ fails: true })

  await expect(print(BYTES, 'serial', ports)).rejects.toThrow('paper out')
  expect(log).toEqual(['open', 'close'])
})

it('sends packets over Bluetooth in order, and lets the printer go', async () => {
  const packets: Uint8Array[] = []
  let gone = false
  const characteristic = { writeValueWithoutResponse: async (bytes: Uint8Array) => void packets.push(bytes) }
  const server = { getPrimaryService: async () => ({ getCharacteristic: async () => characteristic }) }
  const gatt = { connect: async () => server, disconnect: () => (gone = true) }

  await print(BYTES, 'bluetooth', { bluetooth: { requestDevice: async () => ({ gatt }) } })

  expect(packets.flatMap((packet) => [...packet])).toEqual([...BYTES])
  expect(Math.max(...packets.map((packet) => packet.length))).toBeLessThanOrEqual(128)
  expect(gone).toBe(true)
})

it('knows that nobody chose a printer from a fault', async () => {
  const refuse = (): Promise<never> => Promise.reject(new DOMException('none', 'NotFoundError'))

  expect(await print(BYTES, 'serial', { serial: { requestPort: refuse } })).toEqual({ chosen: false })
})
