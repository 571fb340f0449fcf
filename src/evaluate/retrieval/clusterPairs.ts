import type { Rng } from "../../core/index.ts";

// Mean distances of pairs with the same value and with different values, over all pairs of rows.

/** Mean distance of pairs alike and of pairs unlike, and the one over the other. */
export interface PairMeans {
  /** Mean distance of rows with the same value. */
  readonly same: number;
  /** Mean distance of rows with different values. */
  readonly different: number;
  /** same / different; 1 where both are 0, so that collapsed rows gain nothing. */
  readonly ratio: number;
}

export interface BothMeans {
  /** Over all pairs: values of many rows dominate by the square of their number. */
  readonly micro: PairMeans;
  /** Over the pairs of each value first (different: those with any other value), then over values. */
  readonly macro: PairMeans;
}

/** Distances of all rows to each other, rows of one value beside each other. */
export interface PairTable {
  readonly n: number;
  /** n × n, symmetric, 0 on the diagonal. */
  readonly distances: Float64Array;
  /** Where the rows of each value start; one more at the end, n. */
  readonly starts: Int32Array;
}

const ratioOf = (same: number, different: number): PairMeans => ({
  same,
  different,
  ratio: different === 0 ? 1 : same / different,
});

/**
 * Means under a row order: value c belongs to the rows order[starts[c]] … order[starts[c + 1] − 1].
 *
 * @param weights how often each row is there; pairs of a row with itself do not count
 * @param sums of its distances to all rows, each as often as its weight says
 */
export function meansOf(
  table: PairTable,
  order: ArrayLike<number>,
  weights: Float64Array,
  sums: Float64Array,
): BothMeans {
  const { n, starts } = table;
  const values = starts.length - 1;
  let [same, sameCount, all, allCount] = [0, 0, 0, 0];
  let [macroSame, macroDifferent, counted] = [0, 0, 0];
  const [mass, squares] = masses(weights);
  for (let i = 0; i < n; i++) all += weights[i]! * sums[i]!;
  all /= 2;
  allCount = (mass * mass - squares) / 2;
  for (let c = 0; c < values; c++) {
    const part = withinValue(table, order, weights, sums, c);
    if (part.count === 0) continue;
    same += part.within;
    sameCount += part.count;
    macroSame += part.within / part.count;
    macroDifferent += Math.max(0, part.touching - 2 * part.within) / (part.mass * (mass - part.mass));
    counted++;
  }
  const apart = allCount - sameCount;
  return {
    micro: ratioOf(same / sameCount, Math.max(0, all - same) / apart),
    macro: ratioOf(macroSame / counted, macroDifferent / counted),
  };
}

interface Within {
  /** Sum over pairs in the value. */
  readonly within: number;
  readonly count: number;
  readonly mass: number;
  /** Sum of distances of its rows to all rows. */
  readonly touching: number;
}

function withinValue(
  { n, distances, starts }: PairTable,
  order: ArrayLike<number>,
  weights: Float64Array,
  sums: Float64Array,
  c: number,
): Within {
  let [within, mass, squares, touching] = [0, 0, 0, 0];
  const from = starts[c]!;
  for (let a = from; a < starts[c + 1]!; a++) {
    const i = order[a]!;
    const weight = weights[i]!;
    if (weight === 0) continue;
    let sum = 0;
    for (let b = from; b < a; b++) {
      const j = order[b]!;
      sum += weights[j]! * distances[i * n + j]!;
    }
    within += weight * sum;
    mass += weight;
    squares += weight * weight;
    touching += weight * sums[i]!;
  }
  return { within, count: (mass * mass - squares) / 2, mass, touching };
}

function masses(weights: Float64Array): [number, number] {
  let [mass, squares] = [0, 0];
  for (const weight of weights) {
    mass += weight;
    squares += weight * weight;
  }
  return [mass, squares];
}

/** Sum of the distances of each row to all rows, each as often as its weight says. */
export function weightedSums({ distances, n }: PairTable, weights: Float64Array): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += weights[j]! * distances[i * n + j]!;
    sums[i] = sum;
  }
  return sums;
}

/** How often each of n rows is drawn in n draws with replacement. */
export function drawn(n: number, rng: Rng): Float64Array {
  const times = new Float64Array(n);
  for (let i = 0; i < n; i++) times[rng.below(n)]!++;
  return times;
}

/** Whether two values have rows among those drawn, one of them a pair: without it there is nothing to compare. */
export function comparable({ starts }: PairTable, weights: Float64Array): boolean {
  let [present, paired] = [0, 0];
  for (let c = 0; c + 1 < starts.length; c++) {
    let rows = 0;
    for (let i = starts[c]!; i < starts[c + 1]!; i++) if (weights[i]! > 0) rows++;
    if (rows > 0) present++;
    if (rows > 1) paired++;
  }
  return present > 1 && paired > 0;
}
