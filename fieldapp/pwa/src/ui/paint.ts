/** Resolves once what the screen has to show is painted; soon in any case, for a page that nobody sees paints nothing. */
export const afterPaint = (): Promise<void> =>
  new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done))
    setTimeout(done, 300)
  })
