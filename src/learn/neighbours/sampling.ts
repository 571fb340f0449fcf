import { checkK, createRng, resolveOptions } from "../../core/index.ts";
import { type DistancesInput, readDistances, readTemperatures } from "./distances.ts";

export interface SampleNeighborsOptions {
  /** Draws, default 1. */
  k?: number;
  /** Temperature, one or one for each query; default 1. 0 gives the k nearest, always. */
  t?: number | ArrayLike<number>;
  /** Default 0. */
  seed?: number;
}

export const SAMPLE_NEIGHBORS_DEFAULTS: Readonly<Required<SampleNeighborsOptions>> = Object.freeze({
  k: 1,
  t: 1,
  seed: 0,
});

/** Drawn candidates of each query, in the order drawn. */
export interface SampledNeighbors {
  /** Numbers of candidates, [queries, k]; a row of fewer than k candidates ends in −1. */
  readonly columns: Int32Array;
  readonly queries: number;
  readonly k: number;
}

/** Standard Gumbel noise: −log of a standard exponential. Half a step of the generator keeps it finite. */
const gumbel = (uniform: number): number => -Math.log(-Math.log1p(-(uniform + 2 ** -33)));

/**
 * k neighbours of each query drawn one after another without replacement, each with probability proportional to
 * e^(−d / t) among those left: the discrete process that relaxedNeighbors makes continuous. As t → 0 the draws
 * tend to hard k-NN.
 *
 * @throws VicinalError BAD_K, BAD_INPUT, NOT_FINITE, OPTION_RANGE, OPTION_UNKNOWN
 * @remarks Takes the k largest of −d / t + Gumbel noise, which has just that distribution (Yellott 1977; Kool et
 * al. 2019). O(n log n) a query. The same seed gives the same draws
 */
export function sampleNeighbors(
  distances: DistancesInput,
  options?: SampleNeighborsOptions,
): SampledNeighbors {
  const given = resolveOptions<Required<SampleNeighborsOptions>>(SAMPLE_NEIGHBORS_DEFAULTS, options);
  const k = checkK(given.k);
  const { data, queries, candidates } = readDistances(distances);
  const t = readTemperatures(given.t, queries, { zero: true });
  const rng = createRng(given.seed, "neighbours");
  const columns = new Int32Array(queries * k).fill(-1);
  const keys = new Float64Array(candidates);
  for (let q = 0; q < queries; q++) {
    const d = data.subarray(q * candidates, (q + 1) * candidates);
    let nearest = Infinity;
    for (const each of d) nearest = Math.min(nearest, each);
    for (let i = 0; i < candidates; i++) {
      // Drawn for masked candidates too, so that a mask does not change the others' noise.
      const noise = gumbel(rng.next());
      keys[i] = t[q] === 0 || d[i] === Infinity ? 0 : (nearest - d[i]!) / t[q]! + noise;
    }
    const order = Array.from(d.keys()).filter((i) => d[i]! < Infinity);
    // Where both keys are −∞ or equal the distance decides: the limit of colder and colder draws.
    order.sort((i, j) => (keys[i] === keys[j] ? d[i]! - d[j]! || i - j : keys[j]! - keys[i]!));
    columns.set(order.slice(0, k), q * k);
  }
  return { columns, queries, k };
}
