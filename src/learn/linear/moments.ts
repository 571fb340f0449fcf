import type { Job } from "../../core/index.ts";
import { type Dense, mirrorLower, productsOfRows, transpose, zeros } from "../linalg/dense.ts";
import type { RowSource } from "../rows.ts";
import { BLOCK_ROWS, subtract } from "./linearModel.ts";

/** Mean of the rows, float64. */
export function* meanOf(source: RowSource): Job<Float64Array> {
  const { rows, cols } = source;
  const mean = new Float64Array(cols);
  const block = new Float64Array(BLOCK_ROWS * cols);
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - from);
    source.copyInto(block, from, from + count);
    for (let i = 0, at = 0; i < count; i++) for (let j = 0; j < cols; j++) mean[j]! += block[at++]!;
    if ((from / BLOCK_ROWS) % 16 === 0) yield { phase: "mean", done: from, total: rows };
  }
  for (let j = 0; j < cols; j++) mean[j]! /= rows;
  return mean;
}

/**
 * Σ (x − mean)(x − mean)ᵀ over the rows, d × d.
 *
 * @remarks rows · d² / 2 products, block by block: no copy of all rows is held
 */
export function* scatterOf(source: RowSource, mean: Float64Array): Job<Dense> {
  const { rows, cols } = source;
  const scatter = zeros(cols, cols);
  const block = zeros(BLOCK_ROWS, cols);
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - from);
    source.copyInto(block.data, from, from + count);
    subtract(block.data, mean, count);
    const columns = transpose({ ...block, rows: count });
    productsOfRows(columns, columns, scatter.data, cols, true);
    yield { phase: "covariance", done: from + count, total: rows };
  }
  mirrorLower(scatter);
  return scatter;
}
