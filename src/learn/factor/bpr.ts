import {
  createRng,
  type Job,
  type Matrix,
  matrix,
  type Rng,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { openSaved, type SavedModel } from "../saved.ts";
import { bprStep } from "./bprStep.ts";
import { FactorScorer, type Factors } from "./factorScorer.ts";
import { checkInteractions, holds, type Interactions } from "./interactions.ts";
import { bag, positive, refuseDiverged } from "./model.ts";
import { restoreMatrix, type SavedMatrix, saveMatrix } from "./savedArray.ts";

export interface BprOptions {
  /** Numbers a user and an item are described by, beside the item's bias; 1 … 1024. */
  factors?: number;
  /** Step of the stochastic gradient. */
  learningRate?: number;
  /** What the squared length of a row costs each time it is met. */
  regularization?: number;
  /** Passes; each draws as many pairs as there are interactions. */
  epochs?: number;
  seed?: number;
}

export const BPR_DEFAULTS: Required<BprOptions> = {
  factors: 64,
  learningRate: 0.05,
  regularization: 0.01,
  epochs: 100,
  seed: 42,
};

/** A fitted model as JSON; see {@link BPR.toJSON}. */
export interface SavedBpr extends SavedModel {
  readonly options: Required<BprOptions>;
  readonly users: SavedMatrix;
  readonly items: SavedMatrix;
}

/** Draws of a negative before a user is taken to have (nearly) everything. */
const TRIES = 64;
const BLOCK = 2048;

/**
 * Bayesian personalised ranking: what a user has should score above what they have not. Stochastic gradient ascent on
 * Σ ln σ(x·y_i − x·y_j) − λ|·|²: i drawn from the interactions, j from all items and drawn again while the user has it.
 * Values of interactions do not matter. A row of items ends in the item's bias, a row of users in 1.
 * `loss_` is the mean of −ln σ(x·y_i − x·y_j) over the pairs drawn in each epoch.
 *
 * @throws VicinalError fit: BAD_INPUT, EMPTY_INDEX, DIVERGED
 * @remarks an epoch is O(entries · (factors + log of a row)); float64 inside; the same bytes for a seed
 * @see Rendle, Freudenthaler, Gantner and Schmidt-Thieme, UAI 2009 (arXiv:1205.2618)
 */
export class BPR extends FactorScorer<Factors> {
  readonly options: Readonly<Required<BprOptions>>;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: BprOptions = {}) {
    super("BPR");
    const o = resolveOptions(BPR_DEFAULTS, options) as Required<BprOptions>;
    wholeNumber("factors", o.factors, 1, 1024);
    positive("learningRate", o.learningRate);
    positive("regularization", o.regularization, true);
    wholeNumber("epochs", o.epochs, 1, 1_000_000);
    wholeNumber("seed", o.seed, 0, Number.MAX_SAFE_INTEGER);
    this.options = o;
  }

  /** Items × factors: a view without the biases. */
  override get itemVectors_(): Matrix {
    const { items } = this.learned;
    return matrix(items.data, items.cols - 1, items.rows, items.stride);
  }

  /** A row for someone with these items: the same gradient steps for it alone, seeded; values do not matter. */
  override foldIn(items: ArrayLike<number>, values?: ArrayLike<number>): Float32Array {
    const { items: learned } = this.learned;
    const one = bag(items, values, learned.rows);
    const f = learned.cols - 1;
    const x = new Float64Array(f + 1);
    x[f] = 1;
    const y = Float64Array.from(learned.data);
    const { learningRate, regularization, epochs, seed } = this.options;
    const rng = createRng(seed, "bpr fold in");
    const draws = one.indices.length * epochs;
    for (let n = 0; n < draws; n++) {
      const i = one.indices[rng.below(one.indices.length)]!;
      const j = negative(one, 0, rng);
      if (j >= 0) bprStep(x, 0, y, i * (f + 1), j * (f + 1), f, learningRate, regularization, false);
    }
    refuseDiverged("BPR", draws, 0, x);
    return Float32Array.from(x);
  }

  /** The whole model, for JSON.stringify; float32 numbers in base64. */
  toJSON(): SavedBpr {
    const { users, items } = this.learned;
    return {
      format: "vicinal/BPR",
      version: 1,
      options: { ...this.options },
      users: saveMatrix(users),
      items: saveMatrix(items),
    };
  }

  /** The model that {@link toJSON} gave (or its text); its `loss_` is empty. @throws VicinalError FORMAT, OPTION_RANGE */
  static fromJSON(json: unknown): BPR {
    const saved = openSaved(json, "BPR");
    const model = new BPR(saved.options("options"));
    const users = restoreMatrix("users of a saved BPR", saved.raw("users"));
    const items = restoreMatrix("items of a saved BPR", saved.raw("items"));
    if (users.cols !== items.cols || items.cols < 2)
      saved.fail("users and items have as many columns, at least 2");
    model.take({ users, items, loss: [] });
    return model;
  }

  /** @internal */
  protected override *job(given: Interactions): Job<Factors> {
    const seen = checkInteractions(given);
    if (seen.indices.length === 0) throw new VicinalError("EMPTY_INDEX", { what: "BPR" });
    const { factors: f, learningRate, regularization, epochs, seed } = this.options;
    const x = start(seen.users, f, seed, "bpr users", 1);
    const y = start(seen.items, f, seed, "bpr items", 0);
    const userOf = new Uint32Array(seen.indices.length);
    for (let u = 0; u < seen.users; u++) userOf.fill(u, seen.indptr[u]!, seen.indptr[u + 1]!);
    const rng = createRng(seed, "bpr draws");
    const draws = seen.indices.length;
    const loss: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      let sum = 0;
      let taken = 0;
      for (let n = 0; n < draws; n++) {
        if (n % BLOCK === 0) yield { phase: "rank pairs", done: epoch * draws + n, total: epochs * draws };
        const e = rng.below(draws);
        const u = userOf[e]!;
        const j = negative(seen, u, rng);
        if (j < 0) continue;
        const [at, i] = [u * (f + 1), seen.indices[e]! * (f + 1)];
        sum += bprStep(x, at, y, i, j * (f + 1), f, learningRate, regularization, true);
        taken++;
      }
      refuseDiverged("BPR", (epoch + 1) * draws, sum, x, y);
      loss.push(taken === 0 ? 0 : sum / taken);
    }
    const cols = f + 1;
    return { users: matrix(Float32Array.from(x), cols), items: matrix(Float32Array.from(y), cols), loss };
  }
}

/** An item that the user has not; −1 where none was met in many tries. */
function negative(seen: Interactions, user: number, rng: Rng): number {
  for (let t = 0; t < TRIES; t++) {
    const j = rng.below(seen.items);
    if (!holds(seen, user, j)) return j;
  }
  return -1;
}

function start(rows: number, f: number, seed: number, stream: string, last: number): Float64Array {
  const rng = createRng(seed, stream);
  const out = new Float64Array(rows * (f + 1));
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < f; j++) out[r * (f + 1) + j] = (0.1 / Math.sqrt(f)) * rng.normal();
    out[r * (f + 1) + f] = last;
  }
  return out;
}
