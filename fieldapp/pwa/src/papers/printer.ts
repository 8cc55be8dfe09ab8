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

export const portsHere = (): Ports => navigator as unknown as Ports

export const printersOf = (ports: Ports): readonly PrinterKind[] =>
  (['bluetooth', 'serial'] as const).filter((kind) => ports[kind] !== undefined)

/** Let the person choose a printer and send it `bytes`; `chosen` is false when nobody chose one. */
export async function print(bytes: Uint8Array, kind: PrinterKind, ports: Ports): Promise<{ chosen: boolean }> {
  try {
    if (kind === 'serial') await bySerial(bytes, ports)
    else await byBluetooth(bytes, ports)
  } catch (problem) {
    // Closing the browser's list of printers is no fault.
    if (problem instanceof DOMException && problem.name === 'NotFoundError') return { chosen: false }
    throw problem
  }
  return { chosen: true }
}

async function bySerial(bytes: Uint8Array, { serial }: Ports): Promise<void> {
  if (!serial) throw new Error('this browser has no serial ports')
  const port = await serial.requestPort()
  await port.open({ baudRate: BAUD })
  try {
    const writer = port.writable?.getWriter()
    if (!writer) throw new Error('the port cannot be written to')
    try {
      await writer.write(bytes)
    } finally {
      writer.releaseLock()
    }
  } finally {
    await port.close()
  }
}

async function byBluetooth(bytes: Uint8Array, { bluetooth }: Ports): Promise<void> {
  if (!bluetooth) throw new Error('this browser has no Bluetooth')
  const device = await bluetooth.requestDevice({ filters: [{ services: [PRINT_SERVICE] }] })
  if (!device.gatt) throw new Error('the printer cannot be reached')
  const server = await device.gatt.connect()
  try {
    const service = await server.getPrimaryService(PRINT_SERVICE)
    const characteristic = await service.getCharacteristic(PRINT_CHARACTERISTIC)
    for (let at = 0; at < bytes.length; at += PACKET) await characteristic.writeValueWithoutResponse(bytes.slice(at, at + PACKET))
  } finally {
    device.gatt.disconnect()
  }
}
