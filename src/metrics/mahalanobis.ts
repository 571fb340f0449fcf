import { type Matrix, VicinalError } from "../core/index.ts";
import type { DistanceFunction } from "./distances.ts";
import { checkPair, checkVector, type Vector } from "./vector.ts";

/** A square matrix: rows of numbers, or a {@link Matrix}. */
export type SquareMatrix = Matrix<Float32Array> | Matrix<Float64Array> | readonly (readonly number[])[];

/** A Mahalanobis distance and the linear map that turns it into a Euclidean one. */
export interface Mahalanobis {
  /** √((a − b)ᵀ M (a − b)). Throws DIM_MISMATCH, NOT_FINITE, BAD_INPUT. */
  readonly distance: DistanceFunction;
  /** Maps v so that l2 of mapped vectors is the distance: index these under l2. A new Float64Array. */
  transform(v: Vector): Float64Array;
}

/**
 * The Mahalanobis distance of a symmetric positive semi-definite matrix M, usually the inverse of a
 * covariance matrix (pass the inverse, not the covariance).
 *
 * @param m d × d
 * @throws VicinalError BAD_INPUT unless square, symmetric to 1e-6 of its largest entry, positive
 *   semi-definite; NOT_FINITE
 * @remarks O(d³) once, by Cholesky's decomposition M = L·Lᵀ; then O(d²) a distance
 */
export function mahalanobis(m: SquareMatrix): Mahalanobis {
  const factor = choleskyFactor(m);
  const d = Math.sqrt(factor.length);

  /** Lᵀ·x. */
  const apply = (x: ArrayLike<number>): Float64Array => {
    if (x.length !== d) throw new VicinalError("DIM_MISMATCH", { what: "vector", got: x.length, want: d });
    const out = new Float64Array(d);
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let i = j; i < d; i++) sum += factor[i * d + j]! * x[i]!;
      out[j] = sum;
    }
    return out;
  };

  return {
    distance(a, b) {
      const [x, y] = checkPair(a, b);
      const mapped = apply(Float64Array.from(x, (value, i) => value - y[i]!));
      return Math.sqrt(mapped.reduce((sum, value) => sum + value * value, 0));
    },
    transform: (v) => apply(checkVector(v, "vector")),
  };
}

/**
 * The lower triangular L with M = L·Lᵀ, d × d and row-major. Throws like {@link mahalanobis}.
 */
export function choleskyFactor(m: SquareMatrix): Float64Array {
  const { values, d } = squareValues(m);
  return cholesky(values, d);
}

/** Row-major copy of a symmetric matrix, checked; (M + Mᵀ)/2 takes out what rounding left. */
function squareValues(m: SquareMatrix): { values: Float64Array; d: number } {
  const isMatrix = "data" in m;
  const d = isMatrix ? m.rows : m.length;
  const rows = Array.from({ length: d }, (_, i) =>
    isMatrix ? m.data.subarray(i * m.stride, i * m.stride + m.cols) : m[i]!,
  );
  const odd = rows.find((row) => row.length !== d);
  if (d === 0 || odd !== undefined) {
    throw new VicinalError("BAD_INPUT", {
      what: "matrix",
      got: `${d} rows of ${odd?.length ?? 0}`,
      rule: "square",
    });
  }
  const checked = rows.map((row, i) => checkVector(row, `matrix row ${i}`));
  let largest = 0;
  for (const row of checked) for (let j = 0; j < d; j++) largest = Math.max(largest, Math.abs(row[j]!));
  const values = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const [above, below] = [checked[i]![j]!, checked[j]![i]!];
      if (Math.abs(above - below) > 1e-6 * largest) {
        throw new VicinalError("BAD_INPUT", {
          what: `matrix entry (${i}, ${j})`,
          got: `${above}, and (${j}, ${i}) is ${below}`,
          rule: "symmetric",
        });
      }
      values[i * d + j] = (above + below) / 2;
    }
  }
  return { values, d };
}

/** Lower L with M = L·Lᵀ; pivots within rounding of zero make a zero column. */
function cholesky(m: Float64Array, d: number): Float64Array {
  const l = new Float64Array(d * d);
  let trace = 0;
  for (let i = 0; i < d; i++) trace += Math.abs(m[i * d + i]!);
  const tolerance = 1e-9 * trace;
  for (let j = 0; j < d; j++) {
    let pivot = m[j * d + j]!;
    for (let k = 0; k < j; k++) pivot -= l[j * d + k]! ** 2;
    if (pivot < -tolerance) throw notPositive(pivot);
    const root = pivot > tolerance ? Math.sqrt(pivot) : 0;
    l[j * d + j] = root;
    for (let i = j + 1; i < d; i++) {
      let sum = m[i * d + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * d + k]! * l[j * d + k]!;
      if (root > 0) l[i * d + j] = sum / root;
      else if (Math.abs(sum) > Math.sqrt(tolerance * trace)) throw notPositive(-Math.abs(sum));
    }
  }
  return l;
}

function notPositive(pivot: number): VicinalError {
  return new VicinalError("BAD_INPUT", {
    what: "matrix",
    got: `one with a negative direction (pivot ${pivot})`,
    rule: "positive semi-definite; pass the inverse of a covariance matrix",
  });
}
