import { checkK, type Matrix, matrix, oneOf, type RunOptions } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import type { VectorReader } from "../indexes/parts/vectors.ts";
import type { Facts, SnapshotInput } from "../persist/index.ts";
import {
  CALIBRATIONS,
  type Calibration,
  type CalibrationFit,
  fitCalibration,
  smoothShares,
} from "./calibrate.ts";
import { type Election, electEach, shareVotes } from "./classVotes.ts";
import { type FitInput, runWork, runWorkAsync, type Work } from "./estimator.ts";
import { readFitting } from "./fitting.ts";
import { chooseBest, type HeldOutOptions, holdOut, type KChoice } from "./heldOut.ts";
import { KEstimator } from "./kEstimator.ts";
import { codesOf, type EncodedLabels, encodeLabels, type Label } from "./labels.ts";
import { checkMetricOfWeights, type NeighborOptions, type NeighborSource } from "./neighbors.ts";
import { labelParts, openSavedEstimator, type SavedParts } from "./saved.ts";
import { agreement } from "./scores.ts";
import { checkWeights, TIES, type Ties, type Weights } from "./votes.ts";

export interface KNeighborsClassifierOptions extends NeighborOptions {
  /** Neighbours that vote, default 5; all rows where there are fewer. */
  k?: number;
  /** Default uniform. */
  weights?: Weights;
  /** Which class wins among equals, default the lowest label. */
  ties?: Ties;
  /** How predictProba makes probabilities of votes, default none; see {@link Calibration}. */
  calibration?: Calibration;
}

/** What k is chosen by: share of right predictions, or log loss (negated) of the probabilities. */
export type ClassScoring = "accuracy" | "logLoss";

interface ClassChoosing extends HeldOutOptions {
  scoring?: ClassScoring;
}

const CLASS_SCORINGS: readonly ClassScoring[] = ["accuracy", "logLoss"];

/** Rows left out, at most, to learn a calibration of two numbers from. */
const CALIBRATION_ROWS = 2000;

/**
 * Classifies by a vote among the k nearest fitted rows. Which of rows equally far is nearer, the
 * index says; Flat takes that fitted first.
 * Predictions equal those of scikit-learn's class of this name, save for the order of rows equally far.
 *
 * @see Cover and Hart, Nearest neighbor pattern classification, 1967
 */
export class KNeighborsClassifier<L extends Label = Label> extends KEstimator<
  KNeighborsClassifierOptions,
  ClassChoosing
