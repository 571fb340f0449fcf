import { createRng, permutation, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import {
  type BothMeans,
  comparable,
  drawn,
  meansOf,
  type PairMeans,
  type PairTable,
  weightedSums,
} from "./clusterPairs.ts";
import {
  between,
  checkShared,
  type Distance,
  overProperties,
  type PropertyValues,
  prepared,
  type RatioMeans,
  type Rows,
  usableGroups,
} from "./clusterRows.ts";

export type { PairMeans } from "./clusterPairs.ts";
export type { PropertyValues, RatioMeans } from "./clusterRows.ts";

export interface ClusterRatioOptions {
  /** Values with fewer rows are left out with their rows; default 5. */
  minimum?: number;
  /** Default "unit": Euclidean between rows scaled to unit length; "cosine": 1 − cosine; "euclidean": as they are. */
  distance?: Distance;
  /** Times the values are dealt anew to the rows for the null; default 1000, 0 for none. */
  permutations?: number;
  /** Samples of rows, with replacement, for the interval; default 1000, 0 for none. */
  bootstrap?: number;
  seed?: number;
}

/** Ratios when values say nothing about rows. */
export interface NullRatios {
  readonly mean: number;
  /** The 0.1 % quantile: a ratio above it means little. */
  readonly low: number;
  /** Share of ratios at most the one found, with that one counted among them. */
  readonly p: number;
}

/** A ratio with what it is to be held against; null where no permutations or samples were asked for. */
export interface ClusterRatio extends PairMeans {
  readonly null: NullRatios | null;
  /** Middle 95 % of the ratios of bootstrap samples of rows. */
  readonly interval: readonly [low: number, high: number] | null;
}

export interface PropertyRatios {
  /** Rows with a value that enough rows have. */
  readonly rows: number;
  /** Such values. */
  readonly values: number;
  readonly micro: ClusterRatio;
  /** Each value counts alike: the one to look at first. */
  readonly macro: ClusterRatio;
}

export interface ClusterRatios<P extends string = string> {
  readonly properties: Readonly<Record<P, PropertyRatios>>;
  /** Over properties. */
  readonly micro: RatioMeans;
  readonly macro: RatioMeans;
  /** Of all rows: see {@link effectiveDimension}. A ratio bought by collapse shows here. */
  readonly effectiveDimension: number;
}

const DEFAULTS: Required<ClusterRatioOptions> = {
  minimum: 5,
  distance: "unit",
  permutations: 1000,
  bootstrap: 1000,
  seed: 42,
};

/** Distances of all pairs are kept for the null and the interval, 8 bytes each. */
const MOST_ROWS = 16384;

/**
 * How near rows alike in a property are: mean distance of pairs with the same value over that of pairs with different
 * values, for each property, and the geometric mean over properties. About 1 for rows that ignore it; lower is better.
 * Exact over all pairs. Text is compared trimmed, in lower case, in Unicode NFC and with single spaces.
 *
 * @param rows shape n × d
 * @param properties of each name, one value a row
 * @throws VicinalError BAD_INPUT for a property with fewer than 2 usable values, NOT_FINITE, ZERO_VECTOR, OPTION_RANGE,
 * OPTION_UNKNOWN
 * @remarks n²·d / 2 multiply-adds for each property, and n² for each bootstrap sample and permutation; 8 n² bytes
 */
export function clusterRatio<P extends string>(
  rows: Rows,
  properties: Readonly<Record<P, PropertyValues>>,
  options: ClusterRatioOptions = {},
): ClusterRatios<P> {
  const o = resolveOptions<Required<ClusterRatioOptions>>(DEFAULTS, options);
  checkShared(o);
  wholeNumber("permutations", o.permutations, 0, 1_000_000);
  wholeNumber("bootstrap", o.bootstrap, 0, 1_000_000);
  const points = prepared(rows, o.distance);
  const found = overProperties(properties, (name) => ofProperty(points, rows, name, properties[name], o));
  return { ...found, effectiveDimension: effectiveDimension(rows) };
}

/**
 * How many directions rows spread over: (Σλ)² / Σλ² of the eigenvalues of their covariance. From 1 (a line) to d (a
 * ball); 0 where all rows are equal.
 *
 * @param rows shape n × d
 * @remarks O(n·d²)
 */
export function effectiveDimension(rows: Rows): number {
  const { rows: n, cols: d, data, stride } = rows;
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += data[i * stride + j]!;
  for (let j = 0; j < d; j++) mean[j]! /= n;
  const covariance = new Float64Array(d * d);
  const centred = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) centred[j] = data[i * stride + j]! - mean[j]!;
    for (let j = 0; j < d; j++) {
      for (let l = 0; l < d; l++) covariance[j * d + l]! += centred[j]! * centred[l]!;
    }
  }
  let [trace, squares] = [0, 0];
  for (let j = 0; j < d; j++) trace += covariance[j * d + j]!;
  for (const entry of covariance) squares += entry * entry;
  return squares === 0 ? 0 : (trace * trace) / squares;
}

