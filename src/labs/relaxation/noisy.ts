import type { Rng } from "../../core/index.ts";
import { nearestOf } from "./nearest.ts";

export const WIDTH = 8;
export const TELLING = 2;
export const CLASSES = 4;
/** Standard deviation of the directions that say nothing; those that tell lie in [−1, 1]. */
export const LOUD = 4;

/** Rows of which two directions tell the class and six, much louder, say nothing; no direction is an axis. */
export interface Noisy {
  readonly n: number;
  /** [n, WIDTH], turned. */
  readonly rows: Float64Array;
  /** [n, TELLING]: what tells, before it was turned. */
  readonly telling: Float64Array;
  readonly labels: Int32Array;
}

/** Orthonormal rows, [size, size], of normal vectors by Gram and Schmidt. */
export function rotation(size: number, rng: Rng): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, () => rng.normal());
    for (const other of rows) {
      const along = row.reduce((sum, x, i) => sum + x * other[i]!, 0);
      for (let i = 0; i < size; i++) row[i]! -= along * other[i]!;
    }
    const length = Math.hypot(...row);
    if (length > 1e-3) rows.push(row.map((x) => x / length));
  }
  return rows;
}

/** The class of a place: its quadrant. */
export const quadrant = (x: number, y: number): number => (x < 0 ? 1 : 0) + (y < 0 ? 2 : 0);

/** A row at a place of the telling plane, with fresh noise, turned. */
export function noisyRow(place: ArrayLike<number>, turn: readonly Float64Array[], rng: Rng): Float64Array {
  const row = new Float64Array(WIDTH);
  for (const [i, direction] of turn.entries()) {
    const amount = i < TELLING ? place[i]! : LOUD * rng.normal();
    for (let j = 0; j < WIDTH; j++) row[j]! += amount * direction[j]!;
  }
  return row;
}

export function drawNoisy(n: number, turn: readonly Float64Array[], rng: Rng): Noisy {
  const rows = new Float64Array(n * WIDTH);
  const telling = Float64Array.from({ length: n * TELLING }, () => 2 * rng.next() - 1);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const place = telling.subarray(i * TELLING, (i + 1) * TELLING);
    rows.set(noisyRow(place, turn, rng), i * WIDTH);
    labels[i] = quadrant(place[0]!, place[1]!);
  }
  return { n, rows, telling, labels };
}

/** Rows times a matrix of WIDTH × WIDTH. */
export function mapped(rows: Float64Array, by: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += WIDTH) {
    for (let j = 0; j < WIDTH; j++) {
      const x = rows[i + j]!;
      for (let c = 0; c < WIDTH; c++) out[i + c]! += x * by[j * WIDTH + c]!;
    }
  }
  return out;
}

/** Classes told by the votes of the k nearest, the lowest class among equals. */
export function vote(
  base: Float64Array,
  labels: Int32Array,
  queries: Float64Array,
  width: number,
  k: number,
): Int32Array {
  const told = new Int32Array(queries.length / width);
  for (let q = 0; q < told.length; q++) {
    const votes = new Array<number>(CLASSES).fill(0);
    for (const i of nearestOf(base, queries.subarray(q * width, (q + 1) * width), k)) votes[labels[i]!]!++;
    told[q] = votes.indexOf(Math.max(...votes));
  }
  return told;
}

/** How much louder a telling direction is than a noisy one under a metric: ratio of root mean square lengths. */
export function suppression(by: ArrayLike<number>, turn: readonly Float64Array[]): number {
  const squares = turn.map((direction) => mapped(direction, by).reduce((sum, x) => sum + x * x, 0));
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(mean(squares.slice(0, TELLING)) / mean(squares.slice(TELLING)));
}
