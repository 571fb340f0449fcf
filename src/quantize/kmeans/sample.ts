import type { Rng } from "../../core/index.ts";

/** At most `most` of n rows, ascending, spread evenly with a random place in each stretch; all where there are no more. */
export function sampleRows(n: number, most: number, rng: Rng): Uint32Array {
  if (n <= most) return Uint32Array.from({ length: n }, (_, i) => i);
  const step = n / most;
  const picks = new Uint32Array(most);
  for (let i = 0; i < most; i++) {
    const low = Math.ceil(i * step);
    const high = Math.max(low + 1, Math.ceil((i + 1) * step));
    picks[i] = Math.min(n - 1, low + rng.below(high - low));
  }
  return picks;
}
