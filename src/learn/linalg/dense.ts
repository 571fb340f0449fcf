import { type Matrix, VicinalError } from "../../core/index.ts";

/** A float64 block, row-major and without gaps: what the functions of this folder make and take. */
export type Dense = Matrix<Float64Array>;

/** Throws BAD_INPUT unless that is a matrix of as many numbers as it says, NOT_FINITE for NaN and what is infinite. */
export function checkDense(m: Dense, what = "matrix"): void {
  const { data, rows, cols, stride } = (m ?? {}) as Partial<Dense>;
  const whole = [rows, cols, stride].every((n) => Number.isInteger(n) && n! >= 0) && stride! >= cols!;
  if (!whole || !(data !== undefined && data.length >= (rows! - 1) * stride! + cols!)) {
    const got = data === undefined ? `none, ${typeof m}` : `${data.length} numbers for ${rows} × ${cols}`;
    throw new VicinalError("BAD_INPUT", { what, got, rule: "{ data, rows, cols, stride }" });
  }
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < cols!; column++) {
      const got = data[row * stride! + column]!;
      if (!Number.isFinite(got)) throw new VicinalError("NOT_FINITE", { what, row, column, got });
    }
  }
}

/** Zeros of that shape. */
export function zeros(rows: number, cols: number): Dense {
  return { data: new Float64Array(rows * cols), rows, cols, stride: cols };
}

export function identity(n: number): Dense {
  const out = zeros(n, n);
  for (let i = 0; i < n; i++) out.data[i * n + i] = 1;
  return out;
}

/** A float64 copy of rows, without gaps. */
export function denseOf(rows: readonly ArrayLike<number>[]): Dense {
  const cols = rows[0]?.length ?? 0;
  const out = zeros(rows.length, cols);
  rows.forEach((row, i) => {
    if (row.length !== cols) {
      throw new VicinalError("DIM_MISMATCH", { what: `row ${i}`, got: row.length, want: cols });
    }
    out.data.set(row, i * cols);
  });
  return out;
}

/** The transpose, a copy; tiles keep both sides in cache. */
export function transpose({ data, rows, cols, stride }: Dense): Dense {
  const out = zeros(cols, rows);
  const to = out.data;
  const TILE = 32;
  for (let i0 = 0; i0 < rows; i0 += TILE) {
    const i1 = Math.min(rows, i0 + TILE);
    for (let j0 = 0; j0 < cols; j0 += TILE) {
      const j1 = Math.min(cols, j0 + TILE);
      for (let i = i0; i < i1; i++) for (let j = j0; j < j1; j++) to[j * rows + i] = data[i * stride + j]!;
    }
  }
  return out;
}

/** Rows first … first + count − 1, a view. */
export function rowsOf(m: Dense, first: number, count: number): Dense {
  return {
    data: m.data.subarray(first * m.stride, (first + count) * m.stride),
    rows: count,
    cols: m.cols,
    stride: m.stride,
  };
}

/** A · Bᵀ: inner products of rows with rows. O(rows · rows · cols), about 1 ns for each two products. */
export function multiplyTransposed(a: Dense, b: Dense): Dense {
  checkInner(a.cols, b.cols);
  const out = zeros(a.rows, b.rows);
  productsOfRows(a, b, out.data, out.stride);
  return out;
}

/** A · B. */
export function multiply(a: Dense, b: Dense): Dense {
  checkInner(a.cols, b.rows);
  return multiplyTransposed(a, transpose(b));
}

/** Aᵀ · B. */
export function transposedMultiply(a: Dense, b: Dense): Dense {
  checkInner(a.rows, b.rows);
  return multiplyTransposed(transpose(a), transpose(b));
}

/** A · x. */
export function multiplyVector(a: Dense, x: ArrayLike<number>): Float64Array {
  checkInner(a.cols, x.length);
  const out = new Float64Array(a.rows);
  for (let i = 0; i < a.rows; i++) {
    let sum = 0;
    for (let j = 0, at = i * a.stride; j < a.cols; j++) sum += a.data[at + j]! * x[j]!;
    out[i] = sum;
  }
  return out;
}

function checkInner(got: number, want: number): void {
  if (got !== want) throw new VicinalError("DIM_MISMATCH", { what: "right side of a product", got, want });
}

/** Columns of a block of both sides that stay in the first cache. */
const DEPTH = 256;

/**
 * out[i, j] += a_i · b_j for all rows of a and of b, by tiles of 4 × 2; `lower` leaves out tiles above the diagonal.
 * Sums run in blocks of 256 columns, in one order whatever the shapes.
 */
export function productsOfRows(
  a: Dense,
  b: Dense,
  out: Float64Array,
  outStride: number,
  lower = false,
): void {
  for (let from = 0; from < a.cols; from += DEPTH) {
    const to = Math.min(a.cols, from + DEPTH);
    for (let i = 0; i < a.rows; i += 4) {
      const cols = lower ? Math.min(b.rows, i + 4) : b.rows;
      if (i + 4 > a.rows) {
        for (let r = i; r < a.rows; r++) tailRow(a, r, b, cols, from, to, out, outStride);
        continue;
      }
      const even = cols & ~1;
      for (let j = 0; j < even; j += 2) tile(a, i, b, j, from, to, out, outStride);
      if (even < cols) for (let r = i; r < i + 4; r++) dotInto(a, r, b, even, from, to, out, outStride);
    }
  }
}

function tailRow(
  a: Dense,
  i: number,
  b: Dense,
  cols: number,
  from: number,
  to: number,
  out: Float64Array,
  stride: number,
): void {
  for (let j = 0; j < cols; j++) dotInto(a, i, b, j, from, to, out, stride);
}

function dotInto(
  a: Dense,
  i: number,
  b: Dense,
  j: number,
  from: number,
  to: number,
  out: Float64Array,
  stride: number,
): void {
  const x = a.data;
  const y = b.data;
  let p = i * a.stride + from;
  let q = j * b.stride + from;
  let sum = 0;
  for (const end = i * a.stride + to; p < end; p++, q++) sum += x[p]! * y[q]!;
  out[i * stride + j]! += sum;
}

/** Eight inner products at a time: each load serves two or four of them. */
function tile(
  a: Dense,
  i: number,
  b: Dense,
  j: number,
  from: number,
  to: number,
  out: Float64Array,
  stride: number,
): void {
  const x = a.data;
  const y = b.data;
  const s = a.stride;
  let p = i * s + from;
  let q = j * b.stride + from;
  const t = b.stride;
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  for (const end = i * s + to; p < end; p++, q++) {
    const y0 = y[q]!;
    const y1 = y[q + t]!;
    const x0 = x[p]!;
    const x1 = x[p + s]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s10 += x1 * y0;
    s11 += x1 * y1;
    const x2 = x[p + 2 * s]!;
    const x3 = x[p + 3 * s]!;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s30 += x3 * y0;
    s31 += x3 * y1;
  }
  let at = i * stride + j;
  out[at]! += s00;
  out[at + 1]! += s01;
  at += stride;
  out[at]! += s10;
  out[at + 1]! += s11;
  at += stride;
  out[at]! += s20;
  out[at + 1]! += s21;
  at += stride;
  out[at]! += s30;
  out[at + 1]! += s31;
}

/** Copies what is below the diagonal of a square block to what is above. */
export function mirrorLower(m: Dense): void {
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < i; j++) m.data[j * m.stride + i] = m.data[i * m.stride + j]!;
  }
}
