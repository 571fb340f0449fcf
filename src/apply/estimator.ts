import { checkK, type RunOptions, VicinalError } from "../core/index.ts";
import type { Index, Key, VectorsInput } from "../indexes/contract.ts";
import { ownedReader, type VectorReader } from "../indexes/parts/vectors.ts";
import { checkNeighborOptions, type Fitting, readFitting } from "./fitting.ts";
import type { NeighborOptions, NeighborSource, Quest, Reach, Visit } from "./neighbors.ts";

/** k nearest fitted rows of each query: those of query q are at q · k … q · k + counts[q] − 1, nearest first. */
export interface KNeighbors {
  readonly queries: number;
  readonly k: number;
  /** Row numbers, in the order in which fit() was given rows; −1 beyond the count. */
  readonly rows: Int32Array;
  /** Infinity beyond the count. */
  readonly distances: Float32Array;
  readonly counts: Uint32Array;
}

/** Rows to fit: vectors, or an index that holds them (rows are then in the order of its keys). */
export type FitInput = VectorsInput | Index<Key>;

/** Takes answers, and makes the result when all were seen. */
export interface Collector<T> {
  readonly visit: Visit;
  finish(): T;
}

/** What all estimators over neighbours have in common: rows in an index, searches in batches. */
export abstract class NeighborEstimator<O extends NeighborOptions> {
  /** Name of the estimator, in messages and files. */
  abstract readonly kind: string;
  /** @internal */
  readonly options: Readonly<O>;
  #source: NeighborSource | undefined;
  #known = false;

  protected constructor(options: O, own: readonly string[]) {
    checkNeighborOptions(options, own);
    this.options = Object.freeze({ ...options });
  }

  /** The index that holds the fitted rows. Throws NOT_FITTED. */
  get index(): Index<Key> {
    return this.source.index;
  }

  /** Rows that were fitted. Throws NOT_FITTED. */
  get rows_(): number {
    return this.source.rows;
  }

  /** @internal */
  get source(): NeighborSource {
    if (this.#source === undefined) {
      throw new VicinalError(this.#known ? "CLOSED" : "NOT_FITTED", { what: `This ${this.kind}` });
    }
    return this.#source;
  }

  /** Releases the index, if fit() made it. */
  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  protected readFitting(rows: FitInput): Fitting {
    return readFitting(rows, this.options);
  }

  /** Takes a newly fitted index in place of the one before. @internal */
  adopt(source: NeighborSource): void {
    if (this.#source !== source) this.#source?.close();
    this.#source = source;
    this.#known = true;
  }

  /** Searches around queries and collects the answers. */
  protected collect<T>(
    queries: VectorsInput,
    reach: Reach,
    make: (reader: VectorReader) => Collector<T>,
    phase = "predict",
  ): T {
    const reader = this.source.read(queries);
    const collector = make(reader);
    this.source.visit(this.source.around(reader, reach, phase), collector.visit);
    return collector.finish();
  }

  protected async collectAsync<T>(
    queries: VectorsInput,
    reach: Reach,
    make: (reader: VectorReader) => Collector<T>,
    run: RunOptions,
    phase = "predict",
  ): Promise<T> {
    const reader = ownedReader(this.source.read(queries));
    const collector = make(reader);
    await this.source.visitAsync(this.source.around(reader, reach, phase), collector.visit, run);
    return collector.finish();
  }

  /** Searches among the fitted rows. */
  protected collectOwn<T>(quest: Quest, collector: Collector<T>): T {
    this.source.visit(quest, collector.visit);
    return collector.finish();
  }

  protected async collectOwnAsync<T>(quest: Quest, collector: Collector<T>, run: RunOptions): Promise<T> {
    await this.source.visitAsync(quest, collector.visit, run);
    return collector.finish();
  }

  /** k nearest fitted rows of each query; without queries, of each fitted row, which is not its own neighbour. */
  protected nearest(queries: VectorsInput | undefined, k: number): KNeighbors {
    if (queries !== undefined) return this.collect(queries, { k: checkK(k) }, ({ rows }) => table(rows, k));
    const quest = this.source.aroundRows(everyRow(this.rows_), { k: checkK(k) }, "neighbours");
    return this.collectOwn(quest, table(this.rows_, k));
  }

  protected async nearestAsync(
    queries: VectorsInput | undefined,
    k: number,
    run: RunOptions,
  ): Promise<KNeighbors> {
    if (queries !== undefined) {
      return this.collectAsync(queries, { k: checkK(k) }, ({ rows }) => table(rows, k), run, "neighbours");
    }
    const quest = this.source.aroundRows(everyRow(this.rows_), { k: checkK(k) }, "neighbours");
    return this.collectOwnAsync(quest, table(this.rows_, k), run);
  }
}

/** 0 … n−1. */
export function everyRow(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, row) => row);
}

function table(queries: number, k: number): Collector<KNeighbors> {
  const rows = new Int32Array(queries * k).fill(-1);
  const distances = new Float32Array(queries * k).fill(Number.POSITIVE_INFINITY);
  const counts = new Uint32Array(queries);
  return {
    visit(found, first) {
      for (let q = 0; q + 1 < found.starts.length; q++) {
        const from = found.starts[q]!;
        const to = found.starts[q + 1]!;
        rows.set(found.rows.subarray(from, to), (first + q) * k);
        distances.set(found.distances.subarray(from, to), (first + q) * k);
        counts[first + q] = to - from;
      }
    },
    finish: () => ({ queries, k, rows, distances, counts }),
  };
}
