import { createRng, type Rng, resolveOptions, wholeNumber } from "../../core/index.ts";
import type { PairMeans } from "./clusterPairs.ts";
import { effectiveDimension } from "./clusterRatio.ts";
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

export interface SampledClusterOptions {
  /** Values with fewer rows are left out with their rows; default 5. */
  minimum?: number;
  /** Default "unit": Euclidean between rows scaled to unit length; "cosine": 1 − cosine; "euclidean": as they are. */
  distance?: Distance;
  /** Pairs looked at for each property; default 1,000,000. A value gets 8 of each kind at least. */
  pairs?: number;
  seed?: number;
}

/** An estimate of a ratio over all pairs. */
export interface SampledRatio extends PairMeans {
  /** Of the ratio, by the pairs that were drawn. */
  readonly standardError: number;
  /** Holds the ratio over all pairs 19 times in 20: ± 1.96 standard errors. Says nothing of other rows. */
  readonly interval: readonly [low: number, high: number];
}

export interface SampledPropertyRatios {
  /** Rows with a value that enough rows have. */
  readonly rows: number;
  /** Such values. */
  readonly values: number;
  /** Pairs looked at. */
  readonly pairs: number;
  readonly micro: SampledRatio;
  /** Each value counts alike: the one to look at first. */
  readonly macro: SampledRatio;
}

export interface SampledClusterRatios<P extends string = string> {
  readonly properties: Readonly<Record<P, SampledPropertyRatios>>;
  /** Over properties. */
  readonly micro: RatioMeans;
  readonly macro: RatioMeans;
  /** Of all rows. */
  readonly effectiveDimension: number;
}

const DEFAULTS: Required<SampledClusterOptions> = {
  minimum: 5,
  distance: "unit",
  pairs: 1_000_000,
  seed: 42,
};

/** A spread needs a few pairs. */
const LEAST_PAIRS = 8;

/**
 * The cluster ratio by pairs drawn at random: for more rows than all pairs of them can be compared. As many are drawn of
 * each value, half with a row of the same value and half with one of another; where a value has fewer pairs of its own, all
 * of these are taken.
 *
 * @param rows shape n × d
 * @param properties of each name, one value a row
 * @throws VicinalError as {@link clusterRatio} does
 * @remarks `pairs`·d multiply-adds for each property; 8·n·d bytes
 */
export function sampledClusterRatio<P extends string>(
  rows: Rows,
  properties: Readonly<Record<P, PropertyValues>>,
  options: SampledClusterOptions = {},
): SampledClusterRatios<P> {
  const o = resolveOptions<Required<SampledClusterOptions>>(DEFAULTS, options);
  checkShared(o);
  wholeNumber("pairs", o.pairs, 1, Number.MAX_SAFE_INTEGER);
  const points = prepared(rows, o.distance);
  const place = (row: number): number => row * rows.cols;
  const distance = (a: number, b: number): number =>
    between(points, place(a), place(b), rows.cols, o.distance === "cosine");
  const found = overProperties(properties, (name) => {
    const groups = usableGroups(properties[name], rows.rows, o.minimum, `property ${name}`);
    return ofGroups(groups, distance, o.pairs, createRng(o.seed, `cluster ratio pairs ${name}`));
  });
  return { ...found, effectiveDimension: effectiveDimension(rows) };
}

/** Mean of the distances of a value's pairs, and its variance by the draw: 0 where all were taken. */
interface Estimate {
  readonly mean: number;
  readonly variance: number;
}

type DistanceOf = (a: number, b: number) => number;

function ofGroups(
  groups: readonly number[][],
  distance: DistanceOf,
  pairs: number,
  rng: Rng,
): SampledPropertyRatios {
  const each = Math.max(LEAST_PAIRS, Math.floor(pairs / (2 * groups.length)));
  const rows = groups.flat();
  let [start, taken] = [0, 0];
  const [same, different]: [Estimate[], Estimate[]] = [[], []];
  for (const group of groups) {
    const own = (group.length * (group.length - 1)) / 2;
    same.push(own <= each ? allWithin(group, distance) : drawnWithin(group, distance, each, rng));
    different.push(drawnBetween(rows, start, start + group.length, distance, each, rng));
    taken += Math.min(own, each) + each;
    start += group.length;
  }
  const equal = groups.map(() => 1);
  const within = groups.map(({ length }) => (length * (length - 1)) / 2);
  const across = groups.map(({ length }) => length * (rows.length - length));
  return {
    rows: rows.length,
    values: groups.length,
    pairs: taken,
    micro: ratioOf(weighted(same, within), weighted(different, across)),
    macro: ratioOf(weighted(same, equal), weighted(different, equal)),
  };
}

function allWithin(group: readonly number[], distance: DistanceOf): Estimate {
  let sum = 0;
  for (let i = 0; i < group.length; i++) {
    for (let j = 0; j < i; j++) sum += distance(group[i]!, group[j]!);
  }
  return { mean: sum / ((group.length * (group.length - 1)) / 2), variance: 0 };
}

function drawnWithin(group: readonly number[], distance: DistanceOf, count: number, rng: Rng): Estimate {
  return drawnMean(count, () => {
    const i = rng.below(group.length);
    const j = rng.below(group.length - 1);
    return distance(group[i]!, group[j < i ? j : j + 1]!);
  });
}

/** Of rows from `start` to `end` with others. */
function drawnBetween(
  rows: readonly number[],
  start: number,
  end: number,
  distance: DistanceOf,
  count: number,
  rng: Rng,
): Estimate {
  const size = end - start;
  return drawnMean(count, () => {
    const i = start + rng.below(size);
    const j = rng.below(rows.length - size);
    return distance(rows[i]!, rows[j < start ? j : j + size]!);
  });
}

function drawnMean(count: number, draw: () => number): Estimate {
  let [mean, squares] = [0, 0];
  for (let t = 1; t <= count; t++) {
    const value = draw();
    const step = value - mean;
    mean += step / t;
    squares += step * (value - mean);
  }
  return { mean, variance: squares / (count - 1) / count };
}

function weighted(of: readonly Estimate[], weights: readonly number[]): Estimate {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let [mean, variance] = [0, 0];
  for (const [i, one] of of.entries()) {
    const share = weights[i]! / total;
    mean += share * one.mean;
    variance += share * share * one.variance;
  }
  return { mean, variance };
}

/** The error of a quotient of two independent means, to first order. */
function ratioOf(same: Estimate, different: Estimate): SampledRatio {
  const ratio = different.mean === 0 ? 1 : same.mean / different.mean;
  const standardError =
    different.mean === 0 ? 0 : Math.sqrt(same.variance + ratio * ratio * different.variance) / different.mean;
  return {
    same: same.mean,
    different: different.mean,
    ratio,
    standardError,
    interval: [ratio - 1.96 * standardError, ratio + 1.96 * standardError],
  };
}
