import { checkDense, type Dense, identity, multiply, transpose, zeros } from "./dense.ts";
import { qr } from "./qr.ts";

/** A = U · diag(S) · Vᵀ, thin: as many values as the shorter side has. */
export interface Svd {
  /** m × r, columns orthonormal. */
  readonly u: Dense;
  /** Descending, >= 0. */
  readonly s: Float64Array;
  /** r × n, rows orthonormal. */
  readonly vt: Dense;
}

const MOST_SWEEPS = 40;

/**
 * Thin singular value decomposition: QR, then rotations of Jacobi's kind on the small triangle, which find small values to
 * high relative accuracy (Demmel & Veselić 1992, doi:10.1137/0613074).
 *
 * @param a m × n, left as it is
 * @remarks O(m n² + 10 n³) for the shorter side n
 */
export function svd(a: Dense): Svd {
  checkDense(a);
  if (a.rows < a.cols) {
    const { u, s, vt } = svd(transpose(a));
    return { u: transpose(vt), s, vt: transpose(u) };
  }
  const n = a.cols;
  const { q, r } = qr(a);
  // Rows of G are columns of R; J G with orthogonal rows gives R = (rows of J G)ᵀ J.
  const g = transpose(r);
  const j = identity(n);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) if (!sweepOnce(g.data, j.data, n)) break;
  const lengths = Float64Array.from({ length: n }, (_, i) => rowLength(g.data, i * n, n));
  const order = Array.from({ length: n }, (_, i) => i).sort((x, y) => lengths[y]! - lengths[x]! || x - y);
  const s = Float64Array.from(order, (i) => lengths[i]!);
  const small = zeros(n, n);
  const vt = zeros(n, n);
  order.forEach((from, to) => {
    vt.data.set(j.data.subarray(from * n, (from + 1) * n), to * n);
    const length = lengths[from]!;
    for (let k = 0; length > 0 && k < n; k++) small.data[to * n + k] = g.data[from * n + k]! / length;
  });
  completeRows(small, s);
  return { u: multiply(q, transpose(small)), s, vt };
}

/** Rotates every pair of rows of g that is not yet orthogonal, j along with it; false when there was none. */
function sweepOnce(g: Float64Array, j: Float64Array, n: number): boolean {
  let turned = false;
  for (let p = 0; p < n - 1; p++) {
    for (let q = p + 1; q < n; q++) {
      const x = p * n;
      const y = q * n;
      let xx = 0;
      let yy = 0;
      let xy = 0;
      for (let k = 0; k < n; k++) {
        const a = g[x + k]!;
        const b = g[y + k]!;
        xx += a * a;
        yy += b * b;
        xy += a * b;
      }
      if (Math.abs(xy) <= 1e-15 * Math.sqrt(xx * yy) || xy === 0) continue;
      turned = true;
      const zeta = (yy - xx) / (2 * xy);
      const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + t * t);
      turnPair(g, x, y, n, c, c * t);
      turnPair(j, x, y, n, c, c * t);
    }
  }
  return turned;
}

function turnPair(m: Float64Array, x: number, y: number, n: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const a = m[x + k]!;
    const b = m[y + k]!;
    m[x + k] = c * a - s * b;
    m[y + k] = s * a + c * b;
  }
}

function rowLength(m: Float64Array, at: number, n: number): number {
  let largest = 0;
  for (let k = 0; k < n; k++) largest = Math.max(largest, Math.abs(m[at + k]!));
  if (largest === 0) return 0;
  let sum = 0;
  for (let k = 0; k < n; k++) sum += (m[at + k]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Gives rows that belong to zeros a direction across all others. */
function completeRows({ data, rows, cols }: Dense, s: Float64Array): void {
  let axis = 0;
  for (let i = 0; i < rows; i++) {
    // What stands for rounding alone is no direction.
    if (s[i]! > Number.EPSILON * s[0]! * rows) continue;
    for (;;) {
      data.fill(0, i * cols, (i + 1) * cols)[i * cols + axis++] = 1;
      for (let round = 0; round < 2; round++) {
        for (let k = 0; k < i; k++) {
          let inner = 0;
          for (let c = 0; c < cols; c++) inner += data[i * cols + c]! * data[k * cols + c]!;
          for (let c = 0; c < cols; c++) data[i * cols + c]! -= inner * data[k * cols + c]!;
        }
      }
      const length = rowLength(data, i * cols, cols);
      if (length < 0.5 / Math.sqrt(cols)) continue;
      for (let c = 0; c < cols; c++) data[i * cols + c]! /= length;
      break;
    }
  }
}
