/** A 32-bit mix of seed and ordinal; every bit of both reaches every bit of the result. */
function hash(seed: number, ordinal: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(ordinal + 1, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** No graph of 2³² rows needs more. */
export const MAX_LEVEL = 31;

/**
 * The level of the row inserted as number `ordinal`: ⌊−ln u / ln M⌋ with u uniform in (0, 1]
 * (arXiv:1603.09320, algorithm 1). A function of seed and ordinal alone, so that a saved index goes on alike.
 */
export function levelOf(seed: number, ordinal: number, M: number): number {
  const u = (hash(seed, ordinal) + 1) / 0x100000000;
  return Math.min(MAX_LEVEL, Math.floor(-Math.log(u) / Math.log(M)));
}
