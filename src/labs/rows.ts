import { type Matrix, matrix, row, type Scalars } from "../core/index.ts";

/** Some rows, copied one after another. */
export function gather(vectors: Matrix<Float32Array>, rows: readonly number[]): Matrix<Float32Array> {
  const data = new Float32Array(rows.length * vectors.cols);
  for (const [i, r] of rows.entries()) data.set(row(vectors, r), i * vectors.cols);
  return { data, rows: rows.length, cols: vectors.cols, stride: vectors.cols };
}

/** The first rows as float32, which every index takes; a copy. */
export function floats(m: Matrix<Scalars>, most: number): Matrix<Float32Array> {
  const rows = Math.min(most, m.rows);
  const data = new Float32Array(rows * m.cols);
  for (let i = 0; i < rows; i++) data.set(row(m, i), i * m.cols);
  return matrix(data, m.cols, rows);
}
