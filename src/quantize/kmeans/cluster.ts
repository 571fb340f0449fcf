import { createRng, permutation, type Rng } from "../../core/index.ts";
import type { Space } from "../../kernels/space.ts";
import type { Tasks } from "../../kernels/task.ts";
import { type CentroidTable, type Report, type RowsInSpace, threadAddresses } from "./centroids.ts";
import { Seeker } from "./seek.ts";

export type KMeansInit = "k-means++" | "sample";

export interface ClusterOptions {
  readonly k: number;
  readonly iterations: number;
  readonly seed: number;
  readonly init: KMeansInit;
  /** Lists are made alike in size, at some cost in distance. */
  readonly balanced: boolean;
  readonly threads: number;
  /** Rows choose once more when the centroids are final, which costs as much as a round. Default false. */
  readonly assign?: boolean;
}

export interface ClusterFacts {
  /** Rounds run; fewer than asked for where nothing changed any more. */
  readonly iterations: number;
  /** Sum over the rows of the rank of their centroid in the last round, before its centroids moved. */
  readonly inertia: number;
  /** Centroids that had lost all rows and were put beside another. */
  readonly repaired: number;
  /** Where asked for: the centroid of each row, and the sum of their ranks. */
  readonly assigned?: { readonly assignments: Uint32Array; readonly inertia: number };
}

/** A centroid without rows takes half of another's: both are moved by so much, in opposite directions. */
const NUDGE = 1 / 1024;
/** Rounds before which the range of codes is learnt: centroids begin as rows, move much in the first round, little later. */
const LEARNT = 2;
/** Balanced clusters: those of less than this share of the mean move beside those of more than its inverse. */
const SMALL = 0.5;
/** Share of the rounds in which they do; the others let centroids settle. */
const BALANCING = 0.75;

/** Numbers that a call of few instructions each goes through: a few milliseconds. */
const CALL_SUMS = 1 << 20;

const CHOICE = { chosen: "kmChosen", ranks: "kmRanks", order: "kmOrder", starts: "kmStarts" } as const;
const SECTIONS = [...Object.values(CHOICE), "kmScratch"];

/**
 * Lloyd's k-means over rows in a space, at least k of them; the centroids are left in `table`, packed. For inner product
 * they have length 1 and rows choose by the largest product (spherical k-means). Sums are made in the order of rows and in
 * float64, and choices are those of strict distances, so that the outcome is the same for any number of threads.
 */
export function* cluster(
  space: Space,
  table: CentroidTable,
  rows: RowsInSpace,
  options: ClusterOptions,
): Tasks<ClusterFacts> {
  const { k, iterations, seed, threads } = options;
  const n = rows.rows;
  const seeker = new Seeker(space, table);
  try {
    table.setCount(k);
    space.set({
      kmChosen: n * 4,
      kmRanks: n * 4,
      kmOrder: n * 4,
      kmStarts: (k + 1) * 4,
      kmScratch: table.scratchBytes * threads,
    });
    const rng = createRng(seed, "k-means");
    if (options.init === "sample") takeSample(space, table, rows, rng);
    else yield* spread(space, table, rows, rng, threads);

    let inertia = Number.POSITIVE_INFINITY;
    let repaired = 0;
    let round = 0;
    while (round < iterations) {
      const report = { phase: "k-means", done: round * n, of: iterations * n };
      const before = inertia;
      yield* chooseNearest(table, seeker, rows, threads, round, report);
      inertia = sumOf(space.f32("kmRanks"));
      yield* means(space, table, rows, threads, { ...report, done: report.done + n, adds: 0 });
      const balancing = options.balanced && round < BALANCING * iterations;
      const moved = repairSmall(space, table, rng, balancing ? SMALL * (n / k) : 0);
      repaired += moved;
      round++;
      if (inertia === before && moved === 0) break;
    }
    table.pack();
    if (!options.assign) return { iterations: round, inertia, repaired };
    yield* chooseNearest(table, seeker, rows, threads, round, { phase: "assign", done: 0, of: n });
    const assignments = space.u32("kmChosen").slice(0, n);
    const assigned = { assignments, inertia: sumOf(space.f32("kmRanks")) };
    return { iterations: round, inertia, repaired, assigned };
  } finally {
    if (!space.engine.disposed) {
      seeker.release();
      space.set(Object.fromEntries(SECTIONS.map((name) => [name, 0])));
    }
  }
}

/** All rows choose, from the centroids of the last round if there was one. */
function* chooseNearest(
  table: CentroidTable,
  seeker: Seeker,
  rows: RowsInSpace,
  threads: number,
  round: number,
  report: Report,
): Tasks<void> {
  if (seeker.serves(rows.rows)) {
    seeker.code(threads, round < LEARNT);
    yield* seeker.choose(rows, CHOICE, threads, round > 0, report);
  } else {
    table.pack();
    yield* table.choose(rows, CHOICE, "kmScratch", threads, report);
  }
}

