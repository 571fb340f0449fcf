import { VicinalError } from "../../core/index.ts";
import { choleskyFactor } from "../../metrics/mahalanobis.ts";
import { checkDense, type Dense } from "./dense.ts";

/**
 * X with A · X = B for a symmetric positive definite A, by Cholesky's decomposition.
 *
 * @param a n × n
 * @param b n × m, left as it is
 * @throws VicinalError BAD_INPUT where A is not square, not symmetric or not positive definite; DIM_MISMATCH, NOT_FINITE
 * @remarks O(n³ / 3 + n² m)
 */
export function choleskySolve(a: Dense, b: Dense): Dense {
  checkDense(a);
  checkDense(b, "right side");
  const l = choleskyFactor(a);
  const n = a.rows;
  if (b.rows !== n) throw new VicinalError("DIM_MISMATCH", { what: "right side", got: b.rows, want: n });
  for (let i = 0; i < n; i++) {
    if (l[i * n + i]! > 0) continue;
    const rule = "positive definite; add a little to its diagonal";
    throw new VicinalError("BAD_INPUT", { what: "matrix", got: `singular at row ${i}`, rule });
  }
  const m = b.cols;
  const x = new Float64Array(n * m);
  for (let i = 0; i < n; i++) x.set(b.data.subarray(i * b.stride, i * b.stride + m), i * m);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) addRow(x, i * m, x, k * m, m, -l[i * n + k]!);
    scaleRow(x, i * m, m, 1 / l[i * n + i]!);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) addRow(x, i * m, x, k * m, m, -l[k * n + i]!);
    scaleRow(x, i * m, m, 1 / l[i * n + i]!);
  }
  return { data: x, rows: n, cols: m, stride: m };
}

function addRow(x: Float64Array, at: number, y: Float64Array, from: number, m: number, factor: number): void {
  if (factor !== 0) for (let j = 0; j < m; j++) x[at + j]! += factor * y[from + j]!;
}

function scaleRow(x: Float64Array, at: number, m: number, factor: number): void {
  for (let j = 0; j < m; j++) x[at + j]! *= factor;
}
