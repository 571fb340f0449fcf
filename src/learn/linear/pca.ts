import {
  type Job,
  type Matrix,
  oneOf,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  trueOrFalse,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import {
  type Dense,
  multiplyTransposed,
  rowsOf,
  transpose,
  transposedMultiply,
  zeros,
} from "../linalg/dense.ts";
import { flipRows, symmetricEigenJob } from "../linalg/eigen.ts";
import { qr } from "../linalg/qr.ts";
import { denseOperator, randomizedSvd } from "../linalg/randomized.ts";
import { type RowSource, rowSource } from "../rows.ts";
import { fitted, openSaved, plainRows, type SavedModel } from "../saved.ts";
import { applyBack, type LinearMap, LinearModel, refuseConstant, subtract } from "./linearModel.ts";
import { meanOf, scatterOf } from "./moments.ts";

export interface PcaOptions {
  /** Directions kept: a whole number, or a share of the variance below 1; default as many as there are. */
  nComponents?: number;
  /** Scales each direction to variance 1; directions without variance become 0. */
  whiten?: boolean;
  /** "exact" by eigenvectors, "randomized" by a sketch; "auto" takes the sketch for few of more than 1,500 directions. */
  solver?: "auto" | "exact" | "randomized";
  /** Seed of the sketch. */
  seed?: number;
}

export const PCA_DEFAULTS: Required<Omit<PcaOptions, "nComponents">> & Pick<PcaOptions, "nComponents"> = {
  nComponents: undefined,
  whiten: false,
  solver: "auto",
  seed: 42,
};

/** What a fit learns. */
interface Learned {
  readonly components: Dense;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly ratio: Float64Array;
  readonly noise: number;
  readonly samples: number;
}

/** Above this many directions an exact solution takes tens of seconds. */
const EXACT_MOST = 1500;

/**
 * Principal component analysis, by scikit-learn's conventions. Signs: the component largest in size of each direction is
 * positive (`svd_flip(u_based_decision=False)`, as scikit-learn has it from 1.5 on).
 *
 * `fit` holds a covariance matrix of d × d, or all rows in float64 where there are fewer rows than columns or the solver is
 * randomized. Cost: n d² / 2 products and an eigenproblem of d.
 */
export class PCA extends LinearModel {
  readonly options: Readonly<typeof PCA_DEFAULTS>;
  #learned: Learned | undefined;

  /** @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN */
  constructor(options: PcaOptions = {}) {
    super();
    this.options = resolveOptions<typeof PCA_DEFAULTS>(PCA_DEFAULTS, options);
    const { nComponents, solver, whiten, seed } = this.options;
    const isShare = typeof nComponents === "number" && nComponents > 0 && nComponents < 1;
    if (nComponents !== undefined && !isShare) wholeNumber("nComponents", nComponents, 1, 2 ** 31 - 1);
    if (isShare && solver === "randomized") {
      const rule = 'a whole number with solver "randomized"';
      throw new VicinalError("OPTION_RANGE", { option: "nComponents", got: nComponents, rule });
    }
    oneOf("solver", solver, ["auto", "exact", "randomized"]);
    trueOrFalse("whiten", whiten);
    wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  }

  /** Directions of unit length as rows, m × d. */
  get components_(): Dense {
    return this.#get().components;
  }

  get mean_(): Float64Array {
    return this.#get().mean;
  }

  /** Variance along each direction (of n − 1). */
  get explainedVariance_(): Float64Array {
    return this.#get().variance;
  }

  /** The same as a share of all variance. */
  get explainedVarianceRatio_(): Float64Array {
    return this.#get().ratio;
  }

  /** √((n − 1) · variance). */
  get singularValues_(): Float64Array {
    const { variance, samples } = this.#get();
    return variance.map((v) => Math.sqrt(v * (samples - 1)));
  }

  /** Mean variance along the directions left out. */
  get noiseVariance_(): number {
    return this.#get().noise;
  }

  /**
   * Learns directions from at least two rows.
   *
   * @throws VicinalError BAD_INPUT for fewer rows or rows all alike, OPTION_RANGE for more directions than there are,
   *   NOT_FINITE, DIM_MISMATCH; what was learned before stays then
   */
  fit(rows: VectorsInput, run?: RunOptions): this {
    this.#learned = runSync(this.#job(rows), run);
    return this;
  }

  /** The same between turns of the event loop. */
  async fitAsync(rows: VectorsInput, run?: RunOptions): Promise<this> {
    this.#learned = await runAsync(this.#job(rows), run);
    return this;
  }

  fitTransform(rows: VectorsInput): Matrix {
    return this.fit(rows).transform(rows);
  }

  /** Rows of the original space from mapped ones; exact where all directions are kept. n × d. */
  inverseTransform(rows: VectorsInput): Matrix {
    const { components, mean, variance } = this.#get();
    const scale = this.options.whiten ? variance.map(Math.sqrt) : undefined;
    return applyBack({ components: scaleRows(components, scale), origin: mean }, rows);
  }

  protected override map(): LinearMap {
    const { components, mean, variance } = this.#get();
    const scale = this.options.whiten ? inverseRoots(variance) : undefined;
    return { components: scaleRows(components, scale), origin: mean };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { components, mean, variance, ratio, noise, samples } = this.#get();
    return {
      format: "vicinal/PCA",
      version: 1,
      options: this.options,
      components: plainRows(components),
      mean: Array.from(mean),
      explainedVariance: Array.from(variance),
      explainedVarianceRatio: Array.from(ratio),
      noiseVariance: noise,
      samples,
    };
  }

  /** Reads what {@link toJSON} gave, or its text. Throws FORMAT, FORMAT_VERSION, OPTION_RANGE, OPTION_UNKNOWN. */
  static fromJSON(json: unknown): PCA {
    const saved = openSaved(json, "PCA");
    const model = new PCA(saved.options<PcaOptions>("options"));
    const components = saved.matrix("components");
    const variance = saved.vector("explainedVariance", components.rows);
    if (variance.some((v) => v < 0)) saved.fail("variances are >= 0");
    model.#learned = {
      components,
      variance,
      mean: saved.vector("mean", components.cols),
      ratio: saved.vector("explainedVarianceRatio", components.rows),
      noise: saved.number("noiseVariance", 0),
      samples: saved.whole("samples", 2),
    };
    return model;
  }

  #get(): Learned {
    return fitted(this.#learned, "PCA");
  }

  *#job(rows: VectorsInput): Job<Learned> {
    const source = rowSource(rows, "rows", 2);
    const { nComponents, solver, seed } = this.options;
    const most = Math.min(source.rows, source.cols);
    const wanted = nComponents === undefined || nComponents < 1 ? most : nComponents;
    if (wanted > most) {
      const rule = `at most ${most}, the shorter side of the data`;
      throw new VicinalError("OPTION_RANGE", { option: "nComponents", got: wanted, rule });
    }
    const mean = yield* meanOf(source);
    const few = most > EXACT_MOST && wanted < 0.1 * most && (nComponents ?? 1) >= 1;
    const found =
      solver === "randomized" || (solver === "auto" && few)
        ? yield* sketched(source, mean, wanted, seed)
        : source.rows < source.cols
          ? yield* byRows(source, mean)
          : yield* byColumns(source, mean);
    return keep(found, nComponents, wanted, mean, source);
  }
}

