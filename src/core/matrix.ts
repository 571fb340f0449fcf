import { VicinalError } from "./errors.ts";

/** Element types in which a caller may hold vectors. Halves are IEEE binary16 bit patterns in a Uint16Array. */
export type Scalars = Float32Array | Float64Array | Uint8Array | Int8Array | Uint16Array;

/** A block of vectors, row-major: row i is `data[i * stride … i * stride + cols)`. */
export interface Matrix<T extends Scalars = Float32Array> {
  readonly data: T;
  readonly rows: number;
  readonly cols: number;
  /** Elements between row starts; >= cols. */
  readonly stride: number;
}

/** A matrix over `data` (a view, not a copy). Throws BAD_INPUT when the data cannot hold rows × stride. */
export function matrix<T extends Scalars>(data: T, cols: number, rows?: number, stride?: number): Matrix<T> {
  const step = stride ?? cols;
  const n = rows ?? (step > 0 ? Math.floor(data.length / step) : 0);
  const fits = n === 0 || (n - 1) * step + cols <= data.length;
  if (!Number.isInteger(cols) || cols < 1 || !Number.isInteger(n) || n < 0 || step < cols || !fits) {
    throw new VicinalError("BAD_INPUT", {
      what: "matrix",
      got: `${data.length} elements for ${n} rows of ${cols} columns at stride ${step}`,
      rule: "rows × stride elements with stride >= cols >= 1",
    });
  }
  return { data, rows: n, cols, stride: step };
}

/** Row i, as a view. */
export function row<T extends Scalars>(m: Matrix<T>, i: number): T {
  return m.data.subarray(i * m.stride, i * m.stride + m.cols) as T;
}
