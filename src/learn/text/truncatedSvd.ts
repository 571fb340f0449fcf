import {
  type Job,
  type Matrix,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { type Csr, checkCsr, csrMultiply, csrOperator } from "../linalg/csr.ts";
import { type Dense, transpose } from "../linalg/dense.ts";
import { denseOperator, randomizedSvd } from "../linalg/randomized.ts";
import { applyMap } from "../linear/linearModel.ts";
import { readRows } from "../rows.ts";
import { fitted, openSaved, plainRows, type SavedModel } from "../saved.ts";

export interface TruncatedSvdOptions {
  /** Dimensions kept; 100 or so for texts. */
  nComponents?: number;
  /** Power iterations: more where singular values fall off slowly. */
  nIter?: number;
  seed?: number;
}

export const TRUNCATED_SVD_DEFAULTS: Required<TruncatedSvdOptions> = { nComponents: 100, nIter: 5, seed: 42 };

interface Learned {
  readonly components: Dense;
  readonly singular: Float64Array;
  readonly variance: Float64Array;
  readonly ratio: Float64Array;
}

/**
 * The leading singular vectors of sparse or dense rows that are not centred: of TF-IDF rows this is latent semantic analysis
 * (Deerwester et al. 1990). By scikit-learn's conventions and a randomized SVD; signs: the component largest in size of each
 * row of `components_` is positive. Compare mapped rows by cosine.
 */
export class TruncatedSVD {
  readonly options: Readonly<Required<TruncatedSvdOptions>>;
  #learned: Learned | undefined;

  /** @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN */
  constructor(options: TruncatedSvdOptions = {}) {
    this.options = resolveOptions<Required<TruncatedSvdOptions>>(TRUNCATED_SVD_DEFAULTS, options);
    wholeNumber("nComponents", this.options.nComponents, 1, 2 ** 31 - 1);
    wholeNumber("nIter", this.options.nIter, 0, 1000);
    wholeNumber("seed", this.options.seed, 0, Number.MAX_SAFE_INTEGER);
  }

  /** Right singular vectors, m × columns. */
  get components_(): Dense {
    return this.#get().components;
  }

  get singularValues_(): Float64Array {
    return this.#get().singular;
  }

  /** Variance (of n) of the mapped rows along each dimension. */
  get explainedVariance_(): Float64Array {
    return this.#get().variance;
  }

  get explainedVarianceRatio_(): Float64Array {
    return this.#get().ratio;
  }

  /** @throws VicinalError BAD_INPUT, OPTION_RANGE for more dimensions than rows or columns, NOT_FINITE */
  fit(rows: Csr | VectorsInput, run?: RunOptions): this {
    this.#learned = runSync(this.#job(rows), run);
    return this;
  }

  async fitAsync(rows: Csr | VectorsInput, run?: RunOptions): Promise<this> {
    this.#learned = await runAsync(this.#job(rows), run);
    return this;
  }

  /** Dense float32 rows, n × m. An empty row becomes zeros, which an index under cosine refuses by ZERO_VECTOR. */
  transform(rows: Csr | VectorsInput): Matrix {
    const { components } = this.#get();
    if (!isCsr(rows)) return applyMap({ components, origin: undefined }, rows);
    checkCsr(rows);
    if (rows.cols !== components.cols) {
      const got = rows.cols;
      throw new VicinalError("DIM_MISMATCH", { what: "sparse rows", got, want: components.cols });
    }
    const mapped = csrMultiply(rows, transpose(components));
    return { ...mapped, data: Float32Array.from(mapped.data) };
  }

  fitTransform(rows: Csr | VectorsInput): Matrix {
    return this.fit(rows).transform(rows);
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { components, singular, variance, ratio } = this.#get();
    return {
      format: "vicinal/TruncatedSVD",
      version: 1,
      options: this.options,
      components: plainRows(components),
      singularValues: Array.from(singular),
      explainedVariance: Array.from(variance),
      explainedVarianceRatio: Array.from(ratio),
    };
  }

  /** Reads what {@link toJSON} gave, or its text. Throws FORMAT, FORMAT_VERSION, OPTION_RANGE, OPTION_UNKNOWN. */
  static fromJSON(json: unknown): TruncatedSVD {
    const saved = openSaved(json, "TruncatedSVD");
    const model = new TruncatedSVD(saved.options<TruncatedSvdOptions>("options"));
    const components = saved.matrix("components");
    model.#learned = {
      components,
      singular: saved.vector("singularValues", components.rows),
      variance: saved.vector("explainedVariance", components.rows),
      ratio: saved.vector("explainedVarianceRatio", components.rows),
    };
    return model;
  }

  #get(): Learned {
    return fitted(this.#learned, "TruncatedSVD");
  }

  *#job(rows: Csr | VectorsInput): Job<Learned> {
    const { nComponents, nIter, seed } = this.options;
    const sparse = isCsr(rows) ? checkCsr(rows) : undefined;
    const dense = sparse === undefined ? readRows(rows as VectorsInput) : undefined;
    const operator = sparse === undefined ? denseOperator(dense!) : csrOperator(sparse);
    const { u, s, vt } = yield* randomizedSvd(operator, nComponents, { seed, iterations: nIter });
    const total = sparse === undefined ? varianceOf(dense!) : sparseVariance(sparse);
    const variance = new Float64Array(nComponents);
    for (let j = 0; j < nComponents; j++) {
      let sum = 0;
      for (let i = 0; i < u.rows; i++) sum += u.data[i * nComponents + j]!;
      // Columns of U have length one, so their mean square is 1 / n.
      const mean = sum / u.rows;
      variance[j] = s[j]! * s[j]! * Math.max(0, 1 / u.rows - mean * mean);
    }
    const ratio = variance.map((v) => (total > 0 ? v / total : 0));
    return { components: vt, singular: s, variance, ratio };
  }
}

const isCsr = (rows: Csr | VectorsInput): rows is Csr =>
  typeof rows === "object" && rows !== null && "indptr" in rows;

/** Sum over columns of the variance of each. */
function varianceOf({ data, rows, cols }: Dense): number {
  let total = 0;
  for (let j = 0; j < cols; j++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += data[i * cols + j]!;
    const mean = sum / rows;
    for (let i = 0; i < rows; i++) total += (data[i * cols + j]! - mean) ** 2 / rows;
  }
  return total;
}

function sparseVariance({ rows, cols, indices, data }: Csr): number {
  const sums = new Float64Array(cols);
  let squares = 0;
  data.forEach((value, at) => {
    sums[indices[at]!]! += value;
    squares += value * value;
  });
  let total = squares / rows;
  for (const sum of sums) total -= (sum / rows) ** 2;
  return Math.max(0, total);
}
