import { VicinalError } from "../../core/index.ts";
import { checkDense, type Dense, transpose, zeros } from "./dense.ts";

/** A = Q · R: columns of Q orthonormal, R upper triangular with a diagonal >= 0. */
export interface Qr {
  /** m × n */
  readonly q: Dense;
  /** n × n */
  readonly r: Dense;
}

/**
 * Thin QR decomposition by Householder reflections. Where columns depend on each other R has zeros on its diagonal and Q
 * has orthonormal columns all the same.
 *
 * @param a m × n with m >= n; left as it is
 * @throws VicinalError BAD_INPUT where m < n
 * @remarks O(m n²)
 */
export function qr(a: Dense): Qr {
  checkDense(a);
  const { rows: m, cols: n } = a;
  if (m < n) {
    const rule = "at least as many rows as columns";
    throw new VicinalError("BAD_INPUT", { what: "matrix", got: `${m} × ${n}`, rule });
  }
  // Columns as rows: every loop below runs along memory.
  const work = transpose(a).data;
  const r = zeros(n, n);
  const betas = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    betas[k] = reflector(work, k * m, k, m);
    for (let j = k + 1; j < n; j++) reflect(work, k * m, betas[k]!, work, j * m, k, m);
    // The reflector takes the column's place; what it made of the head was put at the end.
  }
  const q = new Float64Array(n * m);
  for (let j = 0; j < n; j++) q[j * m + j] = 1;
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k; j < n; j++) reflect(work, k * m, betas[k]!, q, j * m, k, m);
  }
  // R = Qᵀ A, from the columns as they were: the upper triangle alone.
  const columns = transpose(a).data;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let t = 0; t < m; t++) sum += q[i * m + t]! * columns[j * m + t]!;
      r.data[i * n + j] = sum;
    }
  }
  for (let i = 0; i < n; i++) {
    if (r.data[i * n + i]! >= 0) continue;
    for (let j = i; j < n; j++) r.data[i * n + j] = -r.data[i * n + j]!;
    for (let t = 0; t < m; t++) q[i * m + t] = -q[i * m + t]!;
  }
  return { q: transpose({ data: q, rows: n, cols: m, stride: m }), r };
}

/** Makes entries from … m−1 of a column the direction of a reflection that clears all but the first; returns 2 / |v|². */
function reflector(x: Float64Array, at: number, from: number, m: number): number {
  let largest = 0;
  for (let i = from; i < m; i++) largest = Math.max(largest, Math.abs(x[at + i]!));
  if (largest === 0) return 0;
  let squares = 0;
  for (let i = from; i < m; i++) {
    x[at + i]! /= largest;
    squares += x[at + i]! * x[at + i]!;
  }
  const length = Math.sqrt(squares);
  const first = x[at + from]!;
  const shifted = first > 0 ? first + length : first - length;
  x[at + from] = shifted;
  return 2 / (squares - first * first + shifted * shifted);
}

function reflect(
  v: Float64Array,
  vAt: number,
  beta: number,
  x: Float64Array,
  xAt: number,
  from: number,
  m: number,
): void {
  if (beta === 0) return;
  let sum = 0;
  for (let i = from; i < m; i++) sum += v[vAt + i]! * x[xAt + i]!;
  sum *= beta;
  for (let i = from; i < m; i++) x[xAt + i]! -= sum * v[vAt + i]!;
}
