import {
  type Job,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { type Dense, zeros } from "../linalg/dense.ts";
import { symmetricEigenJob } from "../linalg/eigen.ts";
import { type RowSource, rowSource } from "../rows.ts";
import { fitted, openSaved, plainRows, type SavedModel } from "../saved.ts";
import { BLOCK_ROWS, type LinearMap, LinearModel, refuseConstant, subtract } from "./linearModel.ts";
import { meanOf, scatterOf } from "./moments.ts";
import { inverseRoots, scaleRows } from "./pca.ts";

export interface CovarianceOptions {
  /**
   * Share of the mean variance mixed into the covariance, (1 − s) Σ + s · tr(Σ)/d · I: a number from 0 to 1, or
   * "ledoit-wolf", which estimates it from the data (Ledoit & Wolf 2004, doi:10.1016/S0047-259X(03)00096-4) and divides by n
   * rather than n − 1, as scikit-learn does. Take it when rows are not many times more than columns.
   */
  shrinkage?: number | "ledoit-wolf";
}

export const COVARIANCE_DEFAULTS: Required<CovarianceOptions> = { shrinkage: 0 };

interface Learned {
  readonly components: Dense;
  readonly covariance: Dense;
  readonly location: Float64Array;
  readonly shrinkage: number;
}

/**
 * The Mahalanobis distance of the data (metric-learn's `Covariance`): M is the inverse of their covariance matrix, or its
 * pseudo-inverse where some direction has no variance. L = Λ^(−1/2) V, so mapped rows have covariance I.
 */
export class Covariance extends LinearModel {
  readonly options: Readonly<Required<CovarianceOptions>>;
  #learned: Learned | undefined;

  constructor(options: CovarianceOptions = {}) {
    super();
    this.options = resolveOptions<Required<CovarianceOptions>>(COVARIANCE_DEFAULTS, options);
    const { shrinkage } = this.options;
    if (shrinkage !== "ledoit-wolf" && !(typeof shrinkage === "number" && shrinkage >= 0 && shrinkage <= 1)) {
      const rule = 'a number from 0 to 1 or "ledoit-wolf"';
      throw new VicinalError("OPTION_RANGE", { option: "shrinkage", got: shrinkage, rule });
    }
  }

  /** L with M = LᵀL, d × d. */
  get components_(): Dense {
    return this.#get().components;
  }

  /** The covariance matrix, shrunk as asked for. */
  get covariance_(): Dense {
    return this.#get().covariance;
  }

  /** Mean of the rows. */
  get location_(): Float64Array {
    return this.#get().location;
  }

  get shrinkage_(): number {
    return this.#get().shrinkage;
  }

  /** Learns from at least two rows. Throws BAD_INPUT, NOT_FINITE, DIM_MISMATCH; what was learned before stays then. */
  fit(rows: VectorsInput, run?: RunOptions): this {
    this.#learned = runSync(covarianceJob(rows, this.options.shrinkage), run);
    return this;
  }

  async fitAsync(rows: VectorsInput, run?: RunOptions): Promise<this> {
    this.#learned = await runAsync(covarianceJob(rows, this.options.shrinkage), run);
    return this;
  }

  protected override map(): LinearMap {
    return { components: this.#get().components, origin: undefined };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { components, covariance, location, shrinkage } = this.#get();
    return {
      format: "vicinal/Covariance",
      version: 1,
      options: this.options,
      components: plainRows(components),
      covariance: plainRows(covariance),
      location: Array.from(location),
      shrinkage,
    };
  }

  static fromJSON(json: unknown): Covariance {
    const saved = openSaved(json, "Covariance");
    const model = new Covariance(saved.options<CovarianceOptions>("options"));
    const components = saved.matrix("components");
    const d = components.cols;
    model.#learned = {
      components,
      covariance: saved.matrix("covariance", d, d),
      location: saved.vector("location", d),
      shrinkage: saved.number("shrinkage", 0, 1),
    };
    return model;
  }

  #get(): Learned {
    return fitted(this.#learned, "Covariance");
  }
}

function* covarianceJob(input: VectorsInput, asked: number | "ledoit-wolf"): Job<Learned> {
  const source = rowSource(input, "rows", 2);
  const { rows, cols: d } = source;
  const location = yield* meanOf(source);
  const covariance = yield* scatterOf(source, location);
  const divisor = asked === "ledoit-wolf" ? rows : rows - 1;
  for (let i = 0; i < covariance.data.length; i++) covariance.data[i]! /= divisor;
  let trace = 0;
  for (let i = 0; i < d; i++) trace += covariance.data[i * d + i]!;
  refuseConstant(trace);
  const shrinkage =
    asked === "ledoit-wolf" ? yield* ledoitWolf(source, location, covariance, trace / d) : asked;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) covariance.data[i * d + j]! *= 1 - shrinkage;
    covariance.data[i * d + i]! += (shrinkage * trace) / d;
  }
  const { values, vectors } = yield* symmetricEigenJob(covariance);
  return { components: scaleRows(vectors, inverseRoots(values)), covariance, location, shrinkage };
}

/** min(β, δ) / δ: δ is how far the covariance is from a multiple of I, β how uncertain its entries are. */
function* ledoitWolf(source: RowSource, mean: Float64Array, covariance: Dense, mu: number): Job<number> {
  const { rows, cols: d } = source;
  const block = zeros(BLOCK_ROWS, d);
  let fourth = 0;
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - from);
    source.copyInto(block.data, from, from + count);
    subtract(block.data, mean, count);
    for (let i = 0, at = 0; i < count; i++) {
      let norm = 0;
      for (let j = 0; j < d; j++, at++) norm += block.data[at]! * block.data[at]!;
      fourth += norm * norm;
    }
    yield { phase: "shrinkage", done: from + count, total: rows };
  }
  // Σ over rows and pairs of components of (x_i x_j)² is Σ |x|⁴.
  let squares = 0;
  for (const value of covariance.data) squares += value * value;
  const beta = (fourth / rows - squares) / (d * rows);
  const delta = squares / d - mu * mu;
  return delta <= 0 ? 0 : Math.min(1, Math.max(0, Math.min(beta, delta) / delta));
}
