import { checkK, checkNames, type RunOptions, runAsync, VicinalError } from "../core/index.ts";
import { auditIndex } from "./audit.ts";
import type {
  AsyncSearchOptions,
  AuditOptions,
  AuditReport,
  Filter,
  HealthReport,
  Index,
  IndexStats,
  Key,
  Mask,
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
import { NeighborsResult, RangeResult } from "./parts/results.ts";
import {
  copyRows,
  isPlainQuery,
  ownedReader,
  PlainQueryReader,
  readVectors,
  type VectorReader,
} from "./parts/vectors.ts";
import type { Answers, Plan, SearchEngine, StructureSearch, Way } from "./plan.ts";
import { rangeSearch } from "./rangeSearch.ts";
import { ASYNC_OPTIONS, RowIndex } from "./rowIndex.ts";
import type { RowOptions } from "./rowOptions.ts";
import { Searcher } from "./searcher.ts";
import { checkLimits, checkParam, SEARCH_OPTIONS } from "./searchOptions.ts";
import { encodeIndex, type SavedStructure, saveIndex, streamIndex } from "./snapshot.ts";
import { here, onThreads, usableThreads } from "./task.ts";

/** What a filter lets through, placed in section "skip" when there is anything to skip. */
interface Allowed {
  readonly matches: number;
  readonly skip: boolean;
}

/**
 * Everything that indexes have in common: what they hold ({@link RowIndex}), and filters, searches, results,
 * reports, files. A kind of index says how a search through its structure is planned.
 */
export abstract class VectorIndex<K extends Key = Key> extends RowIndex<K> implements Index<K> {
  abstract readonly kind: string;
  abstract readonly spec: string;
  abstract readonly exact: boolean;
  abstract readonly searchParams: readonly string[];
  protected readonly exactScan: ExactScan;
  protected readonly nativeSearcher: Searcher;
  /** Carries searches out; a caller's own distance function brings another. */
  protected searcher: SearchEngine;
  protected params: Record<string, number>;
  #plainQuery: PlainQueryReader | undefined;

  protected constructor(
    rows: RowOptions,
    seed: number,
    params: Record<string, number>,
    boundingCodes = false,
  ) {
    super(rows, seed);
    this.params = params;
    this.exactScan = new ExactScan(this.space, this.rows, boundingCodes);
    this.nativeSearcher = new Searcher(this.space, this.rows, this.bench, this.exactScan);
    this.searcher = this.nativeSearcher;
  }

  /** How a search through the structure runs; undefined when every search is a scan. */
  protected abstract structure(): StructureSearch | undefined;
  /** Candidate-list sizes for k answers out of `matches` rows; undefined to scan. @internal */
  abstract planSearch(k: number, matches: number, params: SearchParams): Way | undefined;
  /** What the structure adds to a file. @internal */
  abstract savedStructure(): SavedStructure;
  protected abstract details(): Record<string, number | string>;

  /** How to compare every row where there are no vectors to scan; undefined to scan. @internal */
  planExact(_k: number, _matches: number): Way | undefined {
    return undefined;
  }

  /** Values of each search parameter worth trying, ascending, when k neighbours are wanted. */
  dials(_k: number): Readonly<Record<string, readonly number[]>> {
    return {};
  }

  /** A walk through the structure that hands out neighbours as it goes; undefined when there is none. @internal */
  openWalk(_query: VectorInput, _options: SearchOptions<K>): Iterable<Found> | undefined {
    return undefined;
  }

  /** Bytes of the structure's sections for that many rows, codes apart from what leads to them. */
  protected structureBytes(rows: number): { codes: number; links: number } {
    const links = Object.values(this.structureSizes(rows)).reduce((sum, bytes) => sum + bytes, 0);
    return { codes: 0, links };
  }

  health(): HealthReport {
    this.requireIdle();
    return { size: this.rows.live, removed: this.rows.removed, unreachable: 0, withoutInlinks: 0, ok: true };
  }

  repair(): number {
    this.requireIdle();
    return 0;
  }

  protected forgetDerived(): void {
    this.exactScan.forget();
  }

  get defaults(): SearchParams {
    return { ...this.params };
  }

  configure(params: Partial<Record<string, number>>): void {
    this.requireIdle();
    this.adopt(params);
  }

  /** Takes search parameters over, also while a change is under way. @internal */
  adopt(params: Partial<Record<string, number>>): void {
    checkNames(params, this.searchParams);
    const next = { ...this.params };
    for (const name of Object.keys(params)) {
      if (params[name] !== undefined) next[name] = checkParam(name, params[name]);
    }
    this.params = next;
  }

  mask(filter: Filter<K>): Mask {
    return this.change("a filter", () => makeMask(filter, this.#filterContext()));
  }

  #filterContext(): FilterContext<K> {
    return {
      slots: this.rows.rows,
      live: (slot) => !this.rows.isRemoved(slot),
      keyOf: (slot) => this.keyTable.keyOf(slot),
      slotOf: (key) => this.keyTable.slotOf(key),
      metadataOf: (slot) => this.metadataTable.get(slot),
      version: this.changes,
      owner: this,
      // Rows whose insertion was abandoned have no key.
      keysAreSlots: this.keyTable.isIdentity && this.keyTable.slots === this.rows.rows,
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
    const { version } = this;
    // A predicate may call anything: while it runs, the index refuses to be changed or searched.
    const { bits, matches } = this.change("a filter", () => evaluateFilter(filter, this.#filterContext()));
    if (this.version !== version) throw new VicinalError("BUSY", { what: "The filter changed the index" });
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
    if (!(out instanceof NeighborsResult) || out.queries !== reader.rows || out.k !== plan.k) {
      throw new VicinalError("BAD_INPUT", {
        what: "out",
        got: `of ${out?.queries} queries × ${out?.k}`,
        rule: `the result of a search of the same shape, ${reader.rows} × ${plan.k}`,
      });
    }
    this.#answerHere(ready, out);
    out.renew();
  }

  async searchAsync(queries: VectorsInput, options: AsyncSearchOptions<K> = {}): Promise<Neighbors<K>> {
    options?.signal?.throwIfAborted();
    const ready = this.#prepare(queries, options, ASYNC_OPTIONS);
    const { plan } = ready;
    // Later waves are staged when the caller has had control again, and its array may have changed.
    const reader = ownedReader(ready.reader);
    const result = this.#emptyResult(reader.rows, plan.k);
    if (plan.k === 0) return result;
    const threads = usableThreads(options.threads);
    await this.changeAsync("searchAsync()", async () => {
      if (threads > 1) this.space.engine.share();
      const tasks = this.searcher.tasks(
        reader,
        plan,
        result,
        plan.exact ? undefined : this.structure(),
        threads,
      );
      if (threads > 1) await onThreads(this.space.engine, tasks, threads, options);
      else await runAsync(here(this.space.engine, tasks), options);
      this.#finish({ ...ready, reader }, result);
    });
    return result;
  }

  #answerHere(ready: Ready, out: Answers & { k: number }): void {
    if (ready.plan.k === 0) {
      out.counts.fill(0);
      return;
    }
    this.searcher.run(ready.reader, ready.plan, out, ready.plan.exact ? undefined : this.structure());
    this.#finish(ready, out);
  }

  /** Completes rows that the graph left short, and cuts at the largest distance wanted. */
  #finish({ reader, plan, maxDistance }: Ready, out: Answers): void {
    if (!plan.exact && plan.k > 0) {
      const way = this.planExact(plan.k, plan.matches);
      const complete = { ...plan, ...way, exact: way === undefined };
      const structure = way === undefined ? undefined : this.structure();
      for (let q = 0; q < reader.rows; q++) {
        if (out.counts[q]! >= plan.k) continue;
        const one = readVectors(copyRows(reader, q, q + 1), this.dimension, this.dtype, "query");
        const part = {
          ids: out.ids.subarray(q * plan.k, (q + 1) * plan.k),
          distances: out.distances.subarray(q * plan.k, (q + 1) * plan.k),
          counts: out.counts.subarray(q, q + 1),
        };
        this.searcher.run(one, complete, part, structure);
      }
    }
    if (maxDistance === undefined) return;
    for (let q = 0; q < reader.rows; q++) {
      let n = out.counts[q]!;
      while (n > 0 && out.distances[q * plan.k + n - 1]! > maxDistance) n--;
      out.counts[q] = n;
    }
  }

  /**
   * The k nearest rows around a stored one, which the structure treats as if it were not there: a stored row is far
   * easier to find than a query from outside. `vector` stands in where its own is not kept. @internal
   */
  searchAround(slot: number, k: number, options: SearchOptions<K>, vector?: VectorInput): AnswerRow {
    const ready = this.#prepare(vector ?? this.rows.vector(slot), { ...options, k: k + 1 }, []);
    const result = this.#emptyResult(1, ready.plan.k);
    this.#answerHere({ ...ready, plan: { ...ready.plan, hide: slot } }, result);
    const { ids, distances } = result.row(0);
    const others = distances.filter((_, i) => ids[i] !== slot).subarray(0, k);
    return { ids: ids.filter((id) => id !== slot).subarray(0, k), distances: others };
  }

  #prepare(queries: VectorsInput, options: SearchOptions<K>, more: readonly string[]): Ready {
    this.requireIdle();
    if (typeof options !== "object" || options === null) {
      throw new VicinalError("BAD_INPUT", { what: "options", got: String(options), rule: "an object" });
    }
    let params: SearchParams = this.params;
    for (const name in options) {
      const value = (options as Record<string, unknown>)[name];
      if (value === undefined || SEARCH_OPTIONS.includes(name) || more.includes(name)) continue;
      if (!this.searchParams.includes(name)) {
        throw new VicinalError("OPTION_UNKNOWN", {
          got: name,
          known: [...SEARCH_OPTIONS, ...this.searchParams, ...more],
        });
      }
      params = { ...params, [name]: checkParam(name, value) };
    }
    const wanted = options.k === undefined ? 10 : checkK(options.k);
    const { maxDistance } = options;
    checkLimits(options);
    const reader = this.#read(queries, more.length === 0);
    const { matches, skip } = this.allow(options.filter);
    const k = Math.min(wanted, matches);
    const exactly = options.exact === true;
    const way =
      k === 0 ? undefined : exactly ? this.planExact(k, matches) : this.planSearch(k, matches, params);
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

  /** The usual case, one Float32Array searched at once, allocates nothing. */
  #read(queries: VectorsInput, atOnce: boolean): VectorReader {
    const { dimension, dtype } = this.rows.options;
    if (atOnce && dtype === "f32" && isPlainQuery(queries, dimension)) {
      this.#plainQuery ??= new PlainQueryReader(dimension);
      return this.#plainQuery.take(queries, "queries");
    }
    return readVectors(queries, dimension, dtype, "queries");
  }

  #emptyResult(queries: number, k: number): NeighborsResult<K> {
    return new NeighborsResult<K>(queries, k, this.names);
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
    return new RangeResult<K>(this.names, found.offsets, found.ids, found.distances);
  }

  neighbors(
    query: VectorInput,
    options: Omit<SearchOptions<K>, "k"> = {},
  ): IterableIterator<{ key: K; distance: number }> {
    return lazyNeighbors(this as VectorIndex<K>, query, options);
  }

  // ---- reporting ----

  stats(): IndexStats {
    this.requireIdle();
    const { space, rows } = this;
    const structure = this.structureBytes(rows.rows);
    const vectors = rows.hasVectors ? rows.rows * rows.rowBytes : 0;
    const codes =
      rows.rows * (rows.codeBytes + (rows.options.codes === "sq7" ? 4 : 0)) +
      this.exactScan.codeBytes +
      structure.codes;
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
        links: structure.links,
        keys,
        metadata,
        overhead: pages - vectors - codes - structure.links,
      },
      details: this.details(),
    };
  }

  async audit(options: AuditOptions = {}): Promise<AuditReport> {
    return auditIndex(this as VectorIndex<K>, options);
  }

  async save(path: string, options: RunOptions = {}): Promise<void> {
    await this.changeAsync("save()", () => saveIndex(this as VectorIndex<K>, path, options));
  }

  async write(stream: WritableStream<Uint8Array>, options: RunOptions = {}): Promise<void> {
    await this.changeAsync("write()", () => streamIndex(this as VectorIndex<K>, stream, options));
  }

  toBytes(): Uint8Array {
    return this.change("toBytes()", () => encodeIndex(this as VectorIndex<K>));
  }
}

type AnswerRow = ReturnType<Neighbors["row"]>;

interface Ready {
  readonly reader: VectorReader;
  readonly plan: Plan;
  readonly maxDistance: number | undefined;
}
