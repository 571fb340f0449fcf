import { resolveOptions } from "../../core/index.ts";
import type { BatchLabels, Pairs } from "../losses/tuples.ts";
import { checkAtLeast, type Embeddings, tableOf } from "./distances.ts";

export interface MultiSimilarityMinerOptions {
  /** How much easier than the hardest of the other kind a pair may be, as cosine; default 0.1. */
  epsilon?: number;
}

export const MULTI_SIMILARITY_MINER_DEFAULTS: Required<MultiSimilarityMinerOptions> = { epsilon: 0.1 };

/**
 * Pairs that say something: negatives nearly as alike as the least alike positive of the row, and positives hardly more
 * alike than its most alike negative. A pair that counts from one of its rows is listed once.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN, OPTION_RANGE
 * @see Wang et al., Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, CVPR 2019, §3.3
 */
export function multiSimilarityPairs(
  z: Embeddings,
  labels: BatchLabels,
  given: MultiSimilarityMinerOptions = {},
): Pairs {
  const { epsilon } = resolveOptions(MULTI_SIMILARITY_MINER_DEFAULTS, given);
  checkAtLeast("epsilon", epsilon, 0);
  const { n, codes, distances: cosines } = tableOf(z, labels, "cosine");
  const keep = new Uint8Array(n * n);
  for (let i = 0; i < n; i++) {
    let leastAlike = Number.POSITIVE_INFINITY;
    let mostAlike = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) {
      const s = cosines[i * n + j]!;
      if (codes[i] !== codes[j]) mostAlike = Math.max(mostAlike, s);
      else if (i !== j) leastAlike = Math.min(leastAlike, s);
    }
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const s = cosines[i * n + j]!;
      const counts = codes[i] === codes[j] ? s - epsilon < mostAlike : s + epsilon > leastAlike;
      if (counts) keep[Math.min(i, j) * n + Math.max(i, j)] = 1;
    }
  }
  const positives: number[] = [];
  const negatives: number[] = [];
  for (const [at, kept] of keep.entries()) {
    if (!kept) continue;
    const [i, j] = [Math.floor(at / n), at % n];
    (codes[i] === codes[j] ? positives : negatives).push(i, j);
  }
  return { positives: Int32Array.from(positives), negatives: Int32Array.from(negatives) };
}
