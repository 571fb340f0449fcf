/** Text as it is compared: without case and accents. */
export function plain(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/**
 * Places of texts that hold what is typed, at most `limit`: those that begin with it first, then those of which a word
 * does, then the others; shorter ones before longer ones.
 */
export function matchesOf(texts: readonly string[], typed: string, limit: number): number[] {
  const wanted = plain(typed.trim());
  if (wanted === "") return [];
  const found: { place: number; rank: number; length: number }[] = [];
  texts.forEach((text, place) => {
    const at = plain(text).indexOf(wanted);
    if (at < 0) return;
    const rank = at === 0 ? 0 : /\W/.test(plain(text)[at - 1]!) ? 1 : 2;
    found.push({ place, rank, length: text.length });
  });
  found.sort((a, b) => a.rank - b.rank || a.length - b.length || a.place - b.place);
  return found.slice(0, limit).map(({ place }) => place);
}
