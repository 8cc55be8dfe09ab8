/** Words on lines of so many characters; a word longer than a line is cut, so that nothing is lost at the edge. */
export function wrapWords(text: string, columns: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      const joined = line === '' ? word : `${line} ${word}`
      if ([...joined].length <= columns) {
        line = joined
        continue
      }
      if (line !== '') lines.push(line)
      let rest = [...word]
      while (rest.length > columns) {
        lines.push(rest.slice(0, columns).join(''))
        rest = rest.slice(columns)
      }
      line = rest.join('')
    }
    return [...lines, line]
  })
}
