import {
  checkK,
  type Dtype,
  type Job,
  type Matrix,
  type Metric,
  type RunOptions,
  runAsync,
  runSync,
  type Scalars,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import { Engine } from "../kernels/index.ts";
import { auditIndex } from "./audit.ts";
import type {
  AddOptions,
  AsyncAddOptions,
  AsyncSearchOptions,
  AuditOptions,
  AuditReport,
  Filter,
  HealthReport,
  Index,
  IndexStats,
  Key,
  Mask,
  Metadata,
  Neighbors,
  RangeNeighbors,
  SearchOptions,
  SearchParams,
  VectorInput,
  VectorsInput,
} from "./contract.ts";
import { ExactScan } from "./exactScan.ts";
import { type Found, lazyNeighbors } from "./lazyNeighbors.ts";
import { evaluateFilter, type FilterContext, makeMask } from "./parts/filter.ts";
import { KeyTable, NONE } from "./parts/keys.ts";
import { MetadataTable } from "./parts/metadata.ts";
import { type KeySource, NeighborsResult, RangeResult } from "./parts/results.ts";
import { readVectors, type VectorReader } from "./parts/vectors.ts";
import { rangeSearch } from "./rangeSearch.ts";
import { type RowOptions, RowStore } from "./rows.ts";
import { type Answers, type GraphSearch, type Plan, type SearchEngine, Searcher } from "./searcher.ts";
import { encodeIndex, type SavedStructure, saveIndex } from "./snapshot.ts";
import { Space } from "./space.ts";
import { here, onThreads, type Tasks, usableThreads } from "./task.ts";
import { Workbench } from "./workbench.ts";

/** Options of a single search that every index understands. */
const SEARCH_OPTIONS = ["k", "filter", "maxDistance", "exact"];
const ASYNC_OPTIONS = ["threads", "signal", "onProgress"];

/** A share of removed rows at which an index compacts itself. */
const COMPACT_SHARE = 0.25;
const COMPACT_LEAST = 64;

/** A renumbering: old slot s becomes newSlotOfOld[s]; slots from `kept` on are dropped. */
export interface NewOrder {
  readonly newSlotOfOld: Uint32Array;
  readonly kept: number;
}

/** Rows placed in the store that are still to be linked and named. */
interface Added {
  readonly first: number;
  readonly end: number;
  readonly metadata: readonly (Metadata | undefined)[] | undefined;
}

/** What a filter lets through, placed in section "skip" when there is anything to skip. */
interface Allowed {
  readonly matches: number;
  readonly skip: boolean;
}

/**
 * Everything that indexes have in common: keys, metadata, filters, validation, results, removal, files. A kind
 * of index says how rows are linked and how a search through that structure is planned.
 */
export abstract class VectorIndex<K extends Key = Key> implements Index<K> {
  abstract readonly kind: string;
  abstract readonly spec: string;
  abstract readonly searchParams: readonly string[];
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
  protected readonly exactScan: ExactScan;
  protected readonly nativeSearcher: Searcher;
  /** Carries searches out; a caller's own distance function brings another. */
  protected searcher: SearchEngine;
  protected params: Record<string, number>;
  #version = 0;
  /** Renumberings so far: a result can be read until the next one. */
  #orders = 0;
  /** Keys of rows removed since the last renumbering, for results that were there before. */
  #retired = new Map<number, K>();
  readonly #names: KeySource<K>;
  #changing: string | undefined;
  #closed = false;

  protected constructor(
    rows: RowOptions,
    seed: number,
    params: Record<string, number>,
    boundingCodes = false,
  ) {
    this.seed = seed;
    this.params = params;
    this.space = new Space(Engine.create());
    // What is small or seldom grows comes first: a section that grows moves all that follow.
    this.space.set({ graph: 0, batch: 0 });
    this.rows = new RowStore(this.space, rows);
    this.space.set({ links0: 0, upperAt: 0, levels: 0, upper: 0 });
    this.bench = new Workbench(this.space);
    this.exactScan = new ExactScan(this.space, this.rows, boundingCodes);
    this.nativeSearcher = new Searcher(this.space, this.rows, this.bench, this.exactScan);
    this.searcher = this.nativeSearcher;
    this.keyTable = new KeyTable<K>();
    this.metadataTable = new MetadataTable();
    const self = this;
    this.#names = {
      keyOf: (slot) => this.#retired.get(slot) ?? this.keyTable.keyOf(slot),
      get version(): number {
        return self.#orders;
      },
    };
  }

  /** Bytes of the structure's sections for that many rows. */
  protected abstract structureSizes(capacity: number): Record<string, number>;
  /** Tasks that take rows first … end into the structure. */
  protected abstract link(first: number, end: number, threads: number): Tasks<void>;
  /** How a search through the structure runs; undefined when every search is a scan. */
  protected abstract graphSearch(): GraphSearch | undefined;
  /** Candidate-list sizes for k answers out of `matches` rows; undefined to scan. */
  protected abstract planGraph(
    k: number,
    matches: number,
    params: SearchParams,
  ): { ef: number; rerank: number } | undefined;
  /** Takes removed rows out of the structure, which is moved to the new order, and returns it. */
  protected abstract renumber(): NewOrder;
  /** After a block was linked: a better order, to which the structure has been moved; undefined to stay. */
  protected abstract orderAfterAdding(first: number, end: number): NewOrder | undefined;
  protected abstract details(): Record<string, number | string>;
  /** A walk through the structure that hands out neighbours as it goes; undefined when there is none. @internal */
  abstract openWalk(query: VectorInput, options: SearchOptions<K>): Iterable<Found> | undefined;
  /** What the structure adds to a file. @internal */
  abstract savedStructure(): SavedStructure;
  abstract health(): HealthReport;
  abstract repair(): number;

  get metric(): Metric | "custom" {
    return this.rows.options.metric;
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

  get exact(): boolean {
    return this.graphSearch() === undefined && this.rows.hasVectors;
  }

  get defaults(): SearchParams {
    return { ...this.params };
  }

  /** Counts changes; masks and lazy iterators are good for one value of it. @internal */
  get version(): number {
    return this.#version;
  }

  configure(params: Partial<Record<string, number>>): void {
    this.#open();
    const next = { ...this.params };
    for (const name of Object.keys(params)) {
      if (!this.searchParams.includes(name)) {
        throw new VicinalError("OPTION_UNKNOWN", { got: name, known: this.searchParams });
      }
      if (params[name] !== undefined) next[name] = checkParam(name, params[name]);
    }
    this.params = next;
  }

  // ---- adding ----

  add(vectors: VectorsInput, options: AddOptions<K> = {}): void {
    this.#change("add", () => runSync(this.#addJob(vectors, options, false, 1)));
  }

  upsert(vectors: VectorsInput, options: AddOptions<K> & { keys: readonly K[] }): void {
    if (options?.keys === undefined) {
      throw new VicinalError("BAD_INPUT", { what: "keys", got: "missing", rule: "given for upsert()" });
    }
    this.#change("upsert", () => runSync(this.#addJob(vectors, options, true, 1)));
  }

  async addAsync(
    vectors: VectorsInput | AsyncIterable<VectorsInput> | Iterable<Matrix<Scalars>>,
    options: AsyncAddOptions<K> = {},
  ): Promise<void> {
    checkNames(options, ["keys", "metadata", ...ASYNC_OPTIONS]);
    const threads = usableThreads(options.threads);
    await this.#changeAsync("addAsync", async () => {
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
    const added = this.#place(vectors, options, false);
    try {
      await onThreads(this.space.engine, this.link(added.first, added.end, threads), threads, options);
    } catch (error) {
      this.#withdraw(added.first, added.end);
      throw error;
    }
    this.#name(added, options);
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
    this.#name(added, options);
  }

  /** Checks everything, then puts the vectors into the store. */
  #place(vectors: VectorsInput, options: AddOptions<K>, replace: boolean): Added {
    const reader = readVectors(vectors, this.dimension, this.dtype);
    this.keyTable.check(options.keys, reader.rows, { allowExisting: replace });
    const metadata = MetadataTable.prepare(options.metadata, reader.rows);
    const first = this.rows.rows;
    this.#ensureCapacity(first + reader.rows);
    this.rows.append(reader);
    return { first, end: first + reader.rows, metadata };
  }

  /** Gives linked rows their keys and metadata; rows they replace are removed. */
  #name({ first, end, metadata }: Added, options: AddOptions<K>): void {
    const slots = Uint32Array.from({ length: end - first }, (_, i) => first + i);
    for (const key of options.keys ?? []) {
      const old = this.keyTable.slotOf(key);
      if (old >= 0) this.#removeSlot(old);
    }
    this.keyTable.insert(slots, options.keys);
    if (metadata !== undefined) {
      for (let i = 0; i < slots.length; i++) this.metadataTable.set(first + i, metadata[i]);
    }
    this.#version++;
    const order = this.orderAfterAdding(first, end);
    if (order !== undefined) this.#applyOrder(order);
    this.#compactIfDue();
  }

  /** Rows whose insertion was abandoned: whatever links they have, they are never answered. */
  #withdraw(first: number, end: number): void {
    if (this.space.engine.disposed) return;
    for (let slot = first; slot < end; slot++) this.rows.markRemoved(slot);
    this.#version++;
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
    this.#change("reserve", () => {
      if (!Number.isInteger(n) || n < 0) {
        throw new VicinalError("OPTION_RANGE", { option: "n", got: n, rule: "a whole number of rows >= 0" });
      }
      if (n > this.rows.capacity) this.#setCapacity(n);
    });
  }

  // ---- removing ----

  remove(keys: K | Iterable<K>): number {
    return this.#change("remove", () => {
      const list = typeof keys === "object" && keys !== null ? keys : [keys as K];
      const slots = new Set<number>();
      for (const key of list as Iterable<K>) {
        const slot = this.keyTable.slotOf(key);
        if (slot >= 0) slots.add(slot);
      }
      for (const slot of slots) this.#removeSlot(slot);
      if (slots.size > 0) {
        this.#version++;
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
    this.#change("compact", () => this.#compact());
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
    this.#version++;
  }

  // ---- looking up ----

  has(key: K): boolean {
    return this.keyTable.has(key);
  }

  get(key: K): Float32Array | Uint8Array | Int8Array {
    this.#open();
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
    if (slot < 0) throw new VicinalError("KEY_UNKNOWN", { key: String(key) });
    return slot;
  }

  mask(filter: Filter<K>): Mask {
    this.#open();
    return makeMask(filter, this.#filterContext());
  }

  #filterContext(): FilterContext<K> {
    return {
      slots: this.rows.rows,
      live: (slot) => !this.rows.isRemoved(slot),
      keyOf: (slot) => this.keyTable.keyOf(slot),
      slotOf: (key) => this.keyTable.slotOf(key),
      metadataOf: (slot) => this.metadataTable.get(slot),
      version: this.#version,
      owner: this,
      keysAreSlots: this.keyTable.isIdentity,
    };
  }

  /** Places what may not be answered in section "skip". @internal */
  allow(filter: Filter<K> | undefined): Allowed {
    const { live, removed } = this.rows;
    if (filter === undefined && removed === 0) return { matches: live, skip: false };
    const bytes = Math.ceil(this.rows.rows / 8);
    this.space.atLeast("skip", bytes);
    if (filter === undefined) {
      this.space.u8("skip").set(this.space.u8("dead").subarray(0, bytes));
      return { matches: live, skip: true };
    }
    const { bits, matches } = evaluateFilter(filter, this.#filterContext());
    this.space.u8("skip").set(bits.subarray(0, bytes));
    return { matches, skip: true };
  }

  // ---- searching ----

  search(queries: VectorsInput, options: SearchOptions<K> = {}): Neighbors<K> {
    const ready = this.#prepare(queries, options, []);
    const { reader, plan } = ready;
    const result = this.#emptyResult(reader.rows, plan.k);
    this.#answerHere(ready, result);
    return result;
  }

  searchInto(queries: VectorsInput, out: Neighbors<K>, options: SearchOptions<K> = {}): void {
    const ready = this.#prepare(queries, options, []);
    const { reader, plan } = ready;
    if (out.queries !== reader.rows || out.k !== plan.k) {
      throw new VicinalError("BAD_INPUT", {
        what: "out",
        got: `of ${out.queries} queries × ${out.k}`,
        rule: `the result of a search of the same shape, ${reader.rows} × ${plan.k}`,
      });
    }
    this.#answerHere(ready, out);
    if (out instanceof NeighborsResult) out.renew();
  }

  async searchAsync(queries: VectorsInput, options: AsyncSearchOptions<K> = {}): Promise<Neighbors<K>> {
    options.signal?.throwIfAborted();
    const ready = this.#prepare(queries, options, ASYNC_OPTIONS);
    const { reader, plan } = ready;
    const result = this.#emptyResult(reader.rows, plan.k);
    if (plan.k === 0) return result;
    const threads = usableThreads(options.threads);
    await this.#changeAsync("searchAsync", async () => {
      if (threads > 1) this.space.engine.share();
      const tasks = this.searcher.tasks(
        reader,
        plan,
        result,
        plan.exact ? undefined : this.graphSearch(),
        threads,
      );
      if (threads > 1) await onThreads(this.space.engine, tasks, threads, options);
      else await runAsync(here(this.space.engine, tasks), options);
      this.#finish(ready, result);
    });
    return result;
  }

  #answerHere(ready: Ready, out: Answers & { k: number }): void {
    if (ready.plan.k === 0) {
      out.counts.fill(0);
      return;
    }
    this.searcher.run(ready.reader, ready.plan, out, ready.plan.exact ? undefined : this.graphSearch());
    this.#finish(ready, out);
  }

  /** Completes rows that the graph left short, and cuts at the largest distance wanted. */
  #finish({ reader, plan, maxDistance }: Ready, out: Answers): void {
    if (!plan.exact && plan.k > 0) {
      for (let q = 0; q < reader.rows; q++) {
        if (out.counts[q]! >= plan.k) continue;
        const one = readVectors(rowOf(reader, q), this.dimension, this.dtype, "query");
        const part = {
          ids: out.ids.subarray(q * plan.k, (q + 1) * plan.k),
          distances: out.distances.subarray(q * plan.k, (q + 1) * plan.k),
          counts: out.counts.subarray(q, q + 1),
        };
        this.searcher.run(one, { ...plan, exact: true }, part, undefined);
      }
    }
    if (maxDistance === undefined) return;
    for (let q = 0; q < reader.rows; q++) {
      let n = out.counts[q]!;
      while (n > 0 && out.distances[q * plan.k + n - 1]! > maxDistance) n--;
      out.counts[q] = n;
    }
  }

  #prepare(queries: VectorsInput, options: SearchOptions<K>, more: readonly string[]): Ready {
    this.#open();
    let params: SearchParams = this.params;
    for (const name in options) {
      if (SEARCH_OPTIONS.includes(name) || more.includes(name)) continue;
      if (!this.searchParams.includes(name)) {
        throw new VicinalError("OPTION_UNKNOWN", {
          got: name,
          known: [...SEARCH_OPTIONS, ...this.searchParams, ...more],
        });
      }
      const value = (options as Record<string, unknown>)[name];
      if (value !== undefined) params = { ...params, [name]: checkParam(name, value) };
    }
    const wanted = options.k === undefined ? 10 : checkK(options.k);
    const { maxDistance } = options;
    if (maxDistance !== undefined && !(typeof maxDistance === "number" && !Number.isNaN(maxDistance))) {
      throw new VicinalError("OPTION_RANGE", { option: "maxDistance", got: maxDistance, rule: "a number" });
    }
    const reader = readVectors(queries, this.dimension, this.dtype, "queries");
    const { matches, skip } = this.allow(options.filter);
    const k = Math.min(wanted, matches);
    const way = options.exact === true || k === 0 ? undefined : this.planGraph(k, matches, params);
    const plan: Plan = {
      k,
      skip,
      exact: way === undefined,
      ef: way?.ef ?? 0,
      rerank: way?.rerank ?? 0,
      matches,
    };
    return { reader, plan, maxDistance };
  }

  #emptyResult(queries: number, k: number): NeighborsResult<K> {
    return new NeighborsResult<K>(queries, k, this.#names);
  }

  range(
    queries: VectorsInput,
    radius: number,
    options: Omit<SearchOptions<K>, "k" | "maxDistance"> = {},
  ): RangeNeighbors<K> {
    if (typeof radius !== "number" || Number.isNaN(radius)) {
      throw new VicinalError("OPTION_RANGE", { option: "radius", got: radius, rule: "a number" });
    }
    const found = rangeSearch(this as VectorIndex<K>, queries, radius, options);
    return new RangeResult<K>(this.#names, found.offsets, found.ids, found.distances);
  }

  neighbors(
    query: VectorInput,
    options: Omit<SearchOptions<K>, "k"> = {},
  ): IterableIterator<{ key: K; distance: number }> {
    return lazyNeighbors(this as VectorIndex<K>, query, options);
  }

  // ---- reporting ----

  stats(): IndexStats {
    this.#open();
    const { space, rows } = this;
    const structure = Object.entries(this.structureSizes(rows.rows)).reduce(
      (sum, [, bytes]) => sum + bytes,
      0,
    );
    const vectors = rows.hasVectors ? rows.rows * rows.rowBytes : 0;
    const codes =
      rows.rows * (rows.codeBytes + (rows.options.codes === "sq7" ? 4 : 0)) +
      this.exactScan.codeBytes(rows.rows);
    const keys = this.keyTable.bytes;
    const metadata = this.metadataTable.bytes;
    const pages = space.engine.byteLength;
    return {
      kind: this.kind,
      spec: this.spec,
      size: rows.live,
      removed: rows.removed,
      capacity: rows.capacity,
      dimension: this.dimension,
      metric: this.metric,
      dtype: this.dtype,
      memory: {
        total: pages + keys + metadata,
        vectors,
        codes,
        links: structure,
        keys,
        metadata,
        overhead: pages - vectors - codes - structure,
      },
      details: this.details(),
    };
  }

  async audit(options: AuditOptions = {}): Promise<AuditReport> {
    return auditIndex(this as VectorIndex<K>, options);
  }

  async save(path: string, options: RunOptions = {}): Promise<void> {
    await this.#changeAsync("save", () => saveIndex(this as VectorIndex<K>, path, options));
  }

  toBytes(): Uint8Array {
    return this.#change("toBytes", () => encodeIndex(this as VectorIndex<K>));
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

  #open(): void {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The index" });
    if (this.#changing !== undefined)
      throw new VicinalError("BUSY", { what: `${this.#changing}() is running` });
  }

  #change<T>(what: string, run: () => T): T {
    this.#open();
    this.#changing = what;
    try {
      return run();
    } finally {
      this.#changing = undefined;
    }
  }

  async #changeAsync<T>(what: string, run: () => Promise<T>): Promise<T> {
    this.#open();
    this.#changing = what;
    try {
      return await run();
    } finally {
      this.#changing = undefined;
    }
  }
}

interface Ready {
  readonly reader: VectorReader;
  readonly plan: Plan;
  readonly maxDistance: number | undefined;
}

function checkParam(name: string, value: unknown): number {
  return wholeNumber(name, value, 1, 0x7fffffff);
}

function isStream(vectors: unknown): boolean {
  if (typeof vectors !== "object" || vectors === null) return false;
  if (Symbol.asyncIterator in vectors) return true;
  return Symbol.iterator in vectors && !Array.isArray(vectors) && !ArrayBuffer.isView(vectors);
}

function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new VicinalError("OPTION_UNKNOWN", { got: name, known });
  }
}

/** Query q of the input, alone. */
function rowOf(reader: VectorReader, q: number): VectorInput {
  const { dtype, width } = reader;
  const out =
    dtype === "f32" ? new Float32Array(width) : dtype === "i8" ? new Int8Array(width) : new Uint8Array(width);
  reader.copyInto(out, reader.width, q, q + 1);
  return out;
}
