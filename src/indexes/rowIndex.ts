import {
  checkNames,
  type Dtype,
  type Job,
  type Matrix,
  type Metric,
  type MetricOptions,
  runAsync,
  runSync,
  type Scalars,
  VicinalError,
} from "../core/index.ts";
import { Engine } from "../kernels/index.ts";
import type { AddOptions, AsyncAddOptions, Key, Metadata, VectorsInput } from "./contract.ts";
import { showKey } from "./parts/keyRules.ts";
import { KeyTable, NONE } from "./parts/keys.ts";
import { MetadataTable } from "./parts/metadata.ts";
import type { KeySource } from "./parts/results.ts";
import { readVectors } from "./parts/vectors.ts";
import type { RowOptions } from "./rowOptions.ts";
import { RowStore } from "./rows.ts";
import { Space } from "./space.ts";
import { here, onThreads, startThreads, type Tasks, usableThreads } from "./task.ts";
import { Workbench } from "./workbench.ts";

/** Options of every asynchronous call. */
export const ASYNC_OPTIONS: readonly string[] = ["threads", "signal", "onProgress"];

const ADD_OPTIONS: readonly string[] = ["keys", "metadata"];

/** Bytes left over from building that are worth a copy of the rest: after a block that doubles the index, and others. */
const SPARE = { doubled: 131_072, other: 1_048_576 } as const;

/** A share of removed rows at which an index compacts itself. */
const COMPACT_SHARE = 0.25;
const COMPACT_LEAST = 64;

/** A renumbering: old slot s becomes newSlotOfOld[s]; slots from `kept` on are dropped. */
export interface NewOrder {
  readonly newSlotOfOld: Uint32Array;
  readonly kept: number;
}

/** Live rows move down in their order; removed ones go behind them, to be dropped. */
export function liveFirst(rows: RowStore): NewOrder {
  const newSlotOfOld = new Uint32Array(rows.rows);
  let live = 0;
  let dead = rows.live;
  for (let slot = 0; slot < rows.rows; slot++) {
    newSlotOfOld[slot] = rows.isRemoved(slot) ? dead++ : live++;
  }
  return { newSlotOfOld, kept: live };
}

/** Rows placed in the store that are still to be linked and named. */
interface Added {
  readonly first: number;
  readonly end: number;
  /** A copy: the caller's array may change before the rows are linked. */
  readonly keys: readonly Key[] | undefined;
  readonly metadata: readonly (Metadata | undefined)[] | undefined;
}

/**
 * What an index holds: rows, keys, metadata; adding and removing them, one change at a time. A kind of index says
 * how rows are linked.
 */
export abstract class RowIndex<K extends Key = Key> {
  readonly seed: number;
  /** @internal */
  readonly space: Space;
  /** @internal */
  readonly rows: RowStore;
  /** @internal */
  readonly bench: Workbench;
  /** @internal */
  keyTable: KeyTable<K>;
  /** @internal */
  metadataTable: MetadataTable;
  /** Where results read keys: also those of rows removed since, until rows are renumbered. @internal */
  readonly names: KeySource<K>;
  protected changes = 0;
  /** Renumberings so far: a result can be read until the next one. */
  #orders = 0;
  /** Keys of rows removed since the last renumbering, for results that were there before. */
  #retired = new Map<number, K>();
  #changing: string | undefined;
  #closed = false;

  protected constructor(rows: RowOptions, seed: number) {
    this.seed = seed;
    this.space = new Space(Engine.create());
    // What is small or seldom grows comes first: a section that grows moves all that follow.
    this.space.set({ graph: 0, batch: 0 });
    this.rows = new RowStore(this.space, rows);
    this.space.set({ links0: 0, upperAt: 0, levels: 0, upper: 0 });
    this.bench = new Workbench(this.space);
    this.keyTable = new KeyTable<K>();
    this.metadataTable = new MetadataTable();
    const self = this;
    this.names = {
      keyOf: (slot) => this.#retired.get(slot) ?? this.keyTable.keyOf(slot),
      get version(): number {
        return self.#orders;
      },
    };
  }

  /** Bytes of the structure's sections for that many rows. @internal */
  abstract structureSizes(capacity: number): Record<string, number>;
  /** Tasks that take rows first … end into the structure. */
  protected abstract link(first: number, end: number, threads: number): Tasks<void>;
  /** Takes removed rows out of the structure, which is moved to the new order, and returns it. */
  protected abstract renumber(): NewOrder;
  /** After a block was linked: a better order, to which the structure has been moved; undefined to stay. */
  protected abstract orderAfterAdding(first: number, end: number): NewOrder | undefined;

  /** Gives back the room of what can be made anew from the rows. */
  protected abstract forgetDerived(): void;

