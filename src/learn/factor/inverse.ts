import { type Job, VicinalError } from "../../core/index.ts";

/** Columns that are taken in one turn: panels stay in the processor's cache. */
const PANEL = 48;

/**
 * The inverse of a symmetric positive definite matrix (n × n, row-major, both triangles), in place: a blocked Gauss–Jordan
 * sweep of n³ multiplications, without pivots since there is no need of them.
 *
 * @throws VicinalError BAD_INPUT when the matrix is not positive definite to working precision
 */
export function* inverseJob(a: Float64Array, n: number, phase: string): Job<Float64Array> {
  // Sweeping every pivot turns A into −A⁻¹; a panel of pivots is swept on itself first, then applied to all rows.
  const pivots = new Float64Array(PANEL * n);
  const mixed = new Float64Array(PANEL * n);
  for (let from = 0; from < n; from += PANEL) {
    yield { phase, done: from, total: n };
    const p = Math.min(PANEL, n - from);
    const block = new Float64Array(p * p);
    for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) block[i * p + j] = a[(from + i) * n + from + j]!;
    if (!invertSmall(block, p)) {
      throw new VicinalError("BAD_INPUT", {
        what: "the matrix to invert",
        got: `not positive definite near row ${from}`,
        rule: "positive definite; raise the regularization",
      });
    }
    for (let i = 0; i < p; i++) pivots.set(a.subarray((from + i) * n, (from + i + 1) * n), i * n);
    mixed.fill(0);
    for (let i = 0; i < p; i++) {
      for (let k = 0; k < p; k++) addRow(mixed, i * n, pivots, k * n, block[i * p + k]!, n);
    }
    for (let r = 0; r < n; r++) {
      if (r >= from && r < from + p) continue;
      // Rows of the panel hold what the symmetric matrix has in its columns.
      subtractRows(a, r * n, mixed, p, from, n);
      for (let i = 0; i < p; i++) a[r * n + from + i] = mixed[i * n + r]!;
    }
    for (let i = 0; i < p; i++) {
      a.set(mixed.subarray(i * n, (i + 1) * n), (from + i) * n);
      for (let j = 0; j < p; j++) a[(from + i) * n + from + j] = -block[i * p + j]!;
    }
  }
  for (let i = 0; i < n * n; i++) a[i] = -a[i]!;
  return a;
}

/** to[…] += factor · from[…], n numbers. */
function addRow(
  to: Float64Array,
  at: number,
  from: Float64Array,
  source: number,
  factor: number,
  n: number,
): void {
  for (let j = 0; j < n; j++) to[at + j]! += factor * from[source + j]!;
}

/** Subtracts from row `at` of a its own numbers in the panel times the panel's rows; the panel's columns stay. */
function subtractRows(
  a: Float64Array,
  at: number,
  rows: Float64Array,
  p: number,
  from: number,
  n: number,
): void {
  // Four rows at a time: each number is fetched and stored a quarter as often. Rows past the panel count nothing.
  for (let i = 0; i < p; i += 4) {
    const b = a[at + from + i]!;
    const c = i + 1 < p ? a[at + from + i + 1]! : 0;
    const d = i + 2 < p ? a[at + from + i + 2]! : 0;
    const e = i + 3 < p ? a[at + from + i + 3]! : 0;
    const q = i * n;
    for (let side = 0; side < 2; side++) {
      const to = side === 0 ? from : n;
      for (let j = side === 0 ? 0 : from + p; j < to; j++) {
        a[at + j]! -=
          b * rows[q + j]! + c * rows[q + n + j]! + d * rows[q + 2 * n + j]! + e * rows[q + 3 * n + j]!;
      }
    }
  }
}

/** Gauss–Jordan on a small matrix, in place. */
function invertSmall(a: Float64Array, n: number): boolean {
  for (let p = 0; p < n; p++) {
    const d = a[p * n + p]!;
    if (!(d > 0)) return false;
    a[p * n + p] = 1;
    for (let j = 0; j < n; j++) a[p * n + j]! /= d;
    for (let r = 0; r < n; r++) {
      if (r === p) continue;
      const factor = a[r * n + p]!;
      a[r * n + p] = 0;
      for (let j = 0; j < n; j++) a[r * n + j]! -= factor * a[p * n + j]!;
    }
  }
  return true;
}
