import { createRng, permutation, type RunOptions, turn, VicinalError } from "../../core/index.ts";
import { drawSample, recallOf, requireUnchanged } from "../audit.ts";
import type { Key, SearchOptions, SearchParams, VectorsInput } from "../contract.ts";
import { copyRows, readVectors } from "../parts/vectors.ts";
import type { VectorIndex } from "../vectorIndex.ts";

/** Queries whose true neighbours are known. */
export interface Trials {
  readonly count: number;
  readonly k: number;
  /** Searches for query i; what it gives back tells the recall, outside the time of the search. */
  search(i: number, params: SearchParams): () => number;
  /** Throws BUSY when the index changed since. */
  check(): void;
}

export interface TrialOptions extends RunOptions {
  /** Queries at most. */
  readonly sample: number;
  readonly k: number;
  readonly seed: number;
}

/** Exact searches that run between two turns of the event loop. */
const TRUTH_BATCH = 16;

/** Rows of the index, each hidden from its own search. */
export async function heldTrials<K extends Key>(
  index: VectorIndex<K>,
  options: TrialOptions,
): Promise<Trials> {
  const { sample, k, seed } = options;
  const { slots, truth, version } = await drawSample(index, sample, k, seed, "tune", options);
  return {
    count: slots.length,
    k,
    search(i, params) {
      const found = index.searchAround(slots[i]!, k, params as SearchOptions<K>);
      return () => recallOf(found.distances, truth[i]!);
    },
    check: () => requireUnchanged(index, version),
  };
}

/** Queries from outside; without the keys of their true neighbours, these are searched for exactly. */
export async function queryTrials<K extends Key>(
  index: VectorIndex<K>,
  queries: VectorsInput,
  keys: readonly (readonly K[])[] | undefined,
  options: TrialOptions,
): Promise<Trials> {
  const { sample, k, seed } = options;
  const { version } = index;
  const reader = readVectors(queries, index.dimension, index.dtype, "queries");
  if (reader.rows === 0) {
    throw new VicinalError("BAD_INPUT", { what: "queries", got: "no rows", rule: "at least one row" });
  }
  if (index.size === 0) throw new VicinalError("EMPTY_INDEX", { what: "Tuning" });
  if (keys !== undefined && keys.length !== reader.rows) {
    throw new VicinalError("BAD_INPUT", {
      what: "truth",
      got: `${keys.length} rows`,
      rule: `one row of keys a query, of which there are ${reader.rows}`,
    });
  }
  const drawn = permutation(reader.rows, createRng(seed, "tune")).subarray(0, sample);
  const vectors = Array.from(drawn, (q) => copyRows(reader, q, q + 1));
  const judge =
    keys === undefined
      ? await byDistance(index, vectors, k, options)
      : byKeys(
          Array.from(drawn, (q) => keys[q]!),
          k,
        );
  return {
    count: vectors.length,
    k,
    search(i, params) {
      const found = index.search(vectors[i]!, { ...params, k } as SearchOptions<K>);
      return () => judge(i, { distances: () => found.row(0).distances, keys: () => found.keys(0) });
    },
    check: () => requireUnchanged(index, version),
  };
}

interface Answer<K> {
  distances(): Float32Array;
  keys(): readonly K[];
}

async function byDistance<K extends Key>(
  index: VectorIndex<K>,
  vectors: readonly ReturnType<typeof copyRows>[],
  k: number,
  { signal, onProgress }: RunOptions,
): Promise<(i: number, found: Answer<K>) => number> {
  const truth: Float32Array[] = [];
  for (const vector of vectors) {
    truth.push(index.search(vector, { k, exact: true }).row(0).distances.slice());
    if (truth.length % TRUTH_BATCH > 0) continue;
    signal?.throwIfAborted();
    onProgress?.({ phase: "tune: exact", done: truth.length, total: vectors.length });
    await turn();
  }
  return (i, found) => recallOf(found.distances(), truth[i]!);
}

function byKeys<K extends Key>(
  keys: readonly (readonly K[])[],
  k: number,
): (i: number, found: Answer<K>) => number {
  const truth = keys.map((row) => new Set(row.slice(0, k)));
  return (i, found) => {
    const wanted = truth[i]!;
    if (wanted.size === 0) return 1;
    return found.keys().filter((key) => wanted.has(key)).length / wanted.size;
  };
}
