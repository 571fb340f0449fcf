import { type Matrix, matrix, oneOf, type RunOptions, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import type { VectorReader } from "../indexes/parts/vectors.ts";
import type { SnapshotInput } from "../persist/index.ts";
import { electEach, shareVotes } from "./classVotes.ts";
import {
  type Collector,
  type FitInput,
  NeighborEstimator,
  runWork,
  runWorkAsync,
  type Work,
} from "./estimator.ts";
import { closing, readFitting } from "./fitting.ts";
import { checkCount, type EncodedLabels, encodeLabels, type Label } from "./labels.ts";
import { checkMetricOfWeights, type Found, type NeighborOptions, type NeighborSource } from "./neighbors.ts";
import { labelParts, openSavedEstimator, type SavedParts, targetParts } from "./saved.ts";
import { sameOutputs } from "./scores.ts";
import { r2, readTargets, type Targets, type TargetsInput } from "./targets.ts";
import { averageEach } from "./valueMeans.ts";
import { checkWeights, TIES, type Ties, type Weights } from "./votes.ts";

export interface RadiusNeighborsClassifierOptions<L extends Label = Label> extends NeighborOptions {
  /** Distance up to which rows vote, in the metric's own units; default 1. */
  radius?: number;
  /** Default uniform. */
  weights?: Weights;
  /** Which class wins among equals, default the lowest label. */
  ties?: Ties;
  /**
   * Queries that no row is near: refuse all with BAD_INPUT (the default), take the commonest label of the fitted rows, or
   * one of the caller's, which need not be among those fitted.
   */
  outliers?: "refuse" | "mostFrequent" | { readonly label: L };
}

export interface RadiusNeighborsRegressorOptions extends NeighborOptions {
  /** Distance up to which rows are averaged, in the metric's own units; default 1. */
  radius?: number;
  /** Default uniform. */
  weights?: Weights;
  /** What is predicted for queries that no row is near; default NaN. */
  outlierValue?: number;
}

const ALL = [Number.MAX_SAFE_INTEGER] as const;

function checkRadius(got: unknown): number {
  if (typeof got === "number" && got >= 0) return got;
  throw new VicinalError("OPTION_RANGE", { option: "radius", got, rule: "a number >= 0" });
}

/** Neighbours within a radius by query, and which queries have none. */
abstract class RadiusEstimator<O extends NeighborOptions & { radius?: number }> extends NeighborEstimator<O> {
  readonly #radius: number;

  protected constructor(options: O, own: readonly string[]) {
    super(options, ["radius", "weights", ...own]);
    this.#radius = checkRadius(options.radius ?? 1);
  }

  /**
   * All fitted rows within the radius of each query, nearest first: those of query q are starts[q] … starts[q + 1) − 1.
   *
   * @param radius default the option's
   */
  radiusNeighbors(queries: VectorsInput, radius: number = this.#radius): Found {
    const reader = this.read(queries);
    const starts = new Uint32Array(reader.rows + 1);
    const parts: Found[] = [];
    const visit = (found: Found, first: number): void => {
      for (let q = 1; q < found.starts.length; q++) starts[first + q] = starts[first]! + found.starts[q]!;
      parts.push(found);
    };
    this.source.visit(this.source.around(reader, { radius: checkRadius(radius) }, "neighbours"), visit);
    const rows = new Int32Array(starts[reader.rows]!);
    const distances = new Float32Array(rows.length);
    let at = 0;
    for (const part of parts) {
      rows.set(part.rows, at);
      distances.set(part.distances, at);
      at += part.rows.length;
    }
    return { starts, rows, distances };
  }

  /** What a collector makes of neighbours within the radius, and the queries without any. */
  protected *within<T>(reader: VectorReader, to: Collector<T>): Work<{ result: T; lonely: number[] }> {
    const lonely: number[] = [];
    const visit = (found: Found, first: number): void => {
      for (let q = 0; q + 1 < found.starts.length; q++) {
        if (found.starts[q] === found.starts[q + 1]) lonely.push(first + q);
      }
      to.visit(found, first);
    };
    yield { quest: this.source.around(reader, { radius: this.#radius }, "predict"), visit };
    return { result: to.finish(), lonely };
  }
}

/** Classifies by a vote among all fitted rows within a radius; equal to scikit-learn's class of this name. */
export class RadiusNeighborsClassifier<L extends Label = Label> extends RadiusEstimator<
  RadiusNeighborsClassifierOptions<L>
> {
  readonly kind = "RadiusNeighborsClassifier";
  readonly #weights: Weights;
  readonly #ties: Ties;
  readonly #outliers: "refuse" | "mostFrequent" | { readonly label: L };
  #labels: EncodedLabels<L> | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: RadiusNeighborsClassifierOptions<L> = {}) {
    super(options, ["ties", "outliers"]);
    this.#weights = checkWeights(options.weights ?? "uniform");
    this.#ties = oneOf("ties", options.ties ?? "lowest", TIES);
    const outliers = options.outliers ?? "refuse";
    const isLabel = typeof outliers === "object" && outliers !== null && "label" in outliers;
    this.#outliers = isLabel ? outliers : oneOf("outliers", outliers, ["refuse", "mostFrequent"] as const);
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open<L extends Label = Label>(
    input: SnapshotInput,
    run: RunOptions = {},
  ): Promise<RadiusNeighborsClassifier<L>> {
    type Model = RadiusNeighborsClassifier<L>;
    type Options = RadiusNeighborsClassifierOptions<L>;
    return openSavedEstimator<Options, Model>(input, "RadiusNeighborsClassifier", run, (saved) => {
      const model = new RadiusNeighborsClassifier<L>(saved.options);
      const labels = saved.labels<L>();
      return model.#take(saved.source, labels);
    });
  }

  protected parts(): SavedParts {
    return { facts: {}, sections: labelParts(this.#fitted) };
  }

  /** The labels seen, numbers ascending, strings by code unit. Throws NOT_FITTED. */
  get classes_(): readonly L[] {
    return this.#fitted.classes;
  }

  /** Takes rows and the label of each; see KNeighborsClassifier. */
  fit(rows: FitInput, labels: ArrayLike<L>): this {
    const fitting = readFitting(rows, this.options);
    const encoded = encodeLabels(labels, fitting.rows);
    return this.#take(fitting.open(), encoded);
  }

  async fitAsync(rows: FitInput, labels: ArrayLike<L>, run: RunOptions = {}): Promise<this> {
    const fitting = readFitting(rows, this.options);
    const encoded = encodeLabels(labels, fitting.rows);
    return this.#take(await fitting.openAsync(run, 10), encoded);
  }

  #take(source: NeighborSource, labels: EncodedLabels<L>): this {
    closing(source, () => checkMetricOfWeights(source, this.#weights));
    this.adopt(source);
    this.#labels = labels;
    return this;
  }

  /** The class of each query. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE, and BAD_INPUT for outliers if refused. */
  predict(queries: VectorsInput): L[] {
    return runWork(this.#predict(this.read(queries)));
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<L[]> {
    return runWorkAsync(this.#predict(this.keep(queries)), run);
  }

  /**
   * Share of each class in the votes, shape n × classes. The row of an outlier has 1 for the class it is given, or zeros
   * where that is none of {@link classes_}.
   */
  predictProba(queries: VectorsInput): Matrix<Float64Array> {
    return runWork(this.#proba(this.read(queries)));
  }

  async predictProbaAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Matrix<Float64Array>> {
    return runWorkAsync(this.#proba(this.keep(queries)), run);
  }

  /** Share of queries whose class is predicted rightly. */
  score(queries: VectorsInput, labels: ArrayLike<L>): number {
    const predicted = this.predict(queries);
    checkCount(labels, predicted.length, "labels");
    return predicted.filter((label, i) => label === labels[i]).length / Math.max(1, predicted.length);
  }

  get #fitted(): EncodedLabels<L> {
    void this.source;
    return this.#labels!;
  }

  *#predict(reader: VectorReader): Work<L[]> {
    const { classes } = this.#fitted;
    const to = electEach(this.#election, ALL, reader.rows);
    const { result, lonely } = yield* this.within(reader, to);
    const out = Array.from(result[0]!, (code) => classes[code]!);
    if (lonely.length > 0) {
      const label = this.#labelOf(lonely);
      for (const q of lonely) out[q] = label;
    }
    return out;
  }

  *#proba(reader: VectorReader): Work<Matrix<Float64Array>> {
    const { classes } = this.#fitted;
    const { result, lonely } = yield* this.within(reader, shareVotes(this.#election, ALL, reader.rows));
    const shares = result[0]!;
    if (lonely.length > 0) {
      const code = classes.indexOf(this.#labelOf(lonely));
      for (const q of lonely) if (code >= 0) shares[q * classes.length + code] = 1;
    }
    return matrix(shares, classes.length);
  }

  get #election() {
    const { codes, classes } = this.#fitted;
    return { codes, classes: classes.length, weights: this.#weights, ties: this.#ties };
  }

  #labelOf(lonely: readonly number[]): L {
    const { codes, classes } = this.#fitted;
    if (this.#outliers === "refuse") {
      throw new VicinalError("BAD_INPUT", {
        what: `queries row ${lonely[0]}`,
        got: "beyond the radius of every fitted row",
        rule: "near some; set the option outliers to give such queries a label",
      });
    }
    if (this.#outliers !== "mostFrequent") return this.#outliers.label;
    const counts = new Uint32Array(classes.length);
    for (const code of codes) counts[code]!++;
    return classes[counts.indexOf(Math.max(...counts))]!;
  }
}

/** Predicts the weighted mean over all fitted rows within a radius; equal to scikit-learn's class of this name. */
export class RadiusNeighborsRegressor extends RadiusEstimator<RadiusNeighborsRegressorOptions> {
  readonly kind = "RadiusNeighborsRegressor";
  readonly #weights: Weights;
  readonly #outlierValue: number;
  #targets: Targets | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: RadiusNeighborsRegressorOptions = {}) {
    super(options, ["outlierValue"]);
    this.#weights = checkWeights(options.weights ?? "uniform");
    this.#outlierValue = options.outlierValue ?? Number.NaN;
    if (typeof this.#outlierValue !== "number") {
      throw new VicinalError("OPTION_RANGE", {
        option: "outlierValue",
        got: options.outlierValue,
        rule: "a number, or NaN",
      });
    }
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open(input: SnapshotInput, run: RunOptions = {}): Promise<RadiusNeighborsRegressor> {
    type Model = RadiusNeighborsRegressor;
    type Options = RadiusNeighborsRegressorOptions;
    return openSavedEstimator<Options, Model>(input, "RadiusNeighborsRegressor", run, (saved) => {
      const model = new RadiusNeighborsRegressor(saved.options);
      return model.#take(saved.source, saved.targets());
    });
  }

  protected parts(): SavedParts {
    return targetParts(this.#fitted);
  }

  /** Values of a row. Throws NOT_FITTED. */
  get outputs_(): number {
    return this.#fitted.outputs;
  }

  /** Takes rows and the value, or values, of each; see KNeighborsRegressor. */
  fit(rows: FitInput, values: TargetsInput): this {
    const fitting = readFitting(rows, this.options);
    const targets = readTargets(values, fitting.rows);
    return this.#take(fitting.open(), targets);
  }

  async fitAsync(rows: FitInput, values: TargetsInput, run: RunOptions = {}): Promise<this> {
    const fitting = readFitting(rows, this.options);
    const targets = readTargets(values, fitting.rows);
    return this.#take(await fitting.openAsync(run, 10), targets);
  }

  #take(source: NeighborSource, targets: Targets): this {
    closing(source, () => checkMetricOfWeights(source, this.#weights));
    this.adopt(source);
    this.#targets = targets;
    return this;
  }

  /** Means of n queries, shape n × outputs, row-major. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. */
  predict(queries: VectorsInput): Float64Array {
    return runWork(this.#average(this.read(queries)));
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Float64Array> {
    return runWorkAsync(this.#average(this.keep(queries)), run);
  }

  /** R² of the predictions, the mean over outputs; NaN where an outlier is predicted as NaN. */
  score(queries: VectorsInput, values: TargetsInput): number {
    const truth = sameOutputs(readTargets(values, this.read(queries).rows), this.outputs_);
    return r2(this.predict(queries), truth);
  }

  get #fitted(): Targets {
    void this.source;
    return this.#targets!;
  }

  *#average(reader: VectorReader): Work<Float64Array> {
    const { outputs } = this.#fitted;
    const { result, lonely } = yield* this.within(
      reader,
      averageEach(this.#fitted, this.#weights, ALL, reader.rows),
    );
    const means = result[0]!;
    for (const q of lonely) means.fill(this.#outlierValue, q * outputs, (q + 1) * outputs);
    return means;
  }
}
