import { checkK, checkNames, type RunOptions, VicinalError } from "../core/index.ts";
import type { Index, Key, VectorsInput } from "../indexes/contract.ts";
import { ownedReader, type VectorReader } from "../indexes/parts/vectors.ts";
import { encodeSnapshot, saveSnapshot } from "../persist/index.ts";
import { checkNeighborOptions } from "./fitting.ts";
import type { AnyIndex, NeighborOptions, NeighborSource, Quest, Reach, Visit } from "./neighbors.ts";
import { type SavedParts, snapshotOf } from "./saved.ts";

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
export type FitInput = VectorsInput | AnyIndex;

/** Takes answers, and makes the result when all were seen. */
export interface Collector<T> {
  readonly visit: Visit;
  finish(): T;
}

/** Something to be computed from searches, one after another; each is done before the next is asked for. */
export type Work<T> = Generator<{ readonly quest: Quest; readonly visit: Visit }, T, void>;

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

  /** What a file holds besides options and index. */
  protected abstract parts(): SavedParts;

  /**
   * The fitted estimator as the bytes of a file; the static `open` of its class reads them.
   *
   * @throws VicinalError NOT_FITTED, UNSUPPORTED for weights by a function
   */
  toBytes(): Uint8Array {
    return encodeSnapshot(snapshotOf(this.kind, this.options, this.source, this.parts()));
  }

  /** Writes the file, replacing what is at the path in one step. Throws like {@link toBytes}, and FILE. */
  async save(path: string, run: RunOptions = {}): Promise<void> {
    await saveSnapshot(snapshotOf(this.kind, this.options, this.source, this.parts()), path, run);
  }

  /** Releases the index, if fit() made it. */
  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  /** Takes a newly fitted index in place of the one before. @internal */
  adopt(source: NeighborSource): void {
    if (this.#source !== source) this.#source?.close();
    this.#source = source;
    this.#known = true;
  }

  /** Queries as they are; good for work that is done before the caller has control again. */
  protected read(queries: VectorsInput): VectorReader {
    return this.source.read(queries);
  }

  /** A copy of queries, for work during which the caller has control. */
  protected keep(queries: VectorsInput): VectorReader {
    return ownedReader(this.source.read(queries));
  }

  /** Searches around queries, collected. */
  protected *around<T>(reader: VectorReader, reach: Reach, to: Collector<T>): Work<T> {
    yield { quest: this.source.around(reader, reach, "predict"), visit: to.visit };
    return to.finish();
  }

  /** k nearest fitted rows of queries, or of each fitted row, which is not its own neighbour. */
  protected *nearest(reader: VectorReader | undefined, k: number): Work<KNeighbors> {
    const { source } = this;
    const to = tabulate(reader?.rows ?? source.rows, checkK(k));
    const quest =
      reader === undefined
        ? source.aroundRows(everyRow(source.rows), { k }, "neighbours")
        : source.around(reader, { k }, "neighbours");
    yield { quest, visit: to.visit };
    return to.finish();
  }
}

/** Does the work here and now. */
export function runWork<T>(work: Work<T>): T {
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      step.value.quest.source.visit(step.value.quest, step.value.visit);
    }
  } finally {
    work.return(undefined as T);
  }
}

/** Does the work in turns, on threads if wanted; rejects with the signal's reason. */
export async function runWorkAsync<T>(work: Work<T>, run: RunOptions): Promise<T> {
  try {
    checkNames(run, ["signal", "onProgress"]);
    run.signal?.throwIfAborted();
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      await step.value.quest.source.visitAsync(step.value.quest, step.value.visit, run);
    }
  } finally {
    work.return(undefined as T);
  }
}

/** 0 … n−1. */
export function everyRow(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, row) => row);
}

/** Collects k neighbours of each query. */
export function tabulate(queries: number, k: number): Collector<KNeighbors> {
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
