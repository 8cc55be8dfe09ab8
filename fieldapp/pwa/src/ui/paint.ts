/** Resolves once what the screen has to show is painted; after a second in any case: a page that nobody sees paints nothing. */
export const afterPaint = (): Promise<void> =>
  new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done))
    setTimeout(done, 1_000)
  })
