/** Whether this browser can draw a map of tiles. */
export function hasWebGl(): boolean {
  try {
    return document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: false }) !== null
  } catch {
    return false
  }
}
