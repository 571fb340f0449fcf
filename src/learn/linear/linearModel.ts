import { type Matrix, type MetricOptions, VicinalError } from "../../core/index.ts";
import type { VectorInput, VectorsInput } from "../../indexes/contract.ts";
import { type Dense, productsOfRows, transpose, transposedMultiply, zeros } from "../linalg/dense.ts";
import { readRows, rowSource } from "../rows.ts";

/** x ↦ L (x − origin). */
export interface LinearMap {
  /** L, m × d. */
  readonly components: Dense;
  /** Length d; undefined for zero. */
  readonly origin: Float64Array | undefined;
}

/** Rows mapped at a time. */
export const BLOCK_ROWS = 256;

/**
 * What all linear models here share: a learned matrix L of m rows. Distances between mapped rows are √((a−b)ᵀ M (a−b)) with
 * M = LᵀL, so a model serves an index in two ways: index `transform(rows)` under l2, or index the rows themselves under
 * `{ dimension, ...model.metric() }`.
 */
export abstract class LinearModel {
  /** The map, or NOT_FITTED. */
  protected abstract map(): LinearMap;

  /**
   * Rows mapped by L, a new float32 block of n × m.
   *
   * @throws VicinalError NOT_FITTED, DIM_MISMATCH, NOT_FINITE, BAD_INPUT
   */
  transform(rows: VectorsInput): Matrix {
    return applyMap(this.map(), rows);
  }

  /** M = LᵀL, the rows of a symmetric d × d matrix. */
  getMahalanobisMatrix(): number[][] {
    const { components } = this.map();
    const m = transposedMultiply(components, components);
    return Array.from({ length: m.rows }, (_, i) =>
      Array.from(m.data.subarray(i * m.cols, (i + 1) * m.cols)),
    );
  }

  /** √((a−b)ᵀ M (a−b)), in float64. */
  pairDistance(a: VectorInput, b: VectorInput): number {
    const { components } = this.map();
    const { data } = readRows([a, b] as VectorsInput, "vectors", 2, components.cols);
    const d = components.cols;
    let sum = 0;
    for (let i = 0; i < components.rows; i++) {
      let x = 0;
      for (let j = 0; j < d; j++) x += components.data[i * d + j]! * (data[j]! - data[d + j]!);
      sum += x * x;
    }
    return Math.sqrt(sum);
  }

  /** Options by which an index compares rows as they are: `create("Flat", { dimension, ...model.metric() })`. */
  metric(): { metric: "mahalanobis"; metricOptions: MetricOptions } {
    return { metric: "mahalanobis", metricOptions: { matrix: this.getMahalanobisMatrix() } };
  }
}

/** L (x − origin) of every row, block by block. */
export function applyMap({ components, origin }: LinearMap, input: VectorsInput): Matrix {
  const d = components.cols;
  const m = components.rows;
  const source = rowSource(input, "rows", 0, d);
  const data = new Float32Array(source.rows * m);
  const block = zeros(BLOCK_ROWS, d);
  const out = new Float64Array(BLOCK_ROWS * m);
  for (let from = 0; from < source.rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, source.rows - from);
    source.copyInto(block.data, from, from + count);
    if (origin !== undefined) subtract(block.data, origin, count);
    productsOfRows({ ...block, rows: count }, components, out.fill(0), m);
    data.set(count === BLOCK_ROWS ? out : out.subarray(0, count * m), from * m);
  }
  return { data, rows: source.rows, cols: m, stride: m };
}

/** Lᵀ z + origin of every row, where the rows of L stand on each other at right angles. */
export function applyBack({ components, origin }: LinearMap, input: VectorsInput): Matrix {
  const back = applyMap({ components: transpose(components), origin: undefined }, input);
  const { data, rows, cols } = back;
  if (origin !== undefined) {
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j]! += origin[j]!;
  }
  return back;
}

/** Takes `mean` from each of the first rows. */
export function subtract(data: Float64Array, mean: Float64Array, rows: number): void {
  const d = mean.length;
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < d; j++) data[at++]! -= mean[j]!;
}

/** Refuses data in which nothing varies. */
export function refuseConstant(total: number): void {
  if (total > 0) return;
  const rule = "rows that differ in at least one component";
  throw new VicinalError("BAD_INPUT", { what: "rows", got: "many times the same row", rule });
}
