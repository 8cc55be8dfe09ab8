/**
 * Receipt printers that this browser can reach: by cable (Web Serial) or near by (Web Bluetooth). What the browser lacks
 * is not offered. The ports are the browser's own interfaces, so a test hands in another of the same shape.
 */
export type PrinterKind = 'serial' | 'bluetooth'

interface SerialPortLike {
  open(options: { baudRate: number }): Promise<void>
  close(): Promise<void>
  readonly writable: WritableStream<Uint8Array> | null
}

interface CharacteristicLike {
  writeValueWithoutResponse(bytes: Uint8Array): Promise<void>
}

interface BluetoothDeviceLike {
  readonly gatt?: {
    connect(): Promise<{
      getPrimaryService(uuid: number): Promise<{ getCharacteristic(uuid: number): Promise<CharacteristicLike> }>
    }>
    disconnect(): void
  }
}

export interface Ports {
  readonly serial?: { requestPort(): Promise<SerialPortLike> }
  readonly bluetooth?: { requestDevice(options: unknown): Promise<BluetoothDeviceLike> }
}

/** The service and characteristic that receipt printers with Bluetooth LE share. */
const PRINT_SERVICE = 0x18f0
const PRINT_CHARACTERISTIC = 0x2af1
/** What the smallest printers take in one packet. */
const PACKET = 128
const BAUD = 9_600
/** A printer without paper holds the line and says nothing: after this it counts as one that does not answer. */
const PATIENCE_MS = 20_000

export interface Printing {
  /** A printer was chosen; from here on it is being reached and fed. */
  readonly onfound?: () => void
  readonly patienceMs?: number
}

export const portsHere = (): Ports => navigator as unknown as Ports

export const printersOf = (ports: Ports): readonly PrinterKind[] =>
  (['bluetooth', 'serial'] as const).filter((kind) => ports[kind] !== undefined)

/**
 * Let the person choose a printer and send it `bytes`; `chosen` is false when nobody chose one. Rejects when the printer
 * cannot be reached, breaks off or does not take everything in time; how much of the paper came out is then unknown.
 */
export async function print(
  bytes: Uint8Array, kind: PrinterKind, ports: Ports, { onfound = () => undefined, patienceMs = PATIENCE_MS }: Printing = {},
): Promise<{ chosen: boolean }> {
  try {
    if (kind === 'serial') await bySerial(bytes, ports, onfound, patienceMs)
    else await byBluetooth(bytes, ports, onfound, patienceMs)
  } catch (problem) {
    // Closing the browser's list of printers is no fault.
    if (problem instanceof DOMException && problem.name === 'NotFoundError') return { chosen: false }
    throw problem
  }
  return { chosen: true }
}

async function bySerial(bytes: Uint8Array, { serial }: Ports, onfound: () => void, patienceMs: number): Promise<void> {
  if (!serial) throw new Error('this browser has no serial ports')
  const port = await serial.requestPort()
  onfound()
  await inTime(port.open({ baudRate: BAUD }), patienceMs)
  try {
    const writer = port.writable?.getWriter()
    if (!writer) throw new Error('the port cannot be written to')
    try {
      // Closing the writer waits until the last byte has left; a printer that holds the line is given up.
      await inTime(writer.write(bytes).then(() => writer.close()), patienceMs)
    } catch (problem) {
      // Not awaited: a write under way ends only when the printer takes it.
      void writer.abort(problem).catch(() => undefined)
      throw problem
    } finally {
      writer.releaseLock()
    }
  } finally {
    await inTime(port.close(), patienceMs)
  }
}

async function byBluetooth(bytes: Uint8Array, { bluetooth }: Ports, onfound: () => void, patienceMs: number): Promise<void> {
  if (!bluetooth) throw new Error('this browser has no Bluetooth')
  const device = await bluetooth.requestDevice({ filters: [{ services: [PRINT_SERVICE] }] })
  const { gatt } = device
  if (!gatt) throw new Error('the printer cannot be reached')
  onfound()
  try {
    const server = await inTime(gatt.connect(), patienceMs)
    const service = await inTime(server.getPrimaryService(PRINT_SERVICE), patienceMs)
    const characteristic = await inTime(service.getCharacteristic(PRINT_CHARACTERISTIC), patienceMs)
    for (let at = 0; at < bytes.length; at += PACKET) {
      await inTime(characteristic.writeValueWithoutResponse(bytes.slice(at, at + PACKET)), patienceMs)
    }
  } finally {
    gatt.disconnect()
  }
}

async function inTime<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new Error('the printer does not answer')) }, patienceMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
