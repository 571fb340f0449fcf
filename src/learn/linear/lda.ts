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
import { type Dense, multiply, multiplyTransposed, rowsOf, transpose, zeros } from "../linalg/dense.ts";
import { flipRows, symmetricEigenJob } from "../linalg/eigen.ts";
import { type Classes, type RowSource, readClasses, rowSource } from "../rows.ts";
import { fitted, openSaved, plainRows, type SavedModel } from "../saved.ts";
import { type LinearMap, LinearModel } from "./linearModel.ts";
import { meanOf, scatterOf } from "./moments.ts";
import { inverseRoots, scaleRows } from "./pca.ts";

export interface LdaOptions {
  /** Directions kept, default as many as there are: at most one less than classes, and at most the columns. */
  nComponents?: number;
}

export const LDA_DEFAULTS: LdaOptions = { nComponents: undefined };

interface Learned {
  readonly components: Dense;
  readonly mean: Float64Array;
  readonly ratio: Float64Array;
}

/**
 * Linear discriminants (Fisher): directions in which class means lie apart while each class is of variance 1; scaled as the
 * `scalings_` of scikit-learn's solver "svd" are. Directions in which no class varies are left out.
 */
export class LDA extends LinearModel {
  readonly options: Readonly<LdaOptions>;
  #learned: Learned | undefined;

  constructor(options: LdaOptions = {}) {
    super();
    this.options = resolveOptions<LdaOptions>(LDA_DEFAULTS, options);
    const { nComponents } = this.options;
    if (nComponents !== undefined) wholeNumber("nComponents", nComponents, 1, 2 ** 31 - 1);
  }

  /** Directions as rows, m × d. */
  get components_(): Dense {
    return this.#get().components;
  }

  get mean_(): Float64Array {
    return this.#get().mean;
  }

  /** Share of the variance between classes along each direction. */
  get explainedVarianceRatio_(): Float64Array {
    return this.#get().ratio;
  }

  /**
   * Learns from rows and their labels.
   *
   * @throws VicinalError BAD_INPUT for one class, no variance within classes or labels that are not one a row; OPTION_RANGE
   */
  fit(rows: VectorsInput, labels: ArrayLike<number | string>, run?: RunOptions): this {
    this.#learned = runSync(ldaJob(rows, labels, this.options.nComponents), run);
    return this;
  }

  async fitAsync(rows: VectorsInput, labels: ArrayLike<number | string>, run?: RunOptions): Promise<this> {
    this.#learned = await runAsync(ldaJob(rows, labels, this.options.nComponents), run);
    return this;
  }

  fitTransform(rows: VectorsInput, labels: ArrayLike<number | string>): Matrix {
    return this.fit(rows, labels).transform(rows);
  }

  protected override map(): LinearMap {
    const { components, mean } = this.#get();
    return { components, origin: mean };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { components, mean, ratio } = this.#get();
    return {
      format: "vicinal/LDA",
      version: 1,
      options: this.options,
      components: plainRows(components),
      mean: Array.from(mean),
      explainedVarianceRatio: Array.from(ratio),
    };
  }

  static fromJSON(json: unknown): LDA {
    const saved = openSaved(json, "LDA");
    const model = new LDA(saved.options<LdaOptions>("options"));
    const components = saved.matrix("components");
    model.#learned = {
      components,
      mean: saved.vector("mean", components.cols),
      ratio: saved.vector("explainedVarianceRatio", components.rows),
    };
    return model;
  }

  #get(): Learned {
    return fitted(this.#learned, "LDA");
  }
}

/** Directions, mean and shares; what NCA and LMNN start from. */
export function* ldaJob(
  input: VectorsInput,
  labels: ArrayLike<number | string>,
  nComponents: number | undefined,
): Job<Learned> {
  const source = rowSource(input, "rows", 3);
  const classes = readClasses(labels, source.rows);
  const count = classes.classes.length;
  const most = Math.min(count - 1, source.cols);
  if (nComponents !== undefined && nComponents > most) {
    const rule = `at most ${most}: one less than classes, and no more than columns`;
    throw new VicinalError("OPTION_RANGE", { option: "nComponents", got: nComponents, rule });
  }
  const mean = yield* meanOf(source);
  const means = classMeans(source, classes);
  const within = yield* scatterOf(lessMeans(source, classes, means), new Float64Array(source.cols));
  const { values, vectors } = yield* symmetricEigenJob(within);
  if (!(values[0]! > 0)) {
    const rule = "rows that differ within at least one class";
    throw new VicinalError("BAD_INPUT", { what: "rows of each class", got: "all alike", rule });
  }
  const degrees = Math.max(1, source.rows - count);
  const whiten = scaleRows(vectors, inverseRoots(values.map((v) => Math.max(0, v) / degrees)));
  const between = zeros(count, source.cols);
  for (let c = 0; c < count; c++) {
    const weight = Math.sqrt(classes.counts[c]! / source.rows);
    for (let j = 0; j < source.cols; j++) {
      between.data[c * source.cols + j] = weight * (means.data[c * source.cols + j]! - mean[j]!);
    }
  }
  const spread = transpose(multiplyTransposed(between, whiten));
  const found = yield* symmetricEigenJob(multiplyTransposed(spread, spread));
  const kept = nComponents ?? most;
  const components = multiply(rowsOf(found.vectors, 0, kept), whiten);
  flipRows(components);
  let total = 0;
  for (let i = 0; i < most; i++) total += Math.max(0, found.values[i]!);
  const ratio = found.values.slice(0, kept).map((v) => (total > 0 ? Math.max(0, v) / total : 0));
  return { components, mean, ratio };
}

function classMeans(source: RowSource, { codes, counts, classes }: Classes): Dense {
  const d = source.cols;
  const means = zeros(classes.length, d);
  const row = new Float64Array(d);
  for (let i = 0; i < source.rows; i++) {
    source.copyInto(row, i, i + 1);
    const c = codes[i]!;
    for (let j = 0; j < d; j++) means.data[c * d + j]! += row[j]! / counts[c]!;
  }
  return means;
}

/** The rows, each less the mean of its class. */
function lessMeans(source: RowSource, { codes }: Classes, means: Dense): RowSource {
  const d = source.cols;
  return {
    rows: source.rows,
    cols: d,
    copyInto(into, from, to) {
      source.copyInto(into, from, to);
      for (let i = from, at = 0; i < to; i++) {
        const c = codes[i]! * d;
        for (let j = 0; j < d; j++) into[at++]! -= means.data[c + j]!;
      }
    },
  };
}
