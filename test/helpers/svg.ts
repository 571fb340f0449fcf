/** Names of open elements must close in order; enough of a parser for markup without comments. */
export function wellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-z]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (close) {
      if (open.pop() !== name) return false;
    } else if (!self) open.push(name!);
  }
  return open.length === 0 && !/<(?!\/?[a-z])/.test(svg) && !/&(?!#\d+;)/.test(svg);
}
