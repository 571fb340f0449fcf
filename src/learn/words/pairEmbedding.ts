import {
  createRng,
  type Job,
  type Matrix,
  matrix,
  oneOf,
  permutation,
  type Rng,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { checkInteractions, holds, type Interactions } from "../factor/interactions.ts";
import { positive, refuseDiverged } from "../factor/model.ts";
import { restoreMatrix, type SavedMatrix, saveMatrix } from "../factor/savedArray.ts";
import { JobModel } from "../jobModel.ts";
import { openSaved, type SavedModel } from "../saved.ts";
import { cosineSlopes, logisticPairLoss, type PairLoss, type Slopes, squaredPairLoss } from "./pairLoss.ts";
import { RowAdam } from "./rowAdam.ts";

export interface PairEmbeddingOptions {
  /** Numbers a row is described by. */
  dimension?: number;
  /** Pairs that do not occur, drawn for each that does. */
  negatives?: number;
  /** `squared`: (cos ∓ 1)²; `logistic`: cross-entropy of σ(w · cos + b) with w and b learned. */
  loss?: "squared" | "logistic";
  /** Pairs that occur, of one step. */
  batch?: number;
  /** Adam's step. */
  learningRate?: number;
  epochs?: number;
  seed?: number;
}

export const PAIR_DEFAULTS: Required<PairEmbeddingOptions> = {
  dimension: 50,
  negatives: 2,
  loss: "squared",
  batch: 1024,
  learningRate: 1e-3,
  epochs: 15,
  seed: 42,
};

/** A fitted model as JSON; see {@link PairEmbedding.toJSON}. */
export interface SavedPairs extends SavedModel {
  readonly options: Required<PairEmbeddingOptions>;
  readonly left: SavedMatrix;
  readonly right: SavedMatrix;
}

interface Learned {
  readonly left: Matrix;
  readonly right: Matrix;
  readonly loss: readonly number[];
}

const START = 0.05;
const TRIES = 64;

/**
 * Two tables of vectors, such as of books and of the pages that they link to, whose cosine tells which pairs occur. Each
 * pair is met as often as its value says (rounded), with pairs that do not occur beside it: in turns another right row and
 * another left row, drawn evenly.
 *
 * @throws VicinalError fit: BAD_INPUT, EMPTY_INDEX, DIVERGED; left rows are users of the interactions, right rows items
 * @remarks O(occurrences · (1 + negatives) · dimension) an epoch; float64 inside, unit rows in float32; the same bytes for
 * a seed. Adam keeps moments of the rows that a step touches only.
 * @see Koehrsen, "Building a Recommendation System Using Neural Network Embeddings", 2018
 */
export class PairEmbedding extends JobModel<Interactions, Learned> {
  readonly options: Readonly<Required<PairEmbeddingOptions>>;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: PairEmbeddingOptions = {}) {
    super("PairEmbedding");
    const o = resolveOptions(PAIR_DEFAULTS, options) as Required<PairEmbeddingOptions>;
    wholeNumber("dimension", o.dimension, 1, 4096);
    wholeNumber("negatives", o.negatives, 1, 1000);
    oneOf("loss", o.loss, ["squared", "logistic"]);
    wholeNumber("batch", o.batch, 1, 2 ** 24);
    positive("learningRate", o.learningRate);
    wholeNumber("epochs", o.epochs, 1, 1_000_000);
    wholeNumber("seed", o.seed, 0, Number.MAX_SAFE_INTEGER);
    this.options = o;
  }

  /** Unit rows, one for each on the left (such as books). */
  get left_(): Matrix {
    return this.learned.left;
  }

  /** Unit rows, one for each on the right (such as links). */
  get right_(): Matrix {
    return this.learned.right;
  }

  /** Mean loss of a pair in each epoch. */
  get loss_(): readonly number[] {
    return this.learned.loss;
  }

  /** Both tables for JSON.stringify; float32 numbers in base64. */
  toJSON(): SavedPairs {
    const { left, right } = this.learned;
    const options = { ...this.options };
    return {
      format: "vicinal/PairEmbedding",
      version: 1,
      options,
      left: saveMatrix(left),
      right: saveMatrix(right),
    };
  }

  /** The model that {@link toJSON} gave (or its text); its `loss_` is empty. @throws VicinalError FORMAT, OPTION_RANGE */
  static fromJSON(json: unknown): PairEmbedding {
    const saved = openSaved(json, "PairEmbedding");
    const model = new PairEmbedding(saved.options("options"));
    const left = restoreMatrix("left rows of a saved PairEmbedding", saved.raw("left"));
    const right = restoreMatrix("right rows of a saved PairEmbedding", saved.raw("right"));
    if (left.cols !== right.cols) saved.fail("both its tables have as many columns");
    model.take({ left, right, loss: [] });
    return model;
  }

  /** @internal */
  protected override *job(given: Interactions): Job<Learned> {
    const x = checkInteractions(given);
    const { dimension: d, batch, epochs, seed, learningRate } = this.options;
    const pairs = occurrences(x);
    if (pairs.left.length === 0) throw new VicinalError("EMPTY_INDEX", { what: "PairEmbedding" });
    const left = new RowAdam(table(x.users, d, seed, "pairs left"), d, learningRate);
    const right = new RowAdam(table(x.items, d, seed, "pairs right"), d, learningRate);
    const unit = new RowAdam(Float64Array.of(1, 0), 2, learningRate);
    const rng = createRng(seed, "pairs draws");
    const slopes: Slopes = { a: new Float64Array(d), b: new Float64Array(d) };
    const loss: number[] = [];
    const n = pairs.left.length;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = permutation(n, rng);
      let sum = 0;
      for (let from = 0; from < n; from += batch) {
        yield { phase: "pairs", done: epoch * n + from, total: epochs * n };
        sum += this.#step(x, pairs, order.subarray(from, from + batch), { left, right, unit, slopes, rng });
      }
      refuseDiverged("PairEmbedding", (epoch + 1) * Math.ceil(n / batch), sum, left.values, right.values);
      loss.push(sum / n);
    }
    return { left: unitRows(left.values, d), right: unitRows(right.values, d), loss };
  }

  /** One batch of pairs that occur, each with its own that do not. @returns the sum over them of the mean loss */
  #step(x: Interactions, pairs: Occurrences, batch: Uint32Array, parts: Parts): number {
    const { negatives } = this.options;
    const scale = 1 / (batch.length * (1 + negatives));
    let sum = 0;
    for (const p of batch) {
      const [a, b] = [pairs.left[p]!, pairs.right[p]!];
      sum += this.#pair(a, b, true, scale, parts);
      for (let t = 0; t < negatives; t++) {
        const [c, e] = absent(x, a, b, t % 2 === 0, parts.rng);
        sum += this.#pair(c, e, false, scale, parts);
      }
    }
    parts.left.step();
    parts.right.step();
    if (this.options.loss === "logistic") parts.unit.step();
    return sum / (1 + negatives);
  }

  #pair(a: number, b: number, occurs: boolean, scale: number, { left, right, unit, slopes }: Parts): number {
    const { dimension: d, loss: kind } = this.options;
    const cosine = cosineSlopes(left.values, a, right.values, b, d, slopes);
    const found: PairLoss =
      kind === "squared"
        ? squaredPairLoss(cosine, occurs)
        : logisticPairLoss(cosine, occurs, unit.values[0]!, unit.values[1]!);
    left.add(a, slopes.a, scale * found.byCosine);
    right.add(b, slopes.b, scale * found.byCosine);
    if (kind === "logistic") unit.add(0, Float64Array.of(found.byWeight, found.byBias), scale);
    return found.loss;
  }
}

