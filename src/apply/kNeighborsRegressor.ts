import { checkK, type RunOptions } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import type { VectorReader } from "../indexes/parts/vectors.ts";
import type { SnapshotInput } from "../persist/index.ts";
import { type FitInput, runWork, runWorkAsync, type Work } from "./estimator.ts";
import { closing, readFitting } from "./fitting.ts";
import { chooseBest, type HeldOutOptions, holdOut, type KChoice } from "./heldOut.ts";
import { KEstimator } from "./kEstimator.ts";
import { checkMetricOfWeights, type NeighborOptions, type NeighborSource } from "./neighbors.ts";
import { openSavedEstimator, type SavedParts, targetParts } from "./saved.ts";
import { sameOutputs } from "./scores.ts";
import { r2, readTargets, rowsOf, type Targets, type TargetsInput } from "./targets.ts";
import { averageEach } from "./valueMeans.ts";
import { checkWeights, type Weights } from "./votes.ts";

export interface KNeighborsRegressorOptions extends NeighborOptions {
  /** Neighbours that are averaged, default 5; all rows where there are fewer. */
  k?: number;
  /** Default uniform. */
  weights?: Weights;
}

/**
 * Predicts the weighted mean of the k nearest fitted rows' values, one or several a row. Where rows are equally far,
 * those fitted first are nearer. Predictions equal those of scikit-learn's class of this name, save for the order of
 * rows equally far and the rounding of distances to float32.
 */
export class KNeighborsRegressor extends KEstimator<KNeighborsRegressorOptions, HeldOutOptions> {
  readonly kind = "KNeighborsRegressor";
  #weights: Weights;
  #targets: Targets | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: KNeighborsRegressorOptions = {}) {
    super(options, ["k", "weights"]);
    this.#weights = checkWeights(options.weights ?? "uniform");
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open(input: SnapshotInput, run: RunOptions = {}): Promise<KNeighborsRegressor> {
    type Options = KNeighborsRegressorOptions;
    return openSavedEstimator<Options, KNeighborsRegressor>(input, "KNeighborsRegressor", run, (saved) => {
      const model = new KNeighborsRegressor(saved.options);
      const k = saved.facts.whole("k", 1, 0x7fffffff);
      const targets = saved.targets();
      model.adopt(saved.source);
      model.#targets = targets;
      model.takeK(k);
      return model;
    });
  }

  protected parts(): SavedParts {
    const { facts, sections } = targetParts(this.#fitted);
    return { facts: { k: this.k_, ...facts }, sections };
  }

  /** Values of a row. Throws NOT_FITTED. */
  get outputs_(): number {
    return this.#fitted.outputs;
  }

  /**
   * Takes rows and the value, or values, of each. What was fitted before is replaced, or stays when this throws.
   *
   * @param rows vectors, shape n × d, or an index that holds them
   * @param values n numbers, or n × outputs; for an index, in the order of its keys
   * @throws VicinalError BAD_INPUT, NOT_FINITE, DIM_MISMATCH, EMPTY_INDEX, UNSUPPORTED and what the index refuses
   */
  fit(rows: FitInput, values: TargetsInput): this {
    const fitting = readFitting(rows, this.options);
    const targets = readTargets(values, fitting.rows);
    return this.#take(fitting.open(), targets);
  }

  /** The same in turns, on threads if wanted; rejects with the signal's reason. */
  async fitAsync(rows: FitInput, values: TargetsInput, run: RunOptions = {}): Promise<this> {
    const fitting = readFitting(rows, this.options);
    const targets = readTargets(values, fitting.rows);
    return this.#take(await fitting.openAsync(run, this.k_), targets);
  }

  #take(source: NeighborSource, targets: Targets): this {
    closing(source, () => checkMetricOfWeights(source, this.#weights));
    this.adopt(source);
    this.#targets = targets;
    this.takeK();
    return this;
  }

  /** Means of n queries, shape n × outputs, row-major. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. */
  predict(queries: VectorsInput): Float64Array {
    return this.predictEach(queries, [this.k_])[0]!;
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Float64Array> {
    return (await this.predictEachAsync(queries, [this.k_], run))[0]!;
  }

  /** Predictions for several k, in their order, from one search of the largest. */
  predictEach(queries: VectorsInput, ks: readonly number[]): Float64Array[] {
    return runWork(this.#average(this.read(queries), ks));
  }

  async predictEachAsync(
    queries: VectorsInput,
    ks: readonly number[],
    run: RunOptions = {},
  ): Promise<Float64Array[]> {
    return runWorkAsync(this.#average(this.keep(queries), ks), run);
  }

  /** R² of the predictions, the mean over outputs: 1 is perfect, 0 as good as predicting the mean. */
  score(queries: VectorsInput, values: TargetsInput): number {
    const reader = this.read(queries);
    const truth = sameOutputs(readTargets(values, reader.rows), this.outputs_);
    return r2(runWork(this.#average(reader, [this.k_]))[0]!, truth);
  }

  async scoreAsync(queries: VectorsInput, values: TargetsInput, run: RunOptions = {}): Promise<number> {
    const reader = this.keep(queries);
    const truth = sameOutputs(readTargets(values, reader.rows), this.outputs_);
    return r2((await runWorkAsync(this.#average(reader, [this.k_]), run))[0]!, truth);
  }

  get #fitted(): Targets {
    void this.source;
    return this.#targets!;
  }

  #average(reader: VectorReader, ks: readonly number[]): Work<Float64Array[]> {
    for (const k of ks) checkK(k);
    const reach = { k: checkK(Math.max(...ks)) };
    return this.around(reader, reach, averageEach(this.#fitted, this.#weights, ks, reader.rows));
  }

  /** @internal */
  protected override *choosing(options: HeldOutOptions): Work<KChoice> {
    const targets = this.#fitted;
    const { ks, quest, rows } = holdOut(this.source, options);
    const to = averageEach(targets, this.#weights, ks, rows.length);
    yield { quest, visit: to.visit };
    const truth = rowsOf(targets, rows);
    const scores = to.finish().map((means) => r2(means, truth));
    const choice = chooseBest(ks, scores, rows.length);
    this.takeK(choice.k);
    return choice;
  }
}
