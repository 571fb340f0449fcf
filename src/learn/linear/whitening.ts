import {
  type Job,
  type Matrix,
  oneOf,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { type Dense, multiply, transpose } from "../linalg/dense.ts";
import { symmetricEigenJob } from "../linalg/eigen.ts";
import { rowSource } from "../rows.ts";
import { fitted, openSaved, plainRows, type SavedModel } from "../saved.ts";
import { applyMap, type LinearMap, LinearModel, refuseConstant } from "./linearModel.ts";
import { meanOf, scatterOf } from "./moments.ts";
import { inverseRoots, scaleRows } from "./pca.ts";

export interface WhiteningOptions {
  /** "zca" turns back after scaling, so rows stay as near to themselves as they can; "pca" leaves them in principal axes. */
  method?: "pca" | "zca";
  /** Added to each variance, in units of the mean variance: damps directions that are mostly noise. */
  epsilon?: number;
}

export const WHITENING_DEFAULTS: Required<WhiteningOptions> = { method: "zca", epsilon: 0 };

interface Learned {
  readonly components: Dense;
  readonly mean: Float64Array;
  /** Undoes `components`; directions without variance come back as the mean. */
  readonly inverse: Dense;
}

/** Maps rows so that their components are uncorrelated and of variance 1. Directions without variance become 0. */
export class Whitening extends LinearModel {
  readonly options: Readonly<Required<WhiteningOptions>>;
  #learned: Learned | undefined;

  constructor(options: WhiteningOptions = {}) {
    super();
    this.options = resolveOptions<Required<WhiteningOptions>>(WHITENING_DEFAULTS, options);
    oneOf("method", this.options.method, ["pca", "zca"]);
    const { epsilon } = this.options;
    if (typeof epsilon !== "number" || !(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) {
      throw new VicinalError("OPTION_RANGE", { option: "epsilon", got: epsilon, rule: "a number >= 0" });
    }
  }

  /** The whitening matrix, d × d. */
  get components_(): Dense {
    return this.#get().components;
  }

  get mean_(): Float64Array {
    return this.#get().mean;
  }

  /** Learns from at least two rows. Throws BAD_INPUT, NOT_FINITE, DIM_MISMATCH; what was learned before stays then. */
  fit(rows: VectorsInput, run?: RunOptions): this {
    this.#learned = runSync(whiteningJob(rows, this.options), run);
    return this;
  }

  async fitAsync(rows: VectorsInput, run?: RunOptions): Promise<this> {
    this.#learned = await runAsync(whiteningJob(rows, this.options), run);
    return this;
  }

  fitTransform(rows: VectorsInput): Matrix {
    return this.fit(rows).transform(rows);
  }

  inverseTransform(rows: VectorsInput): Matrix {
    const { inverse, mean } = this.#get();
    const back = applyMap({ components: inverse, origin: undefined }, rows);
    for (let i = 0; i < back.data.length; i++) back.data[i]! += mean[i % back.cols]!;
    return back;
  }

  protected override map(): LinearMap {
    const { components, mean } = this.#get();
    return { components, origin: mean };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { components, mean, inverse } = this.#get();
    return {
      format: "vicinal/Whitening",
      version: 1,
      options: this.options,
      components: plainRows(components),
      inverse: plainRows(inverse),
      mean: Array.from(mean),
    };
  }

  static fromJSON(json: unknown): Whitening {
    const saved = openSaved(json, "Whitening");
    const model = new Whitening(saved.options<WhiteningOptions>("options"));
    const components = saved.matrix("components");
    const d = components.cols;
    model.#learned = {
      components,
      inverse: saved.matrix("inverse", d, components.rows),
      mean: saved.vector("mean", d),
    };
    return model;
  }

  #get(): Learned {
    return fitted(this.#learned, "Whitening");
  }
}

function* whiteningJob(
  input: VectorsInput,
  { method, epsilon }: Readonly<Required<WhiteningOptions>>,
): Job<Learned> {
  const source = rowSource(input, "rows", 2);
  const mean = yield* meanOf(source);
  const scatter = yield* scatterOf(source, mean);
  const { values, vectors } = yield* symmetricEigenJob(scatter);
  const d = source.cols;
  let total = 0;
  for (const value of values) total += Math.max(0, value);
  refuseConstant(total);
  const variance = values.map((v) => (Math.max(0, v) + (epsilon * total) / d) / (source.rows - 1));
  const roots = inverseRoots(variance);
  const scaled = scaleRows(vectors, roots);
  const unscaled = scaleRows(
    vectors,
    roots.map((root) => (root === 0 ? 0 : 1 / root)),
  );
  const back = transpose(vectors);
  return method === "pca"
    ? { components: scaled, mean, inverse: transpose(unscaled) }
    : { components: multiply(back, scaled), mean, inverse: multiply(back, unscaled) };
}