interface Parts {
  readonly left: RowAdam;
  readonly right: RowAdam;
  /** Weight and bias of the last unit. */
  readonly unit: RowAdam;
  readonly slopes: Slopes;
  readonly rng: Rng;
}

/** Pairs learned from in an epoch, at most. */
const MOST_OCCURRENCES = 2 ** 27;

interface Occurrences {
  readonly left: Uint32Array;
  readonly right: Uint32Array;
}

/** Each pair as often as its value, rounded, says; at least once. Throws BAD_INPUT for more than fit into memory. */
function occurrences(x: Interactions): Occurrences {
  const times = Float64Array.from(x.values, (value) => Math.max(1, Math.round(value)));
  const total = times.reduce((sum, n) => sum + n, 0);
  if (total > MOST_OCCURRENCES) {
    const rule = `at most ${MOST_OCCURRENCES}, as each is a pair to learn from; scale them down`;
    throw new VicinalError("BAD_INPUT", {
      what: "the sum of the values of interactions",
      got: String(total),
      rule,
    });
  }
  const left = new Uint32Array(total);
  const right = new Uint32Array(total);
  let at = 0;
  for (let u = 0; u < x.users; u++) {
    for (let e = x.indptr[u]!; e < x.indptr[u + 1]!; e++) {
      left.fill(u, at, at + times[e]!);
      right.fill(x.indices[e]!, at, at + times[e]!);
      at += times[e]!;
    }
  }
  return { left, right };
}

/** A pair like (a, b) with one side drawn anew until it does not occur, or as it was last drawn after many tries. */
function absent(
  x: Interactions,
  a: number,
  b: number,
  byRight: boolean,
  rng: Rng,
): readonly [number, number] {
  let pair: readonly [number, number] = [a, b];
  for (let t = 0; t < TRIES; t++) {
    pair = byRight ? [a, rng.below(x.items)] : [rng.below(x.users), b];
    if (!holds(x, ...pair)) break;
  }
  return pair;
}

function table(rows: number, d: number, seed: number, stream: string): Float64Array {
  const rng = createRng(seed, stream);
  return Float64Array.from({ length: rows * d }, () => START * (2 * rng.next() - 1));
}

function unitRows(values: Float64Array, d: number): Matrix {
  const out = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += d) {
    let length = 0;
    for (let j = 0; j < d; j++) length += values[at + j]! ** 2;
    length = Math.max(1e-12, Math.sqrt(length));
    for (let j = 0; j < d; j++) out[at + j] = values[at + j]! / length;
  }
  return matrix(out, d);
}
