import { oneOf } from "../../core/index.ts";
import { encodePair, type Labels } from "./labels.ts";

/** How the entropies of two partitions are made one number, by which their mutual information is divided. */
export type EntropyAverage = "arithmetic" | "geometric" | "min" | "max";

const AVERAGES: Readonly<Record<EntropyAverage, (a: number, b: number) => number>> = {
  arithmetic: (a, b) => (a + b) / 2,
  geometric: (a, b) => Math.sqrt(a * b),
  min: Math.min,
  max: Math.max,
};

const TINY = Number.EPSILON;

/** How the rows of two partitions meet. */
interface Table {
  readonly n: number;
  /** Sizes of the parts of either. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Rows in both a part of the one and a part of the other, where there are any. */
  readonly cells: readonly { readonly i: number; readonly j: number; readonly count: number }[];
}

/**
 * Mutual information of two partitions over the mean of their entropies: 0 for none, 1 for the same partition.
 *
 * @throws VicinalError BAD_INPUT for lists of different length or none, OPTION_RANGE
 * @remarks O(n); grows with the number of parts even between random partitions: see {@link adjustedMutualInfoScore}
 */
export function normalizedMutualInfoScore(
  labels: Labels,
  clusters: Labels,
  average: EntropyAverage = "arithmetic",
): number {
  oneOf("average", average, Object.keys(AVERAGES) as EntropyAverage[]);
  const table = contingency(labels, clusters);
  if (table.a.length === 1 && table.b.length === 1) return 1;
  const shared = mutualInformation(table);
  if (shared <= TINY) return 0;
  return shared / AVERAGES[average](entropy(table.a, table.n), entropy(table.b, table.n));
}

/**
 * Mutual information of two partitions, adjusted for chance: about 0 between random ones, 1 for the same partition.
 *
 * @throws VicinalError BAD_INPUT, OPTION_RANGE
 * @remarks O(n + Σ over pairs of different part sizes of the smaller)
 * @see Vinh, Epps & Bailey, JMLR 11 (2010)
 */
export function adjustedMutualInfoScore(
  labels: Labels,
  clusters: Labels,
  average: EntropyAverage = "arithmetic",
): number {
  oneOf("average", average, Object.keys(AVERAGES) as EntropyAverage[]);
  const table = contingency(labels, clusters);
  // The same partition, also into single rows, for which what is to be expected is all there is.
  if (table.cells.length === table.a.length && table.cells.length === table.b.length) return 1;
  const expected = expectedMutualInformation(table);
  const most = AVERAGES[average](entropy(table.a, table.n), entropy(table.b, table.n));
  const room = most - expected;
  return (mutualInformation(table) - expected) / (room < 0 ? Math.min(room, -TINY) : Math.max(room, TINY));
}

/**
 * Share of pairs of rows on which two partitions agree, adjusted for chance: about 0 between random ones, 1 for the
 * same partition, never below −0.5.
 *
 * @throws VicinalError BAD_INPUT
 * @see Hubert & Arabie, Journal of Classification 2 (1985)
 */
export function adjustedRandScore(labels: Labels, clusters: Labels): number {
  const { n, a, b, cells } = contingency(labels, clusters);
  const squares = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size * size, 0);
  const both = squares(cells.map(({ count }) => count));
  const onlyB = squares(b) - both;
  const onlyA = squares(a) - both;
  const together = both - n;
  const apart = n * n - onlyA - onlyB - both;
  if (onlyA === 0 && onlyB === 0) return 1;
  const scale = (together + onlyA) * (onlyA + apart) + (together + onlyB) * (onlyB + apart);
  return (2 * (together * apart - onlyA * onlyB)) / scale;
}

function contingency(labels: Labels, clusters: Labels): Table {
  const [x, y] = encodePair(labels, clusters, ["labels", "clusters"]);
  const [a, b, cells] = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
  const width = y.classes.length;
  const count = (of: Map<number, number>, key: number): void => void of.set(key, (of.get(key) ?? 0) + 1);
  for (const [row, i] of x.codes.entries()) {
    const j = y.codes[row]!;
    count(a, i);
    count(b, j);
    count(cells, i * width + j);
  }
  const placeOf = (of: Map<number, number>): Map<number, number> =>
    new Map([...of.keys()].map((key, place) => [key, place]));
  const [rows, columns] = [placeOf(a), placeOf(b)];
  return {
    n: x.codes.length,
    a: [...a.values()],
    b: [...b.values()],
    cells: [...cells].map(([key, of]) => ({
      i: rows.get(Math.floor(key / width))!,
      j: columns.get(key % width)!,
      count: of,
    })),
  };
}

function entropy(sizes: readonly number[], n: number): number {
  if (sizes.length === 1) return 0;
  return -sizes.reduce((sum, size) => sum + (size / n) * (Math.log(size) - Math.log(n)), 0);
}

function mutualInformation({ n, a, b, cells }: Table): number {
  const sum = cells.reduce(
    (total, { i, j, count }) =>
      total + (count / n) * (Math.log(count) + Math.log(n) - Math.log(a[i]!) - Math.log(b[j]!)),
    0,
  );
  return Math.max(0, sum);
}

/** Mutual information to be expected of partitions with parts of these sizes, drawn at random. */
function expectedMutualInformation({ n, a, b }: Table): number {
  const logFactorial = new Float64Array(n + 1);
  for (let i = 2; i <= n; i++) logFactorial[i] = logFactorial[i - 1]! + Math.log(i);
  const f = (i: number): number => logFactorial[i]!;
  let sum = 0;
  // A pair of parts counts by its sizes alone.
  for (const [p, parts] of tally(a)) {
    for (const [q, others] of tally(b)) {
      const fixed = f(p) + f(q) + f(n - p) + f(n - q) - f(n);
      let pair = 0;
      for (let m = Math.max(1, p + q - n); m <= Math.min(p, q); m++) {
        const chance = Math.exp(fixed - f(m) - f(p - m) - f(q - m) - f(n - p - q + m));
        pair += (m / n) * Math.log((n * m) / (p * q)) * chance;
      }
      sum += parts * others * pair;
    }
  }
  return sum;
}

function tally(sizes: readonly number[]): Map<number, number> {
  const out = new Map<number, number>();
  for (const size of sizes) out.set(size, (out.get(size) ?? 0) + 1);
  return out;
}