  get metric(): Metric | "custom" {
    return this.rows.options.metric;
  }

  get metricOptions(): MetricOptions | undefined {
    return this.rows.options.metricOptions;
  }

  get dimension(): number {
    return this.rows.options.dimension;
  }

  get dtype(): Dtype {
    return this.rows.options.dtype;
  }

  get size(): number {
    return this.rows.live;
  }

  /** Counts changes; masks and lazy iterators are good for one value of it. @internal */
  get version(): number {
    return this.changes;
  }

  // ---- adding ----

  add(vectors: VectorsInput, options: AddOptions<K> = {}): void {
    checkNames(options, ADD_OPTIONS);
    this.change("add()", () => runSync(this.#addJob(vectors, options, false, 1)));
  }

  upsert(vectors: VectorsInput, options: AddOptions<K> & { keys: readonly K[] }): void {
    if (options?.keys === undefined) {
      throw new VicinalError("BAD_INPUT", { what: "keys", got: "missing", rule: "given for upsert()" });
    }
    checkNames(options, ADD_OPTIONS);
    this.change("upsert()", () => runSync(this.#addJob(vectors, options, true, 1)));
  }

  async addAsync(
    vectors: VectorsInput | AsyncIterable<VectorsInput> | Iterable<Matrix<Scalars>>,
    options: AsyncAddOptions<K> = {},
  ): Promise<void> {
    checkNames(options, [...ADD_OPTIONS, ...ASYNC_OPTIONS]);
    const threads = usableThreads(options.threads);
    await this.changeAsync("addAsync()", async () => {
      if (threads > 1) this.space.engine.share();
      if (!isStream(vectors)) return this.#addBlock(vectors as VectorsInput, options, threads);
      let done = 0;
      for await (const block of vectors as AsyncIterable<VectorsInput>) {
        const rows = readVectors(block, this.dimension, this.dtype).rows;
        const keys = options.keys?.slice(done, done + rows);
        const metadata = options.metadata?.slice(done, done + rows);
        await this.#addBlock(block, { ...options, keys, metadata }, threads);
        done += rows;
      }
    });
  }

  async #addBlock(vectors: VectorsInput, options: AsyncAddOptions<K>, threads: number): Promise<void> {
    if (threads === 1) return runAsync(this.#addJob(vectors, options, false, 1), options);
    options.signal?.throwIfAborted();
    startThreads(this.space.engine, threads);
    const added = this.#place(vectors, options, false);
    try {
      await onThreads(this.space.engine, this.link(added.first, added.end, threads), threads, options);
    } catch (error) {
      this.#withdraw(added.first, added.end);
      throw error;
    }
    this.#name(added);
  }

  *#addJob(vectors: VectorsInput, options: AddOptions<K>, replace: boolean, threads: number): Job<void> {
    const added = this.#place(vectors, options, replace);
    let linked = false;
    try {
      yield* here(this.space.engine, this.link(added.first, added.end, threads));
      linked = true;
    } finally {
      if (!linked) this.#withdraw(added.first, added.end);
    }
    this.#name(added);
  }

  /** Checks everything, then puts the vectors into the store. */
  #place(vectors: VectorsInput, options: AddOptions<K>, replace: boolean): Added {
    const reader = readVectors(vectors, this.dimension, this.dtype);
    this.keyTable.check(options.keys, reader.rows, { allowExisting: replace });
    const keys = options.keys === undefined ? undefined : Array.from(options.keys);
    const metadata = MetadataTable.prepare(options.metadata, reader.rows);
    const first = this.rows.rows;
    this.#ensureCapacity(first + reader.rows);
    this.rows.append(reader);
    return { first, end: first + reader.rows, keys, metadata };
  }

  /** Gives linked rows their keys and metadata; rows they replace are removed. */
  #name({ first, end, keys, metadata }: Added): void {
    const slots = Uint32Array.from({ length: end - first }, (_, i) => first + i);
    for (const key of keys ?? []) {
      const old = this.keyTable.slotOf(key);
      if (old >= 0) this.#removeSlot(old);
    }
    this.keyTable.insert(slots, keys as readonly K[] | undefined);
    if (metadata !== undefined) {
      for (let i = 0; i < slots.length; i++) this.metadataTable.set(first + i, metadata[i]);
    }
    this.rows.settle();
    this.changes++;
    this.space.trimSpare(end >= 2 * first ? SPARE.doubled : SPARE.other);
    const order = this.orderAfterAdding(first, end);
    if (order !== undefined) this.#applyOrder(order);
    this.#compactIfDue();
  }

  /** Rows whose insertion was abandoned: whatever links they have, they are never answered. */
  #withdraw(first: number, end: number): void {
    if (this.space.engine.disposed) return;
    for (let slot = first; slot < end; slot++) this.rows.markRemoved(slot);
    this.changes++;
  }

