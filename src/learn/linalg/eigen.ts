import { type Job, runSync, VicinalError } from "../../core/index.ts";
import { checkDense, type Dense, identity } from "./dense.ts";

/** Eigenvalues, descending, and their eigenvectors of length one, as rows. */
export interface Eigen {
  readonly values: Float64Array;
  /** n × n: row i belongs to value i. Signs: the component largest in size is positive. */
  readonly vectors: Dense;
}

/** Sweeps of the QL method for one value; it takes two or so. */
const MOST_SWEEPS = 60;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix: Householder reflections to three diagonals, then the QL method
 * with implicit shifts (Golub & Van Loan, Matrix Computations, §8.3). Only what is on and below the diagonal is read.
 *
 * @param a n × n, left as it is
 * @throws VicinalError BAD_INPUT unless square and finite
 * @remarks O(n³): about 1 s for n = 784, one core
 */
export function symmetricEigen(a: Dense): Eigen {
  checkDense(a);
  return runSync(symmetricEigenJob(a));
}

/** The same as a job that yields now and then. */
export function* symmetricEigenJob(a: Dense): Job<Eigen> {
  const n = a.rows;
  if (a.cols !== n || n === 0) {
    const rule = "square, of at least one row";
    throw new VicinalError("BAD_INPUT", { what: "matrix", got: `${n} × ${a.cols}`, rule });
  }
  const work = new Float64Array(n * n);
  let scale = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = a.data[i * a.stride + j]!;
      if (!Number.isFinite(value)) {
        throw new VicinalError("NOT_FINITE", { what: "matrix", row: i, column: j, got: value });
      }
      scale = Math.max(scale, Math.abs(value));
      work[i * n + j] = value;
      work[j * n + i] = value;
    }
  }
  if (scale === 0) return { values: new Float64Array(n), vectors: identity(n) };
  // Entries about one: squares neither overflow nor vanish.
  for (let i = 0; i < work.length; i++) work[i]! /= scale;
  const diagonal = new Float64Array(n);
  const off = new Float64Array(n);
  const vectors = yield* tridiagonalise(work, n, diagonal, off);
  yield* implicitQl(diagonal, off, vectors, n);
  return sorted(diagonal, vectors, n, scale);
}

/** Reflects to a diagonal and the one below (`off[i]` between i and i + 1); returns the product of reflections, transposed. */
function* tridiagonalise(
  a: Float64Array,
  n: number,
  diagonal: Float64Array,
  off: Float64Array,
): Job<Float64Array> {
  const betas = new Float64Array(n);
  const w = new Float64Array(n);
  // The reflector of column k stays in row k, from k + 1 on.
  for (let k = 0; k < n - 2; k++) {
    const top = k * n;
    let squares = 0;
    for (let i = k + 2; i < n; i++) squares += a[top + i]! * a[top + i]!;
    const first = a[top + k + 1]!;
    if (squares === 0) {
      off[k] = first;
      continue;
    }
    const length = Math.sqrt(first * first + squares);
    const to = first > 0 ? -length : length;
    off[k] = to;
    a[top + k + 1] = first - to;
    const beta = 2 / ((first - to) * (first - to) + squares);
    betas[k] = beta;
    reflectBothSides(a, n, k, beta, w);
    if ((k & 15) === 0) yield { phase: "eigenvectors", done: k, total: 3 * n };
  }
  if (n > 1) off[n - 2] = a[(n - 2) * n + n - 1]!;
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i]!;
  // Q = H₀ H₁ …, transposed, from the last on: only the trailing block is other than the identity.
  const q = identity(n).data;
  for (let k = n - 3; k >= 0; k--) {
    if (betas[k] !== 0) reflectColumns(a, q, n, k, betas[k]!);
    if ((k & 15) === 0) yield { phase: "eigenvectors", done: 2 * n - k, total: 3 * n };
  }
  return q;
}

