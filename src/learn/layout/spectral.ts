import { createRng, type Job } from "../../core/index.ts";
import type { Csr } from "../linalg/csr.ts";
import { type Dense, zeros } from "../linalg/dense.ts";
import { symmetricEigen } from "../linalg/eigen.ts";

/** Basis vectors of one round, and rounds at most. */
const BASIS = 80;
const ROUNDS = 4;
/** A residual this small is more than a start for a layout needs. */
const TOLERANCE = 1e-4;

/**
 * The smoothest functions on a connected graph: eigenvectors of D^(−1/2) W D^(−1/2) after the trivial first, largest values
 * first (Laplacian eigenmaps), by Lanczos's method with all of the basis kept orthogonal, restarted with the best found.
 *
 * @returns n × m
 * @remarks O(n · 80²) a round beside 80 products with W
 */
export function* spectralLayout(graph: Csr, m: number, seed: number): Job<Dense> {
  const n = graph.rows;
  const scaled = normalised(graph);
  const trivial = rootsOfDegree(graph);
  const size = Math.min(BASIS, n - 1);
  const rng = createRng(seed, "spectral");
  let start: Float64Array = Float64Array.from({ length: n }, () => rng.normal());
  let found: Ritz | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    found = yield* lanczos(scaled, trivial, start, size, m, round);
    if (found.residual < TOLERANCE) break;
    start = new Float64Array(n);
    for (let c = 0; c < m; c++) for (let i = 0; i < n; i++) start[i]! += found.vectors.data[c * n + i]!;
  }
  const out = zeros(n, m);
  for (let c = 0; c < m; c++) {
    // D^(−1/2) u would weigh rows of few edges more; UMAP takes u itself, and so does this.
    for (let i = 0; i < n; i++) out.data[i * m + c] = found!.vectors.data[c * n + i]!;
  }
  return out;
}

interface Ritz {
  /** m × n */
  readonly vectors: Dense;
  readonly residual: number;
}

function* lanczos(
  a: Csr,
  trivial: Float64Array,
  start: Float64Array,
  size: number,
  m: number,
  round: number,
): Job<Ritz> {
  const n = a.rows;
  const basis: Float64Array[] = [];
  const alpha: number[] = [];
  const beta: number[] = [];
  let v: Float64Array = start.slice();
  clear(v, [trivial]);
  unit(v);
  for (let k = 0; k < size; k++) {
    basis.push(v);
    const w = product(a, v);
    alpha.push(dot(w, v));
    clear(w, [trivial, ...basis]);
    const length = unit(w);
    beta.push(length);
    if ((k & 7) === 0) yield { phase: "spectral start", done: round * size + k, total: ROUNDS * size };
    // Nothing is left outside of what the basis spans.
    if (length < 1e-12) break;
    v = w;
  }
  const k = basis.length;
  const t = zeros(k, k);
  for (let i = 0; i < k; i++) {
    t.data[i * k + i] = alpha[i]!;
    if (i > 0) t.data[i * k + i - 1] = beta[i - 1]!;
  }
  const { vectors: s } = symmetricEigen(t);
  const vectors = zeros(m, n);
  let residual = 0;
  for (let c = 0; c < Math.min(m, k); c++) {
    const to = vectors.data.subarray(c * n, (c + 1) * n);
    basis.forEach((u, i) => {
      const weight = s.data[c * k + i]!;
      for (let j = 0; j < n; j++) to[j]! += weight * u[j]!;
    });
    residual = Math.max(residual, Math.abs(beta[k - 1]! * s.data[c * k + k - 1]!));
  }
  return { vectors, residual };
}

function rootsOfDegree({ rows, indptr, data }: Csr): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) for (let at = indptr[i]!; at < indptr[i + 1]!; at++) out[i]! += data[at]!;
  for (let i = 0; i < rows; i++) out[i] = Math.sqrt(out[i]!);
  unit(out);
  return out;
}

function normalised(graph: Csr): Csr {
  const degree = new Float64Array(graph.rows);
  const { indptr, indices } = graph;
  for (let i = 0; i < graph.rows; i++) {
    for (let at = indptr[i]!; at < indptr[i + 1]!; at++) degree[i]! += graph.data[at]!;
  }
  const data = graph.data.slice();
  for (let i = 0; i < graph.rows; i++) {
    for (let at = indptr[i]!; at < indptr[i + 1]!; at++)
      data[at]! /= Math.sqrt(degree[i]! * degree[indices[at]!]!);
  }
  return { ...graph, data };
}

function product({ rows, indptr, indices, data }: Csr, x: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let at = indptr[i]!; at < indptr[i + 1]!; at++) sum += data[at]! * x[indices[at]!]!;
    out[i] = sum;
  }
  return out;
}

/** Takes the parts along the unit vectors out of x, twice, so that rounding leaves none. */
function clear(x: Float64Array, units: readonly Float64Array[]): void {
  for (let round = 0; round < 2; round++) {
    for (const u of units) {
      const along = dot(x, u);
      for (let i = 0; i < x.length; i++) x[i]! -= along * u[i]!;
    }
  }
}

function unit(x: Float64Array): number {
  const length = Math.sqrt(dot(x, x));
  if (length > 0) for (let i = 0; i < x.length; i++) x[i]! /= length;
  return length;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
