import {
  type Dtype,
  type Metric,
  type MetricOptions,
  type RunOptions,
  turn,
  VicinalError,
} from "../core/index.ts";
import type { FactoryOptions, Filter, Index, Key, VectorsInput } from "../indexes/contract.ts";
import { copyRows, readVectors, type VectorReader } from "../indexes/parts/vectors.ts";
import type { VectorIndex } from "../indexes/vectorIndex.ts";

/** An index with keys of any type. */
export type AnyIndex = Index<Key> | Index<number> | Index<string> | Index<bigint>;

/** How neighbours are found, for every estimator over neighbours. */
export interface NeighborOptions {
  /**
   * Specification of the index, default "Flat", which is exact; "Auto" lets fitAsync() choose. Or an empty index,
   * which fit() fills and the caller closes. An index that holds rows already goes to fit() in place of vectors.
   */
  index?: string | AnyIndex;
  /** Default l2. */
  metric?: Metric;
  metricOptions?: MetricOptions | undefined;
  /** Default: as the vectors come, where the metric takes that, else f32. */
  dtype?: Dtype;
  /** Components of a row; only needed where rows come end to end in one array. */
  dimension?: number;
  /** More options of the index, such as `efConstruction` or `leafSize`. */
  indexOptions?: Omit<FactoryOptions, "dimension" | "metric" | "metricOptions" | "dtype" | "seed">;
  seed?: number;
  /** Worker threads of asynchronous calls, default 1. Answers do not depend on it. */
  threads?: number;
  /** Parameters of searches, for indexes that know them. */
  efSearch?: number;
  nprobe?: number;
  rerank?: number;
  searchK?: number;
  maxLeaves?: number;
  /** Compare with every row, whatever the index. */
  exact?: boolean;
}

const SEARCH_NAMES = ["efSearch", "nprobe", "rerank", "searchK", "maxLeaves", "exact"] as const;

/** Names of {@link NeighborOptions}. */
export const NEIGHBOR_NAMES: readonly string[] = [
  ...["index", "metric", "metricOptions", "dtype", "dimension", "indexOptions", "seed", "threads"],
  ...SEARCH_NAMES,
];

/** Neighbours of a batch, nearest first: those of query q are starts[q] … starts[q + 1) − 1. */
export interface Found {
  readonly starts: Uint32Array;
  /** Row numbers, in the order in which rows were given. */
  readonly rows: Int32Array;
  readonly distances: Float32Array;
}

/** How many neighbours, or how far away. */
export type Reach = { readonly k: number } | { readonly radius: number };

/** A batch of searches. */
interface Ask {
  readonly queries: VectorsInput;
  readonly reach: Reach;
  readonly filter?: Filter<Key>;
  /** Fitted rows that are the queries themselves and must not be answered. */
  readonly self?: Int32Array;
  /** Place of the first query among all. */
  readonly first: number;
}

/** Searches in batches, one after another. */
export interface Quest {
  readonly source: NeighborSource;
  readonly phase: string;
  readonly total: number;
  asks(): Iterable<Ask>;
}

/** Takes the answers of a batch whose first query is number `first`. */
export type Visit = (found: Found, first: number) => void;

/** Queries searched for at a time. */
const BATCH = 256;

/**
 * The rows that an estimator was fitted to, in an index. Rows are named by number: their key where the keys are 0 … n−1,
 * else the place of their key in `index.keys()`.
 */
export class NeighborSource {
  readonly index: Index<Key>;
  /** Whether closing the estimator closes the index. */
  readonly owned: boolean;
  readonly rows: number;
  readonly #params: Readonly<Record<string, number | boolean>>;
  readonly #threads: number;
  /** Row number of a key; undefined where keys are row numbers. */
  readonly #rowOfKey: Map<Key, number> | undefined;
  #keys: Key[] | undefined;
  #slots: { version: number; order: number; rowOf: Int32Array } | undefined;

