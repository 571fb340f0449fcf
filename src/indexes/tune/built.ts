import { createRng, permutation, turn } from "../../core/index.ts";
import { requireUnchanged } from "../audit.ts";
import type { AuditReport, Key, SearchOptions } from "../contract.ts";
import { FlatIndex } from "../flat.ts";
import { copyRows, type VectorReader } from "../parts/vectors.ts";
import type { VectorIndex } from "../vectorIndex.ts";
import { heldTrials, type TrialOptions, type Trials } from "./trials.ts";
import { explore } from "./tune.ts";

/** Rows that are compared with the sample at a time. */
const BLOCK = 8192;
/** Distances within this relative margin of the k-th are equal in exact arithmetic: they tie. */
const TIE = 1e-6;

/**
 * Tunes an index just built from these rows on some of them, each hidden from its own search; the recall of the
 * chosen setting. Undefined for exact indexes, and where there is nothing to search among.
 */
export async function tuneBuilt<K extends Key>(
  index: VectorIndex<K>,
  reader: VectorReader,
  keys: readonly K[] | undefined,
  options: TrialOptions & { readonly targetRecall: number },
): Promise<AuditReport | undefined> {
  const { k, targetRecall } = options;
  if (index.exact || index.size <= k) return undefined;
  const trials = index.rows.hasVectors
    ? await heldTrials(index, options)
    : await originalTrials(index, reader, keys, options);
  const { chosen } = await explore(index, trials, { targetRecall }, true, options);
  const { recall, low, high, queries, params } = chosen;
  return { recall, low, high, sample: queries, k, params };
}

/** Rows of an index over codes alone, judged by the vectors as they were given. */
async function originalTrials<K extends Key>(
  index: VectorIndex<K>,
  reader: VectorReader,
  keys: readonly K[] | undefined,
  options: TrialOptions,
): Promise<Trials> {
  const { sample, k, seed } = options;
  const { version } = index;
  const drawn = [...permutation(reader.rows, createRng(seed, "tune")).subarray(0, sample)];
  const queries = drawn.map((row) => copyRows(reader, row, row + 1));
  const keyOf = (row: number): K => (keys === undefined ? (row as K) : keys[row]!);
  const slots = drawn.map((row) => index.keyTable.slotOf(keyOf(row)));
  const truth = await trueRows(index, reader, drawn, queries, options);
  const wanted = truth.map((rows) => new Set(rows.map((row) => index.keyTable.slotOf(keyOf(row)))));
  return {
    count: drawn.length,
    k,
    search(i, params) {
      const found = index.searchAround(slots[i]!, k, params as SearchOptions<K>, queries[i]!).ids;
      const most = Math.min(k, wanted[i]!.size);
      return () => Math.min(1, found.reduce((hits, slot) => hits + (wanted[i]!.has(slot) ? 1 : 0), 0) / most);
    },
    check: () => requireUnchanged(index, version),
  };
}

/** The k nearest rows to each query but itself, and those that tie with the k-th, by exact search block by block. */
async function trueRows<K extends Key>(
  index: VectorIndex<K>,
  reader: VectorReader,
  drawn: readonly number[],
  queries: readonly ReturnType<typeof copyRows>[],
  { k, signal, onProgress }: TrialOptions,
): Promise<number[][]> {
  const { dimension, metric, dtype } = index.rows.options;
  const best: { row: number; distance: number }[][] = drawn.map(() => []);
  for (let from = 0; from < reader.rows; from += BLOCK) {
    const to = Math.min(reader.rows, from + BLOCK);
    const flat = new FlatIndex({ dimension, metric, dtype });
    try {
      flat.add(copyRows(reader, from, to));
      const found = flat.search(queries, { k: 2 * k + 1 });
      for (let q = 0; q < drawn.length; q++) {
        const { ids, distances } = found.row(q);
        for (let i = 0; i < ids.length; i++) {
          if (from + ids[i]! !== drawn[q]) best[q]!.push({ row: from + ids[i]!, distance: distances[i]! });
        }
        best[q]!.sort((a, b) => a.distance - b.distance || a.row - b.row);
        best[q]!.length = Math.min(best[q]!.length, 2 * k);
      }
    } finally {
      flat.close();
    }
    signal?.throwIfAborted();
    onProgress?.({ phase: "tune: exact", done: to, total: reader.rows });
    await turn();
  }
  return best.map((near) => {
    const limit = near[Math.min(k, near.length) - 1]!.distance;
    const margin = Math.abs(limit) * TIE;
    return near.filter(({ distance }) => distance <= limit + margin).map(({ row }) => row);
  });
}