function ofProperty(
  points: Float64Array,
  rows: Rows,
  name: string,
  values: PropertyValues,
  o: Required<ClusterRatioOptions>,
): PropertyRatios {
  const what = `property ${name}`;
  const groups = usableGroups(values, rows.rows, o.minimum, what);
  const table = tableOf(points, rows.cols, groups, o.distance === "cosine", what);
  const { n } = table;
  const ones = new Float64Array(n).fill(1);
  const sums = weightedSums(table, ones);
  const found = meansOf(table, inOrder(n), ones, sums);
  const dealt: BothMeans[] = [];
  const deal = createRng(o.seed, `cluster ratio null ${name}`);
  for (let t = 0; t < o.permutations; t++) dealt.push(meansOf(table, permutation(n, deal), ones, sums));
  const samples = resampled(table, o.bootstrap, createRng(o.seed, `cluster ratio bootstrap ${name}`));
  const judged = (kind: "micro" | "macro"): ClusterRatio => ({
    ...found[kind],
    null: nullOf(found[kind].ratio, sorted(dealt, kind)),
    interval: intervalOf(sorted(samples, kind)),
  });
  return { rows: n, values: groups.length, micro: judged("micro"), macro: judged("macro") };
}

function resampled(table: PairTable, times: number, rng: ReturnType<typeof createRng>): BothMeans[] {
  const order = inOrder(table.n);
  const samples: BothMeans[] = [];
  for (let t = 0; t < times; t++) {
    const weights = drawn(table.n, rng);
    if (comparable(table, weights))
      samples.push(meansOf(table, order, weights, weightedSums(table, weights)));
  }
  return samples;
}

const inOrder = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

const sorted = (means: readonly BothMeans[], kind: "micro" | "macro"): Float64Array =>
  Float64Array.from(means, (one) => one[kind].ratio).sort();

const quantile = (ascending: Float64Array, q: number): number =>
  ascending[Math.floor(q * (ascending.length - 1))]!;

function nullOf(ratio: number, ascending: Float64Array): NullRatios | null {
  if (ascending.length === 0) return null;
  let [sum, atMost] = [0, 0];
  for (const one of ascending) {
    sum += one;
    if (one <= ratio) atMost++;
  }
  const p = (1 + atMost) / (1 + ascending.length);
  return { mean: sum / ascending.length, low: quantile(ascending, 0.001), p };
}

const intervalOf = (ascending: Float64Array): ClusterRatio["interval"] =>
  ascending.length === 0 ? null : [quantile(ascending, 0.025), quantile(ascending, 0.975)];

function tableOf(
  points: Float64Array,
  d: number,
  groups: readonly number[][],
  cosine: boolean,
  what: string,
): PairTable {
  const rows = groups.flat();
  const n = rows.length;
  if (n > MOST_ROWS) {
    const rule = `at most ${MOST_ROWS}, as all pairs are compared; sampledClusterRatio takes more`;
    throw new VicinalError("BAD_INPUT", { what, got: `given for ${n} rows`, rule });
  }
  const starts = new Int32Array(groups.length + 1);
  groups.forEach((group, c) => {
    starts[c + 1] = starts[c]! + group.length;
  });
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const a = rows[i]! * d;
    for (let j = 0; j < i; j++) {
      const b = rows[j]! * d;
      const distance = between(points, a, b, d, cosine);
      distances[i * n + j] = distance;
      distances[j * n + i] = distance;
    }
  }
  return { n, distances, starts };
}
