import { checkK, type RunOptions, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { type FitInput, type KNeighbors, NeighborEstimator } from "./estimator.ts";
import { checkMetricOfWeights, type NeighborOptions, type NeighborSource } from "./neighbors.ts";
import { r2, readTargets, type Targets, type TargetsInput } from "./targets.ts";
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
export class KNeighborsRegressor extends NeighborEstimator<KNeighborsRegressorOptions> {
  readonly kind = "KNeighborsRegressor";
  #weights: Weights;
  #targets: Targets | undefined;
  #k: number;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: KNeighborsRegressorOptions = {}) {
    super(options, ["k", "weights"]);
    this.#k = checkK(options.k ?? 5);
    this.#weights = checkWeights(options.weights ?? "uniform");
  }

  /** Neighbours that are averaged. */
  get k_(): number {
    return this.#k;
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
    const fitting = this.readFitting(rows);
    const targets = readTargets(values, fitting.rows);
    return this.#take(fitting.open(), targets);
  }

  /** The same in turns, on threads if wanted; rejects with the signal's reason. */
  async fitAsync(rows: FitInput, values: TargetsInput, run: RunOptions = {}): Promise<this> {
    const fitting = this.readFitting(rows);
    const targets = readTargets(values, fitting.rows);
    return this.#take(await fitting.openAsync(run, this.#k), targets);
  }

  #take(source: NeighborSource, targets: Targets): this {
    checkMetricOfWeights(source, this.#weights);
    this.adopt(source);
    this.#targets = targets;
    this.#k = checkK(this.options.k ?? 5);
    return this;
  }

  /** Means of n queries, shape n × outputs, row-major. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. */
  predict(queries: VectorsInput): Float64Array {
    return this.predictEach(queries, [this.#k])[0]!;
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Float64Array> {
    return (await this.predictEachAsync(queries, [this.#k], run))[0]!;
  }

  /** Predictions for several k, in their order, from one search of the largest. */
  predictEach(queries: VectorsInput, ks: readonly number[]): Float64Array[] {
    const targets = this.#fitted;
    const reach = { k: checkK(Math.max(...ks.map(checkK))) };
    return this.collect(queries, reach, ({ rows }) => averageEach(targets, this.#weights, ks, rows));
  }

  async predictEachAsync(
    queries: VectorsInput,
    ks: readonly number[],
    run: RunOptions = {},
  ): Promise<Float64Array[]> {
    const targets = this.#fitted;
    const reach = { k: checkK(Math.max(...ks.map(checkK))) };
    const make = ({ rows }: { rows: number }) => averageEach(targets, this.#weights, ks, rows);
    return this.collectAsync(queries, reach, make, run);
  }

  /** R² of the predictions, the mean over outputs: 1 is perfect, 0 as good as predicting the mean. */
  score(queries: VectorsInput, values: TargetsInput): number {
    const truth = this.#truth(queries, values);
    return r2(this.predict(queries), truth);
  }

  async scoreAsync(queries: VectorsInput, values: TargetsInput, run: RunOptions = {}): Promise<number> {
    const truth = this.#truth(queries, values);
    return r2(await this.predictAsync(queries, run), truth);
  }

  /**
   * k nearest fitted rows of each query; without queries, of each fitted row, which is not its own neighbour.
   *
   * @param k default {@link k_}
   */
  kneighbors(queries?: VectorsInput, k: number = this.#k): KNeighbors {
    return this.nearest(queries, k);
  }

  async kneighborsAsync(
    queries?: VectorsInput,
    k: number = this.#k,
    run: RunOptions = {},
  ): Promise<KNeighbors> {
    return this.nearestAsync(queries, k, run);
  }

  get #fitted(): Targets {
    void this.source;
    return this.#targets!;
  }

  #truth(queries: VectorsInput, values: TargetsInput): Targets {
    return sameOutputs(readTargets(values, this.source.read(queries).rows), this.outputs_);
  }
}

/** Throws BAD_INPUT unless there are as many values a row as were fitted. */
export function sameOutputs(targets: Targets, outputs: number): Targets {
  if (targets.values.length === 0 || targets.outputs === outputs) return targets;
  const got = `of ${targets.outputs} values a row`;
  throw new VicinalError("BAD_INPUT", { what: "values", got, rule: `of ${outputs}, as fitted` });
}
