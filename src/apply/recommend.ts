import {
  checkK,
  checkNames,
  checkOptions,
  type Matrix,
  type Metric,
  matrix,
  oneOf,
  type RunOptions,
  resolveOptions,
  row,
  trueOrFalse,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import { create, type Index, type SearchParams } from "../indexes/index.ts";
import { type FactorModel, type Interactions, rowOf } from "../learn/factor/index.ts";

/** A model of rows that {@link Recommender} can fit: ImplicitALS, BPR, or one of the caller's. */
export interface FittableModel extends FactorModel {
  fit(x: Interactions): unknown;
  fitAsync(x: Interactions, run?: RunOptions): Promise<unknown>;
}

export interface RecommenderOptions {
  model: FittableModel;
  /** Specification of the index of inner products, such as `Flat`, `HNSW16` or `ScaNN`; default Flat, which is exact. */
  index?: string;
  /** Specification of the index of cosines between items; default as `index`. */
  similarIndex?: string;
  /**
   * How what a user already has is kept out: by a filter inside the search, or by asking for so many more and dropping
   * them, which suits indexes that filter slowly.
   */
  exclude?: "filter" | "overfetch";
  /** Seed of the indexes. */
  seed?: number;
}

export interface RecommendOptions {
  /** Items wanted, default 10; fewer come where there are not so many others. */
  k?: number;
  /** Also offer what the user already has. */
  includeSeen?: boolean;
  /** Further items to leave out. */
  without?: Iterable<number>;
  /** Parameters of the index for this search, such as { efSearch: 200 }. */
  search?: SearchParams;
}

export interface Recommendation {
  readonly item: number;
  /** Inner product of the user's and the item's row. */
  readonly score: number;
}

export interface SimilarItem {
  readonly item: number;
  /** Cosine between the items' rows, −1 … 1. */
  readonly similarity: number;
}

const NAMES = ["k", "includeSeen", "without", "search"];

/**
 * Recommendations by maximum inner product, and items alike by cosine, through any index over a model's rows.
 *
 * @remarks close() frees the indexes' memory
 */
export class Recommender {
  readonly model: FittableModel;
  readonly #options: Readonly<Required<Omit<RecommenderOptions, "model">>>;
  #products: Index<number> | undefined;
  #cosines: Index<number> | undefined;
  #seen: Interactions | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(given: RecommenderOptions) {
    checkOptions(given);
    const { model, ...options } = given;
    if (typeof model?.foldIn !== "function") {
      throw new VicinalError("BAD_INPUT", {
        what: "model",
        got: String(model),
        rule: "a model of rows, such as new ImplicitALS()",
      });
    }
    const defaults = { index: "Flat", similarIndex: "", exclude: "filter" as const, seed: 42 };
    const resolved = resolveOptions<Required<Omit<RecommenderOptions, "model">>>(defaults, options);
    oneOf("exclude", resolved.exclude, ["filter", "overfetch"]);
    wholeNumber("seed", resolved.seed, 0, Number.MAX_SAFE_INTEGER);
    this.model = model;
    this.#options = resolved;
  }

  /** Fits the model and indexes its rows. When only the latter fails, the model is new and attach() is to be called. */
  fit(x: Interactions): this {
    this.model.fit(x);
    // The indexes of the rows before do not go with the model as it is now.
    this.close();
    return this.attach(x);
  }

  /** The same in turns, indexes on threads if wanted. Rejects with the signal's reason. */
  async fitAsync(x: Interactions, run: RunOptions & { threads?: number } = {}): Promise<this> {
    const { threads, signal, onProgress } = run;
    await this.model.fitAsync(x, { signal, onProgress });
    this.close();
    const made = this.#empty();
    try {
      const { rows, keys } = directed(this.model.itemVectors_);
      await made.products.addAsync(this.model.itemFactors_, { threads, signal, onProgress });
      await made.cosines.addAsync(rows, { keys, threads, signal, onProgress });
    } catch (error) {
      made.products.close();
      made.cosines.close();
      throw error;
    }
    this.#take(made, x);
    return this;
  }

  /** Indexes the rows of a model fitted before (or restored); `x`, where given, says what each user already has. */
  attach(x?: Interactions): this {
    const made = this.#empty();
    try {
      const { rows, keys } = directed(this.model.itemVectors_);
      made.products.add(this.model.itemFactors_);
      made.cosines.add(rows, { keys });
    } catch (error) {
      made.products.close();
      made.cosines.close();
      throw error;
    }
    this.#take(made, x);
    return this;
  }

  /** The index of inner products, to tune or to audit; keys are item numbers. */
  get index(): Index<number> {
    return this.#made().products;
  }

  /**
   * The items with the largest inner products with the user's row, best first, without those the user has.
   *
   * @throws VicinalError OPTION_RANGE for a user that was not there when fitting
   */
  recommend(user: number, options: RecommendOptions = {}): Recommendation[] {
    const { userFactors_ } = this.model;
    wholeNumber("user", user, 0, Math.max(0, userFactors_.rows - 1));
    const seen = this.#seen === undefined ? [] : rowOf(this.#seen, user).items;
    return this.#search(row(userFactors_, user), seen, options);
  }

  /**
   * The same for anyone of whom some items are known, who need not have been there when fitting.
   *
   * @throws VicinalError BAD_INPUT for no items, or unknown ones
   */
  recommendFor(
    items: ArrayLike<number>,
    given: RecommendOptions & { values?: ArrayLike<number> } = {},
  ): Recommendation[] {
    checkOptions(given);
    const { values, ...options } = given;
    if (!(items?.length > 0)) {
      throw new VicinalError("BAD_INPUT", {
        what: "items",
        got: "empty",
        rule: "at least one item; to someone of whom nothing is known, offer what is popular",
      });
    }
    return this.#search(this.model.foldIn(items, values), items, options);
  }

  /**
   * The items with the largest cosine to an item, without itself. Items that nobody had are unlike all.
   *
   * @throws VicinalError KEY_UNKNOWN for an item that nobody had when fitting
   */
  similarItems(item: number, options: Pick<RecommendOptions, "k" | "search"> = {}): SimilarItem[] {
    checkNames(options, ["k", "search"]);
    const { k = 10, search = {} } = options;
    checkK(k);
    checkOptions(search);
    const { cosines } = this.#made();
    const found = cosines.search(cosines.get(item), { ...search, k: k + 1 }).items();
    const others = found.filter(({ key }) => key !== item).slice(0, k);
    return others.map(({ key, distance }) => ({ item: key, similarity: 1 - distance }));
  }

  /** Frees the indexes; the model stays. */
  close(): void {
    this.#products?.close();
    this.#cosines?.close();
    this.#products = undefined;
    this.#cosines = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #search(query: Float32Array, seen: ArrayLike<number>, options: RecommendOptions): Recommendation[] {
    checkNames(options, NAMES);
    const { k = 10, includeSeen = false, without = [], search = {} } = options;
    checkK(k);
    checkOptions(search);
    trueOrFalse("includeSeen", includeSeen);
    if (typeof without?.[Symbol.iterator] !== "function") {
      throw new VicinalError("OPTION_RANGE", { option: "without", got: without, rule: "a list of items" });
    }
    const { products } = this.#made();
    const out = new Set<number>(without);
    if (!includeSeen) for (let e = 0; e < seen.length; e++) out.add(seen[e]!);
    const most = Math.min(k, Math.max(1, products.size));
    if (out.size === 0) return answers(products.search(query, { ...search, k: most }).items());
    if (this.#options.exclude === "overfetch") {
      const more = Math.min(products.size, most + out.size);
      const found = products.search(query, { ...search, k: more }).items();
      return answers(found.filter(({ key }) => !out.has(key)).slice(0, most));
    }
    const filter = allBut(out, products.size);
    return answers(products.search(query, { ...search, k: most, filter }).items());
  }

  #made(): { products: Index<number>; cosines: Index<number> } {
    if (this.#products === undefined || this.#cosines === undefined) {
      throw new VicinalError("CLOSED", {
        what: "A Recommender without indexes (before fit() or attach(), or after close())",
      });
    }
    return { products: this.#products, cosines: this.#cosines };
  }

  #empty(): { products: Index<number>; cosines: Index<number> } {
    const { index, similarIndex, seed } = this.#options;
    const { itemFactors_, itemVectors_ } = this.model;
    const of = (spec: string, dimension: number, metric: Metric): Index<number> =>
      create<number>(spec, { dimension, metric, seed });
    const products = of(index, itemFactors_.cols, "ip");
    try {
      return {
        products,
        cosines: of(similarIndex === "" ? index : similarIndex, itemVectors_.cols, "cosine"),
      };
    } catch (error) {
      products.close();
      throw error;
    }
  }

  #take(made: { products: Index<number>; cosines: Index<number> }, x: Interactions | undefined): void {
    this.close();
    this.#products = made.products;
    this.#cosines = made.cosines;
    this.#seen = x;
  }
}

const answers = (found: readonly { key: number; distance: number }[]): Recommendation[] =>
  found.map(({ key, distance }) => ({ item: key, score: -distance }));

/** A bitmap of all items but some. */
function allBut(out: ReadonlySet<number>, items: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(items / 8)).fill(0xff);
  for (const item of out) if (item >= 0 && item < items) bits[item >> 3]! &= ~(1 << (item & 7));
  return bits;
}

/** Rows that are not zero, which alone have a direction, and which they are. */
function directed(m: Matrix): { rows: Matrix; keys: number[] } {
  const keys: number[] = [];
  for (let i = 0; i < m.rows; i++) if (row(m, i).some((v) => v !== 0)) keys.push(i);
  const data = new Float32Array(keys.length * m.cols);
  for (const [at, i] of keys.entries()) data.set(row(m, i), at * m.cols);
  return { rows: matrix(data, m.cols, keys.length), keys };
}