  #ensureCapacity(rows: number): void {
    const { capacity } = this.rows;
    if (rows <= capacity) return;
    // Grown by a quarter, so that adding one by one costs little; a block that is larger gets just its room.
    this.#setCapacity(Math.max(rows, capacity === 0 ? 0 : Math.ceil(capacity * 1.25) + 16));
  }

  #setCapacity(capacity: number): void {
    this.space.set({ ...this.rows.sizes(capacity), ...this.structureSizes(capacity) });
    this.rows.setCapacity(capacity);
  }

  reserve(n: number): void {
    this.change("reserve()", () => {
      if (!Number.isInteger(n) || n < 0) {
        throw new VicinalError("OPTION_RANGE", { option: "n", got: n, rule: "a whole number of rows >= 0" });
      }
      if (n > this.rows.capacity) this.#setCapacity(n);
    });
  }

  // ---- removing ----

  remove(keys: K | Iterable<K>): number {
    return this.change("remove()", () => {
      const list = typeof keys === "object" && keys !== null ? keys : [keys as K];
      if (typeof (list as Iterable<K>)[Symbol.iterator] !== "function") {
        throw new VicinalError("BAD_INPUT", {
          what: "keys",
          got: "an object",
          rule: "a key or a list of keys",
        });
      }
      const slots = new Set<number>();
      for (const key of list as Iterable<K>) {
        const slot = this.keyTable.slotOf(key);
        if (slot >= 0) slots.add(slot);
      }
      for (const slot of slots) this.#removeSlot(slot);
      if (slots.size > 0) {
        this.changes++;
        this.#compactIfDue();
      }
      return slots.size;
    });
  }

  #removeSlot(slot: number): void {
    this.#retired.set(slot, this.keyTable.keyOf(slot));
    this.rows.markRemoved(slot);
    this.keyTable.removeSlot(slot);
    this.metadataTable.remove(slot);
  }

  #compactIfDue(): void {
    const { removed, rows } = this.rows;
    if (removed >= COMPACT_LEAST && removed > rows * COMPACT_SHARE) this.#compact();
  }

  compact(): void {
    this.change("compact()", () => {
      this.#compact();
      this.forgetDerived();
      this.space.trim();
    });
  }

  #compact(): void {
    const order = this.renumber();
    this.#applyOrder(order);
    this.#setCapacity(order.kept);
  }

  /** Moves rows, keys and metadata to new slots. */
  #applyOrder({ newSlotOfOld, kept }: NewOrder): void {
    this.rows.permute(newSlotOfOld, kept);
    const keyed = newSlotOfOld.map((slot) => (slot < kept ? slot : NONE)).subarray(0, this.keyTable.slots);
    this.keyTable.permute(keyed);
    this.metadataTable.permute(keyed);
    this.#retired.clear();
    this.#orders++;
    this.changes++;
  }

  // ---- looking up ----

  has(key: K): boolean {
    return this.keyTable.has(key);
  }

  get(key: K): Float32Array | Uint8Array | Int8Array {
    this.requireIdle();
    return this.rows.vector(this.#slot(key));
  }

  metadata(key: K): Metadata | undefined {
    return this.metadataTable.get(this.#slot(key));
  }

  keys(): IterableIterator<K> {
    return this.keyTable.keys();
  }

  #slot(key: K): number {
    const slot = this.keyTable.slotOf(key);
    if (slot < 0) throw new VicinalError("KEY_UNKNOWN", { key: showKey(key) });
    return slot;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.space.engine.dispose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- one change at a time ----

  /** Throws BUSY while a change is under way, CLOSED after close(): addresses are not to be used then. @internal */
  requireIdle(): void {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The index" });
    if (this.#changing !== undefined)
      throw new VicinalError("BUSY", { what: `${this.#changing} is running` });
  }

  protected change<T>(what: string, run: () => T): T {
    this.requireIdle();
    this.#changing = what;
    try {
      return run();
    } finally {
      this.#changing = undefined;
    }
  }

  /** @internal */
  async changeAsync<T>(what: string, run: () => Promise<T>): Promise<T> {
    this.requireIdle();
    this.#changing = what;
    try {
      return await run();
    } finally {
      this.#changing = undefined;
    }
  }
}

function isStream(vectors: unknown): boolean {
  if (typeof vectors !== "object" || vectors === null) return false;
  if (Symbol.asyncIterator in vectors) return true;
  return Symbol.iterator in vectors && !Array.isArray(vectors) && !ArrayBuffer.isView(vectors);
}
