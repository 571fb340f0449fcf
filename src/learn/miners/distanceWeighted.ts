import { createRng, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { BatchLabels, Triplets } from "../losses/tuples.ts";
import { batchRows, checkAtLeast, type Embeddings, tableOf } from "./distances.ts";

export interface DistanceWeightedOptions {
  /** Distances below this count as this much, default 0.5. */
  cutoff?: number;
  /** Negatives farther than this are not drawn, default 1.4: a loss would not see them. */
  farthest?: number;
  /** Whole number, default 1; give another for each batch, such as the number of the step. */
  seed?: number;
}

export const DISTANCE_WEIGHTED_DEFAULTS: Required<DistanceWeightedOptions> = {
  cutoff: 0.5,
  farthest: 1.4,
  seed: 1,
};

/**
 * For each anchor and positive a negative drawn so that all distances come up alike: with a chance inverse to how often
 * its distance occurs between random points of the sphere. Rows count as scaled to unit length. Anchors all of whose
 * negatives are too far give none.
 *
 * @param z shape n × d, d >= 2
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Wu, Manmatha, Smola & Krähenbühl, Sampling Matters in Deep Embedding Learning, ICCV 2017
 */
export function distanceWeighted(
  z: Embeddings,
  labels: BatchLabels,
  given: DistanceWeightedOptions = {},
): Triplets {
  const { cutoff, farthest, seed } = resolveOptions(DISTANCE_WEIGHTED_DEFAULTS, given);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkAtLeast("cutoff", cutoff, 0);
  if (!(typeof farthest === "number" && farthest >= 0)) {
    throw new VicinalError("OPTION_RANGE", { option: "farthest", got: farthest, rule: "a number >= 0" });
  }
  const { cols } = batchRows(z);
  const { n, codes, distances: cosines } = tableOf(z, labels, "cosine");
  const rng = createRng(seed, "distance-weighted negatives");
  const triplets: number[] = [];
  const chances = new Float64Array(n);
  for (let a = 0; a < n; a++) {
    for (let x = 0; x < n; x++) {
      const apart = Math.sqrt(Math.max(0, 2 - 2 * cosines[a * n + x]!));
      const out = codes[x] === codes[a] || apart >= farthest;
      chances[x] = out ? Number.NEGATIVE_INFINITY : logInverseDensity(Math.max(cutoff, apart), cols);
    }
    const top = chances.reduce((high, c) => Math.max(high, c), Number.NEGATIVE_INFINITY);
    if (top === Number.NEGATIVE_INFINITY) continue;
    for (let x = 0; x < n; x++) chances[x] = Math.exp(chances[x]! - top);
    const total = chances.reduce((sum, c) => sum + c, 0);
    for (let p = 0; p < n; p++) {
      if (p !== a && codes[p] === codes[a]) triplets.push(a, p, draw(chances, rng.next() * total));
    }
  }
  return { triplets: Int32Array.from(triplets) };
}

/** −log of d^(dimension − 2) (1 − d²/4)^((dimension − 3)/2), the density of distances between random unit vectors. */
function logInverseDensity(distance: number, dimension: number): number {
  const open = Math.max(1e-8, 1 - distance ** 2 / 4);
  return -(dimension - 2) * Math.log(distance) - ((dimension - 3) / 2) * Math.log(open);
}

/** The first place whose chances so far exceed the target; rounding never leads to one without a chance. */
function draw(chances: Float64Array, target: number): number {
  let sum = 0;
  let last = -1;
  for (const [i, chance] of chances.entries()) {
    if (chance === 0) continue;
    sum += chance;
    last = i;
    if (sum > target) break;
  }
  return last;
}
