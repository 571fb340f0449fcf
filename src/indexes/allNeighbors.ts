import { checkK, checkNames, type RunOptions, VicinalError } from "../core/index.ts";
import type { Index, Key, Neighbors } from "./contract.ts";
import { type KeySource, NeighborsResult } from "./parts/results.ts";
import { usableThreads } from "./task.ts";
import { BallTreeIndex } from "./trees/balltree/balltree.ts";
import { VectorIndex } from "./vectorIndex.ts";

export interface AllNeighborsOptions extends RunOptions {
  /** Neighbours of each row, default 10; fewer where there are no more other rows. */
  k?: number;
  /** Worker threads; default 1. Answers do not depend on it. */
  threads?: number;
}

/** Rows in compressed form: row q has columns `indices` indptr[q] … indptr[q + 1), with distances `data`. */
export interface NeighborGraph {
  readonly indptr: Uint32Array;
  /** Numbers of rows, as {@link AllNeighbors.slots} has them in order. */
  readonly indices: Uint32Array;
  readonly data: Float32Array;
}

/** The nearest others of every row: row q is that of the live row at `slots[q]`. */
export interface AllNeighbors<K extends Key = Key> extends Neighbors<K> {
  /** Slots of the live rows, ascending. */
  readonly slots: Uint32Array;
  /** The caller's key of row q. */
  source(q: number): K;
  /** The same as a sparse matrix, for algorithms on graphs. */
  graph(): NeighborGraph;
}

class AllNeighborsResult<K extends Key> extends NeighborsResult<K> implements AllNeighbors<K> {
  readonly slots: Uint32Array;
  readonly #names: KeySource<K>;
  readonly #version: number;

  constructor(k: number, names: KeySource<K>, slots: Uint32Array) {
    super(slots.length, k, names);
    this.slots = slots;
    this.#names = names;
    this.#version = names.version;
  }

  source(q: number): K {
    if (this.#names.version !== this.#version) this.keys(q);
    if (!(Number.isInteger(q) && q >= 0 && q < this.queries)) this.row(q);
    return this.#names.keyOf(this.slots[q]!);
  }

  graph(): NeighborGraph {
    const { queries, k, slots, ids, distances, counts } = this;
    const indptr = new Uint32Array(queries + 1);
    for (let q = 0; q < queries; q++) indptr[q + 1] = indptr[q]! + counts[q]!;
    const rowOf = new Uint32Array(queries === 0 ? 0 : slots[queries - 1]! + 1);
    slots.forEach((slot, q) => {
      rowOf[slot] = q;
    });
    const indices = new Uint32Array(indptr[queries]!);
    const data = new Float32Array(indices.length);
    for (let q = 0; q < queries; q++) {
      for (let i = 0; i < counts[q]!; i++) {
        indices[indptr[q]! + i] = rowOf[ids[q * k + i]!]!;
        data[indptr[q]! + i] = distances[q * k + i]!;
      }
    }
    return { indptr, indices, data };
  }
}

/** Rows searched for at a time where there is no tree. */
const BLOCK = 256;

/**
 * The k nearest other rows of every row, nearest first, ties by slot. A ball tree answers for whole leaves at a time and
 * exactly; other indexes search for their own rows, block by block, as exactly as they search. O(n log n) distances
 * through a tree while the data have few dimensions.
 *
 * @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN, BUSY, CLOSED; rejects with the signal's reason
 */
export async function allNeighbors<K extends Key = Key>(
  index: Index<K>,
  options: AllNeighborsOptions = {},
): Promise<AllNeighbors<K>> {
  checkNames(options, ["k", "threads", "signal", "onProgress"]);
  if (!(index instanceof VectorIndex)) {
    throw new VicinalError("BAD_INPUT", {
      what: "index",
      got: String(index),
      rule: "an index of this library",
    });
  }
  const own = index as unknown as VectorIndex<K>;
  own.requireIdle();
  options.signal?.throwIfAborted();
  const wanted = options.k === undefined ? 10 : checkK(options.k);
  const threads = usableThreads(options.threads);
  const slots = liveSlots(own);
  const k = Math.max(0, Math.min(wanted, slots.length - 1));
  const out = new AllNeighborsResult<K>(k, own.names, slots);
  if (k === 0) return out;
  if (own instanceof BallTreeIndex && own.canAnswerAll(k)) await own.answerAll(out, slots, threads, options);
  else await searchBlocks(own, out, slots, threads, options);
  return out;
}

function liveSlots<K extends Key>({ rows }: VectorIndex<K>): Uint32Array {
  const slots = new Uint32Array(rows.live);
  let n = 0;
  for (let slot = 0; slot < rows.rows; slot++) if (!rows.isRemoved(slot)) slots[n++] = slot;
  return slots;
}

/** Searches for k + 1 around each row and leaves the row itself out. */
async function searchBlocks<K extends Key>(
  index: VectorIndex<K>,
  out: AllNeighborsResult<K>,
  slots: Uint32Array,
  threads: number,
  { signal, onProgress }: RunOptions,
): Promise<void> {
  const { k } = out;
  const { version } = index;
  for (let from = 0; from < slots.length; from += BLOCK) {
    if (index.version !== version) throw new VicinalError("BUSY", { what: "The index changed: its search" });
    const to = Math.min(from + BLOCK, slots.length);
    const block = Array.from(slots.subarray(from, to), (slot) => index.rows.vector(slot));
    const found = await index.searchAsync(block, { k: k + 1, threads, ...(signal ? { signal } : {}) });
    for (let q = from; q < to; q++) {
      const row = found.row(q - from);
      const self = row.ids.indexOf(slots[q]!);
      // Rows alike may keep the row itself out of its own answer: then the last is one too many.
      const left = self < 0 ? k : self;
      let n = 0;
      for (let i = 0; i < row.ids.length && n < k; i++) {
        if (i === left) continue;
        out.ids[q * k + n] = row.ids[i]!;
        out.distances[q * k + n++] = row.distances[i]!;
      }
      out.counts[q] = n;
    }
    onProgress?.({ phase: "neighbours", done: to, total: slots.length });
  }
}