/** Directions with Σ (x·v)² along each, and in all. */
interface Spectrum {
  readonly vectors: Dense;
  readonly sums: Float64Array;
  readonly total: number;
}

function keep(
  { vectors, sums, total }: Spectrum,
  nComponents: number | undefined,
  wanted: number,
  mean: Float64Array,
  source: RowSource,
): Learned {
  refuseConstant(total);
  let count = wanted;
  if (nComponents !== undefined && nComponents < 1) {
    let sum = 0;
    count = 0;
    while (count < wanted && sum <= nComponents * total) sum += sums[count++]!;
  }
  const most = Math.min(source.rows, source.cols);
  const degrees = source.rows - 1;
  let left = total;
  for (let i = 0; i < count; i++) left -= sums[i]!;
  const view = rowsOf(vectors, 0, count);
  return {
    components: { ...view, data: view.data.slice() },
    mean,
    variance: sums.slice(0, count).map((s) => s / degrees),
    ratio: sums.slice(0, count).map((s) => s / total),
    noise: count === most ? 0 : Math.max(0, left) / degrees / (most - count),
    samples: source.rows,
  };
}

function* byColumns(source: RowSource, mean: Float64Array): Job<Spectrum> {
  const scatter = yield* scatterOf(source, mean);
  const { values, vectors } = yield* symmetricEigenJob(scatter);
  return { vectors, sums: values.map(atLeastZero), total: trace(scatter) };
}

/** With fewer rows than columns: eigenvectors of the products of rows lead to those of the covariance. */
function* byRows(source: RowSource, mean: Float64Array): Job<Spectrum> {
  const centred = centredRows(source, mean);
  const products = multiplyTransposed(centred, centred);
  const { values, vectors } = yield* symmetricEigenJob(products);
  // The QR decomposition also gives directions to what has no variance.
  const directions = transpose(qr(transposedMultiply(centred, transpose(vectors))).q);
  flipRows(directions);
  return { vectors: directions, sums: values.map(atLeastZero), total: trace(products) };
}

function* sketched(source: RowSource, mean: Float64Array, k: number, seed: number): Job<Spectrum> {
  const centred = centredRows(source, mean);
  let total = 0;
  for (const x of centred.data) total += x * x;
  refuseConstant(total);
  const { s, vt } = yield* randomizedSvd(denseOperator(centred), k, { seed });
  return { vectors: vt, sums: s.map((value) => value * value), total };
}

function centredRows(source: RowSource, mean: Float64Array): Dense {
  const out = zeros(source.rows, source.cols);
  source.copyInto(out.data, 0, source.rows);
  subtract(out.data, mean, source.rows);
  return out;
}

const atLeastZero = (x: number): number => Math.max(0, x);

function trace({ data, rows, stride }: Dense): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * stride + i]!;
  return sum;
}

/** 1/√v, and 0 for what is rounding beside the largest. */
export function inverseRoots(variance: Float64Array): Float64Array {
  const least = (variance[0] ?? 0) * Number.EPSILON * 64 * variance.length;
  return variance.map((v) => (v > least ? 1 / Math.sqrt(v) : 0));
}

/** Each row times its factor; the same rows where there are none. */
export function scaleRows(m: Dense, factors: Float64Array | undefined): Dense {
  if (factors === undefined) return m;
  const out = zeros(m.rows, m.cols);
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < m.cols; j++) out.data[i * m.cols + j] = m.data[i * m.stride + j]! * factors[i]!;
  }
  return out;
}