/** A ← H A H on rows and columns k + 1 …, by a symmetric update of rank two. */
function reflectBothSides(a: Float64Array, n: number, k: number, beta: number, w: Float64Array): void {
  const v = k * n;
  w.fill(0, k + 1, n);
  // Only what is on and above the diagonal is kept: half of the products, half of the memory.
  for (let i = k + 1; i < n; i++) {
    const row = i * n;
    const vi = a[v + i]!;
    let sum = a[row + i]! * vi;
    for (let j = i + 1; j < n; j++) {
      const value = a[row + j]!;
      sum += value * a[v + j]!;
      w[j]! += value * vi;
    }
    w[i]! += sum;
  }
  let inner = 0;
  for (let i = k + 1; i < n; i++) {
    w[i]! *= beta;
    inner += w[i]! * a[v + i]!;
  }
  const half = (beta * inner) / 2;
  for (let i = k + 1; i < n; i++) w[i]! -= half * a[v + i]!;
  for (let i = k + 1; i < n; i++) {
    const row = i * n;
    const vi = a[v + i]!;
    const wi = w[i]!;
    for (let j = i; j < n; j++) a[row + j]! -= vi * w[j]! + wi * a[v + j]!;
  }
}

/** Q ← H Q on the trailing block, with Q held transposed: each row r of it becomes r − β (r · v) v. */
function reflectColumns(a: Float64Array, q: Float64Array, n: number, k: number, beta: number): void {
  const v = k * n;
  for (let i = k + 1; i < n; i++) {
    const row = i * n;
    let sum = 0;
    for (let j = k + 1; j < n; j++) sum += q[row + j]! * a[v + j]!;
    sum *= beta;
    for (let j = k + 1; j < n; j++) q[row + j]! -= sum * a[v + j]!;
  }
}

/** Diagonalises; turns rows of z along. */
function* implicitQl(d: Float64Array, e: Float64Array, z: Float64Array, n: number): Job<void> {
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < n - 1) {
        const size = Math.abs(d[m]!) + Math.abs(d[m + 1]!);
        if (Math.abs(e[m]!) <= Number.EPSILON * size || Math.abs(e[m]!) < 1e-300) break;
        m++;
      }
      if (m === l) break;
      if (sweep === MOST_SWEEPS) {
        const rule = "one whose eigenvalues can be found in 60 sweeps each";
        throw new VicinalError("BAD_INPUT", { what: "matrix", got: `${n} × ${n}`, rule });
      }
      qlSweep(d, e, z, n, l, m);
    }
    if ((l & 7) === 0) yield { phase: "eigenvectors", done: 2 * n + l, total: 3 * n };
  }
}

/** One sweep from m down to l, with the shift that the block at l suggests. */
function qlSweep(d: Float64Array, e: Float64Array, z: Float64Array, n: number, l: number, m: number): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = hypotenuse(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  let i = m - 1;
  for (; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = hypotenuse(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      break;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    turnRows(z, i * n, n, s, c);
  }
  if (i >= l) return;
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

function turnRows(z: Float64Array, low: number, n: number, s: number, c: number): void {
  const high = low + n;
  for (let k = 0; k < n; k++) {
    const x = z[low + k]!;
    const y = z[high + k]!;
    z[high + k] = s * x + c * y;
    z[low + k] = c * x - s * y;
  }
}

/** √(a² + b²) of numbers about one; the same on every engine, which Math.hypot is not. */
function hypotenuse(a: number, b: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  const large = x > y ? x : y;
  if (large === 0) return 0;
  const ratio = (x > y ? y : x) / large;
  return large * Math.sqrt(1 + ratio * ratio);
}

function sorted(diagonal: Float64Array, z: Float64Array, n: number, scale: number): Eigen {
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => diagonal[b]! - diagonal[a]! || a - b);
  const data = new Float64Array(n * n);
  order.forEach((from, to) => {
    data.set(z.subarray(from * n, (from + 1) * n), to * n);
  });
  const vectors = { data, rows: n, cols: n, stride: n };
  flipRows(vectors);
  return { values: Float64Array.from(order, (i) => diagonal[i]! * scale), vectors };
}

/**
 * Gives each row the sign that makes its largest component (in size; the first of equals) positive, as scikit-learn's
 * `svd_flip(u_based_decision=False)` does. Returns the signs given.
 */
export function flipRows({ data, rows, cols, stride }: Dense): Float64Array {
  const signs = new Float64Array(rows).fill(1);
  for (let i = 0; i < rows; i++) {
    let best = i * stride;
    for (let at = best; at < i * stride + cols; at++) {
      if (Math.abs(data[at]!) > Math.abs(data[best]!)) best = at;
    }
    if (data[best]! >= 0) continue;
    signs[i] = -1;
    for (let at = i * stride; at < i * stride + cols; at++) data[at] = -data[at]!;
  }
  return signs;
}