> {
  readonly kind = "KNeighborsClassifier";
  #weights: Weights;
  #ties: Ties;
  #labels: EncodedLabels<L> | undefined;
  #calibration: Calibration;
  #calibrated: CalibrationFit | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: KNeighborsClassifierOptions = {}) {
    super(options, ["k", "weights", "ties", "calibration"]);
    this.#weights = checkWeights(options.weights ?? "uniform");
    this.#ties = oneOf("ties", options.ties ?? "lowest", TIES);
    this.#calibration = oneOf("calibration", options.calibration ?? "none", CALIBRATIONS);
  }

  /** What calibration learned for {@link k_}; undefined where it is none, or only one row was fitted. */
  get calibration_(): CalibrationFit | undefined {
    return this.#calibrated;
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open<L extends Label = Label>(
    input: SnapshotInput,
    run: RunOptions = {},
  ): Promise<KNeighborsClassifier<L>> {
    type Options = KNeighborsClassifierOptions;
    return openSavedEstimator<Options, KNeighborsClassifier<L>>(
      input,
      "KNeighborsClassifier",
      run,
      (saved) => {
        const model = new KNeighborsClassifier<L>(saved.options);
        const k = saved.facts.whole("k", 1, 0x7fffffff);
        const labels = saved.labels<L>();
        const calibrated = saved.facts.has("smoothing")
          ? {
              smoothing: saved.facts.number("smoothing", 0),
              temperature: saved.facts.number("temperature", 0),
              logLoss: saved.facts.number("logLoss", 0),
            }
          : undefined;
        model.adopt(saved.source);
        model.#labels = labels;
        model.takeK(k);
        model.#calibrated = calibrated;
        return model;
      },
    );
  }

  protected parts(): SavedParts {
    const learned: Facts = this.#calibrated === undefined ? {} : { ...this.#calibrated };
    return { facts: { k: this.k_, ...learned }, sections: labelParts(this.#fitted) };
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
    const fitting = readFitting(rows, this.options);
    const encoded = encodeLabels(labels, fitting.rows);
    return runWork(this.#take(fitting.open(), encoded));
  }

  /** The same in turns, on threads if wanted; rejects with the signal's reason. */
  async fitAsync(rows: FitInput, labels: ArrayLike<L>, run: RunOptions = {}): Promise<this> {
    const fitting = readFitting(rows, this.options);
    const encoded = encodeLabels(labels, fitting.rows);
    return runWorkAsync(this.#take(await fitting.openAsync(run, this.k_), encoded), run);
  }

  *#take(source: NeighborSource, labels: EncodedLabels<L>): Work<this> {
    const k = checkK(this.options.k ?? 5);
    let done = false;
    try {
      checkMetricOfWeights(source, this.#weights);
      const calibrated = yield* this.#calibrate(source, this.#electionOf(labels), k);
      this.adopt(source);
      this.#labels = labels;
      this.takeK(k);
      this.#calibrated = calibrated;
      done = true;
    } finally {
      if (!done) source.close();
    }
    return this;
  }

  /** The class of each query. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. O(searches + n·k). */
  predict(queries: VectorsInput): L[] {
    return this.predictEach(queries, [this.k_])[0]!;
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<L[]> {
    return (await this.predictEachAsync(queries, [this.k_], run))[0]!;
  }

  /** Predictions for several k, in their order, from one search of the largest. */
  predictEach(queries: VectorsInput, ks: readonly number[]): L[][] {
    return runWork(this.#elect(this.read(queries), ks)).map((codes) => this.#named(codes));
  }

  async predictEachAsync(queries: VectorsInput, ks: readonly number[], run: RunOptions = {}): Promise<L[][]> {
    const each = await runWorkAsync(this.#elect(this.keep(queries), ks), run);
    return each.map((codes) => this.#named(codes));
  }

  /**
   * Share of each class in the votes, or calibrated probabilities, shape n × classes, columns in the order of
   * {@link classes_}. Rows sum to 1.
   */
  predictProba(queries: VectorsInput): Matrix<Float64Array> {
    return runWork(this.#proba(this.read(queries)));
  }

  async predictProbaAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Matrix<Float64Array>> {
    return runWorkAsync(this.#proba(this.keep(queries)), run);
  }

  /** Share of queries whose class is predicted rightly; labels never seen count as wrong. */
  score(queries: VectorsInput, labels: ArrayLike<L>): number {
    return runWork(this.#score(this.read(queries), labels));
  }

  async scoreAsync(queries: VectorsInput, labels: ArrayLike<L>, run: RunOptions = {}): Promise<number> {
    return runWorkAsync(this.#score(this.keep(queries), labels), run);
  }

  get #fitted(): EncodedLabels<L> {
    void this.source;
    return this.#labels!;
  }

  get #election(): Election {
    return this.#electionOf(this.#fitted);
  }

  #electionOf({ codes, classes }: EncodedLabels<L>): Election {
    return { codes, classes: classes.length, weights: this.#weights, ties: this.#ties };
  }

  #named(codes: Int32Array): L[] {
    const { classes } = this.#fitted;
    return Array.from(codes, (code) => classes[code]!);
  }

  #elect(reader: VectorReader, ks: readonly number[]): Work<Int32Array[]> {
    for (const k of ks) checkK(k);
    const reach = { k: checkK(Math.max(...ks)) };
    return this.around(reader, reach, electEach(this.#election, ks, reader.rows));
  }

  *#proba(reader: VectorReader): Work<Matrix<Float64Array>> {
    const election = this.#election;
    const k = this.k_;
    const shares = yield* this.around(reader, { k }, shareVotes(election, [k], reader.rows));
    if (this.#calibrated !== undefined) smoothShares(shares[0]!, election.classes, k, this.#calibrated);
    return matrix(shares[0]!, election.classes);
  }

  *#score(reader: VectorReader, labels: ArrayLike<L>): Work<number> {
    const truth = codesOf(labels, this.classes_, reader.rows);
    const [codes] = yield* this.#elect(reader, [this.k_]);
    return agreement(codes!, truth);
  }

  /** @internal */
  protected override *choosing({ scoring = "accuracy", ...options }: ClassChoosing): Work<KChoice> {
    oneOf("scoring", scoring, CLASS_SCORINGS);
    const { ks, quest, rows } = holdOut(this.source, options);
    const election = this.#election;
    const truth = rows.map((row) => election.codes[row]!);
    let scores: number[];
    if (scoring === "accuracy") {
      const to = electEach(election, ks, rows.length);
      yield { quest, visit: to.visit };
      scores = to.finish().map((codes) => agreement(codes, truth));
    } else {
      const to = shareVotes(election, ks, rows.length);
      yield { quest, visit: to.visit };
      scores = to.finish().map((shares, j) => {
        return -fitCalibration(shares, election.classes, ks[j]!, truth, this.#calibration).logLoss;
      });
    }
    const choice = chooseBest(ks, scores, rows.length);
    this.#calibrated = yield* this.#calibrate(this.source, election, choice.k);
    this.takeK(choice.k);
    return choice;
  }

  /** Learns the calibration for k from left-out rows. */
  *#calibrate(source: NeighborSource, election: Election, k: number): Work<CalibrationFit | undefined> {
    if (this.#calibration === "none" || source.rows < 2) return undefined;
    const { quest, rows } = holdOut(source, { ks: [k], rows: CALIBRATION_ROWS });
    const to = shareVotes(election, [k], rows.length);
    yield { quest, visit: to.visit };
    const truth = rows.map((row) => election.codes[row]!);
    return fitCalibration(to.finish()[0]!, election.classes, k, truth, this.#calibration);
  }
}
