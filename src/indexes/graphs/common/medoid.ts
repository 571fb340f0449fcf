import { createRng } from "../../../core/index.ts";
import type { RowStore } from "../../rows.ts";

/** Rows that are looked at. */
const SAMPLE = 2048;

/** The row nearest to the mean of a sample, by Euclid's distance (bits count as components). */
export function medoid(rows: RowStore, slots: Uint32Array, seed: number): number {
  const rng = createRng(seed, `medoid ${slots.length}`);
  const sample =
    slots.length <= SAMPLE
      ? Array.from(slots)
      : Array.from({ length: SAMPLE }, () => slots[rng.below(slots.length)]!);
  const vectors = sample.map((slot) => components(rows, slot));
  const mean = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let j = 0; j < mean.length; j++) mean[j]! += vector[j]! / vectors.length;
  let best = sample[0]!;
  let least = Number.POSITIVE_INFINITY;
  vectors.forEach((vector, i) => {
    let sum = 0;
    for (let j = 0; j < mean.length; j++) sum += (vector[j]! - mean[j]!) ** 2;
    if (sum >= least) return;
    least = sum;
    best = sample[i]!;
  });
  return best;
}

function components(rows: RowStore, slot: number): ArrayLike<number> {
  const vector = rows.vector(slot);
  if (rows.options.dtype !== "bits") return vector;
  return Uint8Array.from({ length: rows.options.dimension }, (_, j) => (vector[j >> 3]! >> (j & 7)) & 1);
}
