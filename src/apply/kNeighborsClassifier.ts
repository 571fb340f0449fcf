import { checkK, type Matrix, matrix, oneOf, type RunOptions } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { type Election, electEach, shareVotes } from "./classVotes.ts";
import { type FitInput, type KNeighbors, NeighborEstimator } from "./estimator.ts";
import { codesOf, type EncodedLabels, encodeLabels, type Label } from "./labels.ts";
import { checkMetricOfWeights, type NeighborOptions, type NeighborSource } from "./neighbors.ts";
import { checkWeights, TIES, type Ties, type Weights } from "./votes.ts";

export interface KNeighborsClassifierOptions extends NeighborOptions {
  /** Neighbours that vote, default 5; all rows where there are fewer. */
  k?: number;
  /** Default uniform. */
  weights?: Weights;
  /** Which class wins among equals, default the lowest label. */
  ties?: Ties;
}

/**
 * Classifies by a vote among the k nearest fitted rows. Which of rows equally far is nearer, the
 * index says; Flat takes that fitted first.
 * Predictions equal those of scikit-learn's class of this name, save for the order of rows equally far.
 *
 * @see Cover and Hart, Nearest neighbor pattern classification, 1967
 */
export class KNeighborsClassifier<
  L extends Label = Label,
> extends NeighborEstimator<KNeighborsClassifierOptions> {
  readonly kind = "KNeighborsClassifier";
  #weights: Weights;
  #ties: Ties;
  #labels: EncodedLabels<L> | undefined;
  #k: number;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: KNeighborsClassifierOptions = {}) {
    super(options, ["k", "weights", "ties"]);
    this.#k = checkK(options.k ?? 5);
    this.#weights = checkWeights(options.weights ?? "uniform");
    this.#ties = oneOf("ties", options.ties ?? "lowest", TIES);
  }

  /** Neighbours that vote. */
  get k_(): number {
    return this.#k;
  }

  /** The labels seen, numbers ascending, strings by code unit. Throws NOT_FITTED. */
  get classes_(): readonly L[] {
    return this.#fitted.classes;
  }

  /** Class of each fitted row, as its place in {@link classes_}. Throws NOT_FITTED. */
  get codes_(): Int32Array {
    return this.#fitted.codes;
  }

  /**
   * Takes rows and the label of each. What was fitted before is replaced, or stays when this throws.
   *
   * @param rows vectors, shape n × d, or an index that holds them
   * @param labels n numbers or strings; for an index, in the order of its keys
   * @throws VicinalError BAD_INPUT, DIM_MISMATCH, NOT_FINITE, EMPTY_INDEX, UNSUPPORTED and what the index refuses
   */
  fit(rows: FitInput, labels: ArrayLike<L>): this {
    const fitting = this.readFitting(rows);
    const encoded = encodeLabels(labels, fitting.rows);
    return this.#take(fitting.open(), encoded);
  }

  /** The same in turns, on threads if wanted; rejects with the signal's reason. */
  async fitAsync(rows: FitInput, labels: ArrayLike<L>, run: RunOptions = {}): Promise<this> {
    const fitting = this.readFitting(rows);
    const encoded = encodeLabels(labels, fitting.rows);
    return this.#take(await fitting.openAsync(run, this.#k), encoded);
  }

  #take(source: NeighborSource, labels: EncodedLabels<L>): this {
    checkMetricOfWeights(source, this.#weights);
    this.adopt(source);
    this.#labels = labels;
    this.#k = checkK(this.options.k ?? 5);
    return this;
  }

  /** The class of each query. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. O(searches + n·k). */
  predict(queries: VectorsInput): L[] {
    return this.predictEach(queries, [this.#k])[0]!;
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<L[]> {
    return (await this.predictEachAsync(queries, [this.#k], run))[0]!;
  }

  /** Predictions for several k, in their order, from one search of the largest. */
  predictEach(queries: VectorsInput, ks: readonly number[]): L[][] {
    const election = this.#election();
    const codes = this.collect(queries, reachOf(ks), (reader) => electEach(election, ks, reader.rows));
    return codes.map((some) => this.#named(some));
  }

  async predictEachAsync(queries: VectorsInput, ks: readonly number[], run: RunOptions = {}): Promise<L[][]> {
    const election = this.#election();
    const make = ({ rows }: { rows: number }) => electEach(election, ks, rows);
    return (await this.collectAsync(queries, reachOf(ks), make, run)).map((some) => this.#named(some));
  }

  /** Share of each class in the votes, shape n × classes, columns in the order of {@link classes_}. */
  predictProba(queries: VectorsInput): Matrix<Float64Array> {
    const election = this.#election();
    const shares = this.collect(queries, { k: this.#k }, ({ rows }) => shareVotes(election, rows));
    return matrix(shares, election.classes);
  }

  async predictProbaAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Matrix<Float64Array>> {
    const election = this.#election();
    const make = ({ rows }: { rows: number }) => shareVotes(election, rows);
    return matrix(await this.collectAsync(queries, { k: this.#k }, make, run), election.classes);
  }

  /** Share of queries whose class is predicted rightly; labels never seen count as wrong. */
  score(queries: VectorsInput, labels: ArrayLike<L>): number {
    const reader = this.source.read(queries);
    const truth = codesOf(labels, this.classes_, reader.rows);
    const election = this.#election();
    const [codes] = this.collect(queries, { k: this.#k }, () => electEach(election, [this.#k], reader.rows));
    return agreement(codes!, truth);
  }

  async scoreAsync(queries: VectorsInput, labels: ArrayLike<L>, run: RunOptions = {}): Promise<number> {
    const reader = this.source.read(queries);
    const truth = codesOf(labels, this.classes_, reader.rows);
    const election = this.#election();
    const make = () => electEach(election, [this.#k], reader.rows);
    const [codes] = await this.collectAsync(queries, { k: this.#k }, make, run);
    return agreement(codes!, truth);
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

  get #fitted(): EncodedLabels<L> {
    void this.source;
    return this.#labels!;
  }

  #election(): Election {
    const { codes, classes } = this.#fitted;
    return { codes, classes: classes.length, weights: this.#weights, ties: this.#ties };
  }

  #named(codes: Int32Array): L[] {
    const { classes } = this.#fitted;
    return Array.from(codes, (code) => classes[code]!);
  }
}

function reachOf(ks: readonly number[]): { k: number } {
  for (const k of ks) checkK(k);
  return { k: checkK(Math.max(...ks)) };
}

/** Share of equal codes. */
export function agreement(codes: Int32Array, truth: Int32Array): number {
  let right = 0;
  for (let i = 0; i < truth.length; i++) if (codes[i] === truth[i]) right++;
  return truth.length === 0 ? 0 : right / truth.length;
}