/** Centroids become the means of their rows. */
function* means(
  space: Space,
  table: CentroidTable,
  rows: RowsInSpace,
  threads: number,
  report: Report,
): Tasks<void> {
  const at = table.choice(rows, CHOICE);
  space.engine.exports.kmeansSort(table.prepare(), at, rows.rows);
  yield {
    fn: "kmeansMeans",
    scratch: threadAddresses(space.ptr("kmScratch"), table.scratchBytes, threads),
    args: [table.prepare(), at],
    total: table.k,
    chunk: Math.max(1, Math.floor(CALL_SUMS / ((rows.rows / table.k) * table.dimension))),
    ...report,
  };
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

function copyRow(space: Space, table: CentroidTable, rows: RowsInSpace, i: number, j: number): void {
  const { u8 } = space.engine;
  const from = space.ptr(rows.section) + (rows.offset ?? 0) + i * rows.stride;
  u8.copyWithin(space.ptr(table.section) + j * table.stride, from, from + table.stride);
  if (table.ip) toUnit(space, table, j);
}

function toUnit(space: Space, table: CentroidTable, j: number): void {
  const at = (j * table.stride) / 4;
  const row = space.f32(table.section).subarray(at, at + table.dimension);
  let square = 0;
  for (const x of row) square += x * x;
  if (square === 0) return;
  const scale = 1 / Math.sqrt(square);
  for (let i = 0; i < row.length; i++) row[i]! *= scale;
}

/** k rows drawn by the seed. */
function takeSample(space: Space, table: CentroidTable, rows: RowsInSpace, rng: Rng): void {
  const order = permutation(rows.rows, rng);
  for (let j = 0; j < table.k; j++) copyRow(space, table, rows, order[j]!, j);
}

/**
 * k-means++ (Arthur & Vassilvitskii, SODA 2007): each centroid is a row drawn with a probability proportional to its squared
 * distance from those before it. Costs as many distances as a round, one at a time.
 */
function* spread(
  space: Space,
  table: CentroidTable,
  rows: RowsInSpace,
  rng: Rng,
  threads: number,
): Tasks<void> {
  const n = rows.rows;
  space.f32("kmRanks").fill(Number.POSITIVE_INFINITY);
  copyRow(space, table, rows, rng.below(n), 0);
  for (let j = 0; j + 1 < table.k; j++) {
    yield {
      fn: "kmeansNear",
      scratch: threadAddresses(0, 0, threads),
      args: [table.prepare(), table.choice(rows, CHOICE), j],
      total: n,
      chunk: Math.max(1, Math.floor(CALL_SUMS / table.dimension)),
      phase: "k-means++",
      done: j,
      of: table.k,
      adds: 1,
    };
    copyRow(space, table, rows, drawByWeight(space.f32("kmRanks"), rng), j + 1);
  }
}

/** A place drawn with a probability proportional to its weight; any place where all weights are 0. */
function drawByWeight(weights: Float32Array, rng: Rng): number {
  const total = sumOf(weights);
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) return rng.below(weights.length);
  let left = rng.next() * total;
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return weights.length - 1;
}

/**
 * Centroids without rows (or with less than `least`) go beside others, which are drawn with a probability proportional to
 * their rows beyond one (or beyond what would leave two of at least that size), and take half of these. Returns how many.
 */
function repairSmall(space: Space, table: CentroidTable, rng: Rng, least: number): number {
  const { k, stride, dimension } = table;
  const starts = space.u32("kmStarts");
  const sizes = Float32Array.from({ length: k }, (_, j) => starts[j + 1]! - starts[j]!);
  const spare = Math.max(1, 4 * least);
  const centroids = space.f32(table.section);
  let moved = 0;
  for (let j = 0; j < k; j++) {
    if (sizes[j]! > 0 && sizes[j]! >= least) continue;
    const weights = sizes.map((size) => Math.max(0, size - spare));
    // Without anyone to take from, a small cluster stays, and an empty one may stand anywhere.
    if (sizes[j]! > 0 && !weights.some((weight) => weight > 0)) continue;
    const donor = drawByWeight(weights, rng);
    const from = (donor * stride) / 4;
    const to = (j * stride) / 4;
    for (let i = 0; i < dimension; i++) {
      const x = centroids[from + i]!;
      const sign = i % 2 === 0 ? 1 : -1;
      centroids[to + i] = x * (1 + sign * NUDGE);
      centroids[from + i] = x * (1 - sign * NUDGE);
    }
    if (table.ip) {
      toUnit(space, table, j);
      toUnit(space, table, donor);
    }
    sizes[j] = sizes[donor]! / 2;
    sizes[donor]! /= 2;
    moved++;
  }
  return moved;
}
