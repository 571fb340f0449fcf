import { type Csr, csrTranspose } from "../linalg/csr.ts";

/** Neighbours of each row by nearness, the row itself left out: the shape of `neighborGraph`. */
export interface KnnRows {
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  readonly distances: ArrayLike<number>;
}

export interface Bandwidths {
  readonly sigmas: Float64Array;
  /** Distance of the nearest neighbour that is not at the same place (with local connectivity 1). */
  readonly rhos: Float64Array;
}

const ROUNDS = 64;
const CLOSE_ENOUGH = 1e-5;
/** A bandwidth is at least this share of the mean distance. */
const LEAST_SHARE = 1e-3;

/**
 * ρ and σ of every row: memberships exp(−max(0, d − ρ) / σ) of its neighbours sum to log₂ k, found by bisection (McInnes et al.
 * 2018, algorithm 3). k counts the row itself, as UMAP does, so it is one more than the neighbours given.
 *
 * @param localConnectivity neighbours taken to be connected in full; fractions interpolate
 */
export function smoothDistances(knn: KnnRows, k: number, localConnectivity: number): Bandwidths {
  const rows = knn.offsets.length - 1;
  const sigmas = new Float64Array(rows);
  const rhos = new Float64Array(rows);
  const target = Math.log2(k);
  let total = 0;
  for (let at = 0; at < knn.distances.length; at++) total += knn.distances[at]!;
  const meanOfAll = total / (rows * k);
  for (let i = 0; i < rows; i++) {
    const from = knn.offsets[i]!;
    const to = knn.offsets[i + 1]!;
    const rho = nearest(knn.distances, from, to, localConnectivity);
    rhos[i] = rho;
    let sum = 0;
    for (let at = from; at < to; at++) sum += knn.distances[at]!;
    const floor = LEAST_SHARE * (rho > 0 ? sum / k : meanOfAll);
    sigmas[i] = Math.max(bandwidth(knn.distances, from, to, rho, target), floor);
  }
  return { sigmas, rhos };
}

function nearest(distances: ArrayLike<number>, from: number, to: number, localConnectivity: number): number {
  let first = from;
  while (first < to && !(distances[first]! > 0)) first++;
  const apart = to - first;
  if (apart === 0) return 0;
  if (apart < localConnectivity) return distances[to - 1]!;
  const whole = Math.floor(localConnectivity);
  const rest = localConnectivity - whole;
  if (whole === 0) return rest * distances[first]!;
  const rho = distances[first + whole - 1]!;
  return rest > CLOSE_ENOUGH ? rho + rest * (distances[first + whole]! - rho) : rho;
}

function bandwidth(
  distances: ArrayLike<number>,
  from: number,
  to: number,
  rho: number,
  target: number,
): number {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let sigma = 1;
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0;
    for (let at = from; at < to; at++) {
      const beyond = distances[at]! - rho;
      sum += beyond > 0 ? Math.exp(-beyond / sigma) : 1;
    }
    if (Math.abs(sum - target) < CLOSE_ENOUGH) break;
    if (sum > target) high = sigma;
    else low = sigma;
    sigma = high === Number.POSITIVE_INFINITY ? sigma * 2 : (low + high) / 2;
  }
  return sigma;
}

/** exp(−max(0, d − ρ) / σ) for every neighbour of every row, in the order given. */
export function memberships(knn: KnnRows, { sigmas, rhos }: Bandwidths): Float64Array {
  const out = new Float64Array(knn.ids.length);
  for (let i = 0; i + 1 < knn.offsets.length; i++) {
    for (let at = knn.offsets[i]!; at < knn.offsets[i + 1]!; at++) {
      const beyond = knn.distances[at]! - rhos[i]!;
      out[at] = beyond > 0 ? Math.exp(-beyond / sigmas[i]!) : 1;
    }
  }
  return out;
}

/**
 * The fuzzy set of edges: memberships of both directions joined, mix · (a + b − ab) + (1 − mix) · ab. Symmetric, without a
 * diagonal, columns ascending in each row.
 *
 * @param mix 1 for the union, 0 for the intersection
 */
export function fuzzyUnion(knn: KnnRows, weights: Float64Array, mix: number): Csr {
  const n = knn.offsets.length - 1;
  const back = csrTranspose({ rows: n, cols: n, indptr: knn.offsets, indices: knn.ids, data: weights });
  // Twice transposed: the same, with columns in order.
  const forth = csrTranspose(back);
  const indptr = new Uint32Array(n + 1);
  const indices = new Uint32Array(2 * weights.length);
  const data = new Float64Array(2 * weights.length);
  let end = 0;
  for (let i = 0; i < n; i++) {
    let p = forth.indptr[i]!;
    let q = back.indptr[i]!;
    const pEnd = forth.indptr[i + 1]!;
    const qEnd = back.indptr[i + 1]!;
    while (p < pEnd || q < qEnd) {
      const left = p < pEnd ? forth.indices[p]! : n;
      const right = q < qEnd ? back.indices[q]! : n;
      const j = Math.min(left, right);
      const a = left === j ? forth.data[p++]! : 0;
      const b = right === j ? back.data[q++]! : 0;
      const both = a * b;
      const weight = mix * (a + b - both) + (1 - mix) * both;
      if (j === i || !(weight > 0)) continue;
      indices[end] = j;
      data[end++] = weight;
    }
    indptr[i + 1] = end;
  }
  return { rows: n, cols: n, indptr, indices: indices.slice(0, end), data: data.slice(0, end) };
}

/** Whether every row can be reached from every other along edges. */
export function isConnected({ rows, indptr, indices }: Csr): boolean {
  const seen = new Uint8Array(rows);
  const queue = new Uint32Array(rows);
  let end = rows > 0 ? 1 : 0;
  seen[0] = 1;
  for (let from = 0; from < end; from++) {
    for (let at = indptr[queue[from]!]!; at < indptr[queue[from]! + 1]!; at++) {
      const j = indices[at]!;
      if (seen[j] === 1) continue;
      seen[j] = 1;
      queue[end++] = j;
    }
  }
  return end === rows;
}