  constructor(index: Index<Key>, owned: boolean, options: NeighborOptions) {
    if (index.size === 0) throw new VicinalError("EMPTY_INDEX", { what: "fit()" });
    this.index = index;
    this.owned = owned;
    this.rows = index.size;
    this.#threads = options.threads ?? 1;
    const given = SEARCH_NAMES.filter((name) => options[name] !== undefined);
    this.#params = Object.fromEntries(given.map((name) => [name, options[name]!]));
    // Refuses parameters that the index does not know before anything is predicted.
    index.search(this.#vector(index.keys().next().value!), { ...this.#params, k: 1 });
    const keys = [...index.keys()];
    if (!areRowNumbers(keys)) {
      this.#keys = keys;
      this.#rowOfKey = new Map(keys.map((key, i) => [key, i]));
    }
  }

  /** Key of a row. */
  keyOf(row: number): Key {
    return this.#keys === undefined ? row : this.#keys[row]!;
  }

  /** Copies of fitted rows, as the index holds them. */
  vectors(rows: ArrayLike<number>): VectorsInput {
    return Array.from(rows, (row) => this.#vector(this.keyOf(row)));
  }

  #vector(key: Key): Float32Array | Uint8Array | Int8Array {
    return this.index.get(key);
  }

  read(queries: VectorsInput): VectorReader {
    return readVectors(queries, this.index.dimension, this.index.dtype, "queries");
  }

  /** Neighbours of queries from outside. */
  around(reader: VectorReader, reach: Reach, phase: string): Quest {
    return {
      source: this,
      phase,
      total: reader.rows,
      *asks() {
        for (let first = 0; first < reader.rows; first += BATCH) {
          const queries = copyRows(reader, first, Math.min(first + BATCH, reader.rows));
          yield { queries, reach, first };
        }
      },
    };
  }

  /** Neighbours of fitted rows, each without itself. */
  aroundRows(rows: Int32Array, reach: Reach, phase: string): Quest {
    const vectors = (some: Int32Array): VectorsInput => this.vectors(some);
    return {
      source: this,
      phase,
      total: rows.length,
      *asks() {
        for (let first = 0; first < rows.length; first += BATCH) {
          const self = rows.slice(first, first + BATCH);
          yield { queries: vectors(self), reach, self, first };
        }
      },
    };
  }

  /** Neighbours of the rows of each fold among fitted rows outside it; places count through the folds in order. */
  acrossFolds(folds: readonly Int32Array[], reach: Reach, phase: string): Quest {
    const vectors = (some: Int32Array): VectorsInput => this.vectors(some);
    const outside = (fold: Int32Array): Filter<Key> => {
      const inside = new Set(fold);
      const keys = new Set<Key>();
      for (let row = 0; row < this.rows; row++) if (!inside.has(row)) keys.add(this.keyOf(row));
      return this.index.mask(keys);
    };
    return {
      source: this,
      phase,
      total: folds.reduce((sum, fold) => sum + fold.length, 0),
      *asks() {
        let first = 0;
        for (const fold of folds) {
          const filter = outside(fold);
          for (let at = 0; at < fold.length; at += BATCH) {
            const some = fold.subarray(at, at + BATCH);
            yield { queries: vectors(some), reach, filter, first };
            first += some.length;
          }
        }
      },
    };
  }

  /** Runs the searches here and now. */
  visit(quest: Quest, visit: Visit): void {
    for (const ask of quest.asks()) {
      const { queries, filter, reach } = ask;
      const options = { ...this.#params, ...(filter === undefined ? {} : { filter }) };
      const found =
        "radius" in reach
          ? this.index.range(queries, reach.radius, options)
          : this.index.search(queries, { ...options, k: wanted(ask) });
      visit(this.#inOrder(found, ask), ask.first);
    }
  }

  /** The same on the event loop, with threads if there are; rejects with the signal's reason. */
  async visitAsync(quest: Quest, visit: Visit, { signal, onProgress }: RunOptions): Promise<void> {
    const { phase, total } = quest;
    let done = 0;
    signal?.throwIfAborted();
    for (const ask of quest.asks()) {
      const { queries, filter, reach } = ask;
      const options = { ...this.#params, ...(filter === undefined ? {} : { filter }) };
      if ("radius" in reach) {
        visit(this.#inOrder(this.index.range(queries, reach.radius, options), ask), ask.first);
        await turn();
      } else {
        const run = { threads: this.#threads, ...(signal === undefined ? {} : { signal }) };
        const found = await this.index.searchAsync(queries, { ...options, ...run, k: wanted(ask) });
        visit(this.#inOrder(found, ask), ask.first);
      }
      signal?.throwIfAborted();
      done = Math.min(total, done + BATCH);
      onProgress?.({ phase, done, total });
    }
  }

  /** Answers by row number, without the queries themselves. */
  #inOrder(found: Answer, { self, reach }: Ask): Found {
    const rowOf = this.#rowsOfSlots();
    const { queries, ids, distances } = found;
    const most = "radius" in reach ? Number.POSITIVE_INFINITY : reach.k;
    const starts = new Uint32Array(queries + 1);
    const rows = new Int32Array(ids.length);
    const out = new Float32Array(ids.length);
    let at = 0;
    for (let q = 0; q < queries; q++) {
      const from = found.offsets === undefined ? q * found.k! : found.offsets[q]!;
      const to = found.offsets === undefined ? from + found.counts![q]! : found.offsets[q + 1]!;
      const hidden = self === undefined ? -1 : self[q]!;
      const end = at + most;
      for (let i = from; i < to && at < end; i++) {
        const row = rowOf[ids[i]!]!;
        if (row < 0) {
          throw new VicinalError("BUSY", { what: "The index holds rows that fit() did not see; fit again" });
        }
        if (row === hidden) continue;
        rows[at] = row;
        out[at++] = distances[i]!;
      }
      starts[q + 1] = at;
    }
    return { starts, rows: rows.subarray(0, at), distances: out.subarray(0, at) };
  }

  /** Row number by slot of the index, −1 where there is none. */
  #rowsOfSlots(): Int32Array {
    const index = this.index as VectorIndex<Key>;
    const { version, names, rows } = index;
    if (this.#slots?.version === version && this.#slots.order === names.version) return this.#slots.rowOf;
    const rowOf = new Int32Array(rows.rows).fill(-1);
    for (let slot = 0; slot < rows.rows; slot++) {
      if (rows.isRemoved(slot)) continue;
      const key = names.keyOf(slot);
      const row = this.#rowOfKey === undefined ? (key as number) : this.#rowOfKey.get(key);
      if (row !== undefined && row < this.rows) rowOf[slot] = row;
    }
    this.#slots = { version, order: names.version, rowOf };
    return rowOf;
  }

  close(): void {
    if (this.owned) this.index.close();
  }
}

/** What searches give, by k or by radius. */
interface Answer {
  readonly queries: number;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  readonly k?: number;
  readonly counts?: Uint32Array;
  readonly offsets?: Uint32Array;
}

/** Whether the keys are 0 … n−1 in any order. */
function areRowNumbers(keys: readonly Key[]): boolean {
  const seen = new Uint8Array(keys.length);
  for (const key of keys) {
    if (typeof key !== "number" || !(key >= 0 && key < keys.length)) return false;
    seen[key] = 1;
  }
  return seen.every((flag) => flag === 1);
}

function wanted({ reach, self }: Ask): number {
  return (reach as { k: number }).k + (self === undefined ? 0 : 1);
}

/** Weights of 1 / distance need distances that are not below 0, unlike those of ip. */
export function checkMetricOfWeights({ index }: NeighborSource, weights: unknown): void {
  if (weights !== "distance" || index.metric !== "ip") return;
  const rule = "distances of ip are below 0; use a function of the distances";
  throw new VicinalError("UNSUPPORTED", { what: 'weights "distance" with metric ip', rule });
}
