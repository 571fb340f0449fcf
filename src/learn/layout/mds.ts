import { type Matrix, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { symmetricEigen } from "../linalg/eigen.ts";
import { refuseConstant } from "../linear/linearModel.ts";
import { readRows } from "../rows.ts";

export interface MdsOptions {
  /** Components of the layout. */
  nComponents?: number;
}

/** A layout and how much of the distances it holds. */
export interface MdsLayout {
  /** n × nComponents. */
  readonly embedding: Matrix;
  /** Share of the positive eigenvalues that the layout's components have: 1 where all distances are kept. */
  readonly explained: number;
}

/**
 * Classical multidimensional scaling (Torgerson 1952): places whose distances are those given, as nearly as so few components
 * allow. Takes distances of any kind; for Euclidean distances of rows it is PCA of the rows.
 *
 * @param distances n × n, symmetric, >= 0, zeros on the diagonal
 * @throws VicinalError BAD_INPUT for other matrices, OPTION_RANGE, NOT_FINITE
 * @remarks O(n³): some thousand rows at most
 */
export function classicalMds(distances: VectorsInput, options: MdsOptions = {}): MdsLayout {
  const { nComponents: m } = resolveOptions<Required<MdsOptions>>({ nComponents: 2 }, options);
  const d = readRows(distances, "distances", 2);
  const n = d.rows;
  wholeNumber("nComponents", m, 1, n);
  if (d.cols !== n) {
    throw new VicinalError("BAD_INPUT", { what: "distances", got: `${n} × ${d.cols}`, rule: "square" });
  }
  let largest = 0;
  for (const x of d.data) largest = Math.max(largest, Math.abs(x));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [below, above] = [d.data[i * n + j]!, d.data[j * n + i]!];
      const sound = i === j ? below === 0 : below >= 0 && Math.abs(below - above) <= 1e-6 * largest;
      if (sound) continue;
      const rule = "symmetric, >= 0, and 0 on the diagonal";
      throw new VicinalError("BAD_INPUT", { what: `distance (${i}, ${j})`, got: String(below), rule });
    }
  }
  refuseConstant(largest);
  const means = new Float64Array(n);
  let mean = 0;
  for (let i = 0; i < n * n; i++) {
    d.data[i] = d.data[i]! ** 2;
    means[Math.floor(i / n)]! += d.data[i]! / n;
  }
  for (const row of means) mean += row / n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) d.data[i * n + j] = (means[i]! + means[j]! - mean - d.data[i * n + j]!) / 2;
  }
  const { values, vectors } = symmetricEigen(d);
  let positive = 0;
  let kept = 0;
  values.forEach((value, c) => {
    positive += Math.max(0, value);
    if (c < m) kept += Math.max(0, value);
  });
  const data = new Float32Array(n * m);
  for (let c = 0; c < m; c++) {
    const root = Math.sqrt(Math.max(0, values[c]!));
    for (let i = 0; i < n; i++) data[i * m + c] = root * vectors.data[c * n + i]!;
  }
  return { embedding: { data, rows: n, cols: m, stride: m }, explained: kept / positive };
}
