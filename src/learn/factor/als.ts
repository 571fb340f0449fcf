import {
  createRng,
  type Job,
  type Matrix,
  matrix,
  oneOf,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { openSaved, type SavedModel } from "../saved.ts";
import { type AlsScratch, alsLoss, alsScratch, approachRow, gramOf, solveRow } from "./alsSolve.ts";
import { FactorScorer, type Factors } from "./factorScorer.ts";
import { checkInteractions, type Interactions, transposed } from "./interactions.ts";
import { bag, positive } from "./model.ts";
import { restoreMatrix, type SavedMatrix, saveMatrix } from "./savedArray.ts";
import { learnWeights, WEIGHTINGS, type Weighting, type Weights, weighted } from "./weighting.ts";

export interface ImplicitAlsOptions {
  /** Numbers a user and an item are described by, 1 … 1024. */
  factors?: number;
  /** α: an interaction of weight w has confidence 1 + α·w, what did not happen has 1. */
  alpha?: number;
  /** λ: what the squared length of each row costs. */
  regularization?: number;
  /** Sweeps: all users, then all items. */
  iterations?: number;
  /** What w is, from an interaction's value; `log` for counts that differ by orders of magnitude. */
  weighting?: Weighting;
  /** Rows by a few steps of conjugate gradients, or exactly by Cholesky's factorisation. */
  solver?: "cg" | "cholesky";
  /** Steps of conjugate gradients a row. */
  cgSteps?: number;
  seed?: number;
}

export const ALS_DEFAULTS: Required<ImplicitAlsOptions> = {
  factors: 64,
  alpha: 5,
  regularization: 10,
  iterations: 15,
  weighting: "none",
  solver: "cg",
  cgSteps: 3,
  seed: 42,
};

/** A fitted model as JSON; see {@link ImplicitALS.toJSON}. */
export interface SavedAls extends SavedModel {
  readonly options: Required<ImplicitAlsOptions>;
  readonly weights: Weights;
  readonly users: SavedMatrix;
  readonly items: SavedMatrix;
}

interface Learned extends Factors {
  readonly weights: Weights;
}

/** Rows between two reports. */
const BLOCK = 64;

/**
 * Matrix factorisation of what people did, without ratings: preference p = 1 where there was an interaction, else 0, is
 * approached by x·y with confidence c = 1 + α·w, so that nothing seen is a weak hint of no interest. Minimises
 * Σ c (p − x·y)² + λ (Σ|x|² + Σ|y|²) by alternating least squares; float64 inside, float32 results.
 * `loss_` is the cost after each sweep, which never rises (but for rounding).
 *
 * @throws VicinalError fit: BAD_INPUT, EMPTY_INDEX
 * @remarks a sweep is O(entries · factors · cgSteps + rows · factors² · cgSteps) by conjugate gradients and
 * O(entries · factors² + rows · factors³) by Cholesky; the same bytes for a seed
 * @see Hu, Koren and Volinsky, ICDM 2008; Takács, Pilászy and Tikk, RecSys 2011
 */
export class ImplicitALS extends FactorScorer<Learned> {
  readonly options: Readonly<Required<ImplicitAlsOptions>>;
  #foldScratch: { y: Float64Array; scratch: AlsScratch } | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: ImplicitAlsOptions = {}) {
    super("ImplicitALS");
    const o = resolveOptions(ALS_DEFAULTS, options) as Required<ImplicitAlsOptions>;
    wholeNumber("factors", o.factors, 1, 1024);
    positive("alpha", o.alpha, true);
    positive("regularization", o.regularization);
    wholeNumber("iterations", o.iterations, 1, 100_000);
    oneOf("weighting", o.weighting, WEIGHTINGS);
    oneOf("solver", o.solver, ["cg", "cholesky"]);
    wholeNumber("cgSteps", o.cgSteps, 1, 1000);
    wholeNumber("seed", o.seed, 0, Number.MAX_SAFE_INTEGER);
    this.options = o;
  }

  /** The best row for someone with these items, in closed form; zeros for nobody's. O(items · factors² + factors³). */
  override foldIn(items: ArrayLike<number>, values?: ArrayLike<number>): Float32Array {
    const { items: y, weights } = this.learned;
    const { alpha, regularization } = this.options;
    const one = weighted(bag(items, values, y.rows), weights);
    const fold = this.#fold(y);
    const x = new Float64Array(y.cols);
    const entries = {
      indices: one.indices,
      extra: one.values.map((w) => alpha * w),
      from: 0,
      to: one.indices.length,
    };
    if (!solveRow(entries, fold.y, y.cols, regularization, fold.scratch, x, 0)) throw singular();
    return Float32Array.from(x);
  }

  /** The whole model, for JSON.stringify; float32 numbers in base64. */
  toJSON(): SavedAls {
    const { users, items, weights } = this.learned;
    const options = { ...this.options };
    return {
      format: "vicinal/ImplicitALS",
      version: 1,
      options,
      weights,
      users: saveMatrix(users),
      items: saveMatrix(items),
    };
  }

  /** The model that {@link toJSON} gave (or its text); its `loss_` is empty. @throws VicinalError FORMAT, OPTION_RANGE */
  static fromJSON(json: unknown): ImplicitALS {
    const saved = openSaved(json, "ImplicitALS");
    const model = new ImplicitALS(saved.options("options"));
    const users = restoreMatrix("users of a saved ImplicitALS", saved.raw("users"));
    const items = restoreMatrix("items of a saved ImplicitALS", saved.raw("items"));
    const weights = (saved.raw("weights") ?? {}) as Weights;
    const { weighting, lengths } = weights;
    if (users.cols !== items.cols || weights.items !== items.rows) saved.fail("its parts are of one size");
    if (weighting !== model.options.weighting) saved.fail("its weights are those of its options");
    if (weighting === "bm25" && !(lengths?.length === items.rows && lengths.every((v) => v > 0))) {
      saved.fail("it has a length over 0 for each item");
    }
    model.take({ users, items, weights, loss: [] });
    return model;
  }

  /** @internal */
  protected override take(learned: Learned): void {
    super.take(learned);
    this.#foldScratch = undefined;
  }

  #fold(items: Matrix): { y: Float64Array; scratch: AlsScratch } {
    if (this.#foldScratch === undefined) {
      const y = Float64Array.from(items.data);
      const scratch = alsScratch(items.cols);
      gramOf(y, items.rows, items.cols, scratch.gram);
      this.#foldScratch = { y, scratch };
    }
    return this.#foldScratch;
  }

  /** @internal */
  protected override *job(given: Interactions): Job<Learned> {
    const x = checkInteractions(given);
    if (x.items === 0 || x.users === 0) throw new VicinalError("EMPTY_INDEX", { what: "ImplicitALS" });
    const { factors: f, alpha, regularization, iterations, weighting, seed } = this.options;
    const weights = learnWeights(x, weighting);
    const confident = weighted(x, weights);
    confident.values.forEach((w, e) => {
      confident.values[e] = alpha * w;
    });
    const back = transposed(confident);
    const users = start(x.users, f, seed, "als users");
    const items = start(x.items, f, seed, "als items");
    const scratch = alsScratch(f);
    const loss: number[] = [];
    for (let sweep = 0; sweep < iterations; sweep++) {
      const from = sweep * (x.users + x.items);
      const total = iterations * (x.users + x.items);
      yield* this.#half(confident, users, items, scratch, from, total);
      yield* this.#half(back, items, users, scratch, from + x.users, total);
      loss.push(alsLoss(confident, confident.values, users, items, f, regularization));
    }
    return {
      users: matrix(Float32Array.from(users), f),
      items: matrix(Float32Array.from(items), f),
      weights,
      loss,
    };
  }

  /** Every row of x anew, given y. */
  *#half(
    seen: Interactions,
    x: Float64Array,
    y: Float64Array,
    scratch: AlsScratch,
    done: number,
    total: number,
  ): Job<void> {
    const { factors: f, regularization, solver, cgSteps } = this.options;
    gramOf(y, seen.items, f, scratch.gram);
    const entries = { indices: seen.indices, extra: seen.values, from: 0, to: 0 };
    for (let u = 0; u < seen.users; u++) {
      if (u % BLOCK === 0) yield { phase: "factorise", done: done + u, total };
      entries.from = seen.indptr[u]!;
      entries.to = seen.indptr[u + 1]!;
      if (entries.from === entries.to) x.fill(0, u * f, u * f + f);
      else if (solver === "cg") approachRow(entries, y, f, regularization, scratch, x, u * f, cgSteps);
      else if (!solveRow(entries, y, f, regularization, scratch, x, u * f)) throw singular();
    }
  }
}

function start(rows: number, f: number, seed: number, stream: string): Float64Array {
  const rng = createRng(seed, stream);
  return Float64Array.from({ length: rows * f }, () => (0.1 / Math.sqrt(f)) * rng.normal());
}

function singular(): VicinalError {
  const rule = "large enough for the equations to have one solution in float64";
  return new VicinalError("OPTION_RANGE", { option: "regularization", got: "too small", rule });
}
