import { type Matrix, matrix } from "../../core/index.ts";
import { FlatIndex } from "../../indexes/index.ts";

/** The k nearest others of each row by cosine, nearest first: [rows, k] numbers. */
export function nearestRows(rows: Matrix<Float32Array>, k: number): Int32Array {
  const { rows: n } = rows;
  const index = new FlatIndex({ dimension: rows.cols, metric: "cosine", codes: false });
  index.add(rows);
  const found = index.search(rows, { k: Math.min(n, k + 1) });
  const out = new Int32Array(n * k);
  for (let q = 0; q < n; q++) {
    const others = found.keys(q).filter((key) => key !== q);
    for (let c = 0; c < k; c++) out[q * k + c] = Number(others[c]!);
  }
  return out;
}

/** Each row replaced by the unit mean of itself and its k nearest. */
export function smoothed(rows: Matrix<Float32Array>, k: number): Matrix<Float32Array> {
  const { rows: n, cols: d, data } = rows;
  const near = nearestRows(rows, k);
  const out = data.slice();
  for (let q = 0; q < n; q++) {
    const row = out.subarray(q * d, (q + 1) * d);
    for (let c = 0; c < k; c++) {
      const from = near[q * k + c]! * d;
      for (let j = 0; j < d; j++) row[j]! += data[from + j]!;
    }
    const length = Math.hypot(...row) || 1;
    for (let j = 0; j < d; j++) row[j]! /= length;
  }
  return matrix(out, d);
}
