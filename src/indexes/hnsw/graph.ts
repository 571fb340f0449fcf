import { createRng, permutation } from "../../core/index.ts";
import type { Plan, StructureSearch } from "../plan.ts";
import type { RowStore } from "../rows.ts";
import { graphScorer } from "../scorers.ts";
import type { Space } from "../space.ts";
import { GRAPH_SCORERS } from "../structs.ts";
import type { Task, Tasks } from "../task.ts";
import type { Workbench, WorkNeeds } from "../workbench.ts";
import {
  ENTRY,
  GRAPH_BYTES,
  type GraphOptions,
  type InsertOptions,
  MAX_LEVEL,
  type Pause,
  writeGraph,
} from "./graphStruct.ts";
import { levelOf } from "./level.ts";

/** Rows inserted together. More would see less of each other's surroundings, fewer would keep workers waiting. */
const BATCH = 256;
const PARENTS = 8;
const BATCH_BYTES = 64;
const NO_ENTRY = -1;

/** Bytes of a node of the tree of seeds. */
const PIVOT_BYTES = 32;

/**
 * The links of a graph index in linear memory, on one level or several, and the tasks that insert rows. The result depends
 * on the seed and the order of calls, never on the number of threads: see wasm/graph/insert.ts.
 */
export class LinkGraph implements StructureSearch {
  readonly fn = "graphQuery";
  readonly chunk = 8;
  readonly options: GraphOptions;
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  #upperWords = 0;
  /** Where rows whose level-0 lists change are noted, for whoever keeps something derived from them. */
  changed: Set<number> | undefined;
  /** Rows ever inserted; the next row's level is drawn from it. */
  #inserted = 0;
  /** Nodes of the tree of seeds. */
  #pivots = 0;
  /** Stands in for chooseScale and pruneScale where it is set. */
  scale: number | undefined;
  /** Rows that the tree of seeds was made for. */
  seeded = 0;

  constructor(space: Space, rows: RowStore, bench: Workbench, options: GraphOptions) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.options = options;
    space.set({ ...this.sizes(0), graph: GRAPH_BYTES, batch: BATCH_BYTES });
    space.set({ order: 0, parents: 0, pairs: 0, spare: 0, groups: 0, queue: 0 });
    this.setEntry(NO_ENTRY, NO_ENTRY);
  }

  /** u32 words of a level-0 list. */
  get words0(): number {
    return this.options.capacity + 1;
  }

  get words(): number {
    return this.options.M + 1;
  }

  get upperWords(): number {
    return this.#upperWords;
  }

  /** Nodes of the tree in section "pivots" where searches find their seeds; 0 without one. */
  get pivots(): number {
    return this.#pivots;
  }

  /** Says that the tree of seeds has so many nodes. */
  setPivots(nodes: number): void {
    this.#pivots = nodes;
  }

  /** Most edges of the spanning tree at one row: the rest of its links stay free for nearer rows. */
  get treeLimit(): number {
    return this.options.capacity >> 1;
  }

  get inserted(): number {
    return this.#inserted;
  }

  get entry(): number {
    return this.#space.engine.i32[(this.#space.ptr("graph") >>> 2) + ENTRY]!;
  }

  get maxLevel(): number {
    return this.#space.engine.i32[(this.#space.ptr("graph") >>> 2) + MAX_LEVEL]!;
  }

  setEntry(row: number, level: number): void {
    const at = this.#space.ptr("graph") >>> 2;
    this.#space.engine.i32[at + ENTRY] = row;
    this.#space.engine.i32[at + MAX_LEVEL] = level;
  }

  sizes(capacity: number): Record<string, number> {
    const { flat } = this.options;
    return {
      links0: capacity * this.words0 * 4,
      upperAt: flat ? 0 : capacity * 4,
      levels: capacity,
      upper: this.#upperWords * 4,
      pivots: this.#pivots * PIVOT_BYTES,
    };
  }

  /** Room for a search. */
  room({ k, ef }: Plan): WorkNeeds {
    const visited = Math.max(this.#rows.capacity, this.#rows.rows);
    return {
      ...{ pool: ef + 1, sorted: k + 1, pending: this.options.capacity + 8, chosen: 16, visited },
      code: this.#rows.codeBytes + 16,
    };
  }

  /** Refreshes the addresses in the Graph struct; call before tasks and searches (with their plan). Returns its address. */
  prepare(plan?: Plan): number {
    return writeGraph(this.#space, this, this.#rows.rows, plan);
  }

  /** Prepares thread t's scratch for graph work; returns its address. */
  scratch(t: number): number {
    const { name, fields } = graphScorer(this.#space, this.#rows);
    return this.#bench.prepare(t, GRAPH_SCORERS[name], fields);
  }

  /** Draws levels for rows first … end and lays out their (empty) lists. */
  makeLists(first: number, end: number): void {
    const s = this.#space;
    const { M, seed, flat } = this.options;
    s.u32("links0").fill(0, first * this.words0, end * this.words0);
    const levels = s.u8("levels");
    const inserted = this.#inserted;
    this.#inserted += end - first;
    if (flat) return void levels.fill(0, first, end);
    const upperAt = s.u32("upperAt");
    let words = this.#upperWords;
    for (let row = first; row < end; row++) {
      const level = levelOf(seed, inserted + row - first, M);
      levels[row] = level;
      upperAt[row] = words;
      words += level * this.words;
    }
    s.set({ upper: words * 4 });
    s.u32("upper").fill(0, this.#upperWords);
    this.#upperWords = words;
  }

  /**
   * Tasks that link rows first … end, which are in the store, into the graph. With `pause`, the last `pause.rows` of
   * them (drawn by the seed) wait until its tasks are done, which may search for them as for new queries.
   */
  *insert(first: number, end: number, threads: number, pause?: Pause): Tasks<void> {
    const count = end - first;
    if (count === 0) return;
    const ordinal = this.#inserted;
    this.makeLists(first, end);
    const order = permutation(count, createRng(this.options.seed, `order ${ordinal}`));
    yield* this.insertRows(
      order.map((row) => first + row),
      threads,
      { pause },
    );
  }

  /** The same for rows in this order; they have lists. */
  *insertRows(rows: Uint32Array, threads: number, options: InsertOptions = {}): Tasks<void> {
    const count = rows.length;
    const { pause, before = 0, of = count } = options;
    this.#ensureRoom(threads);
    const s = this.#space;
    s.atLeast("order", count * 4);
    s.u32("order").set(rows);
    const held = count - (pause === undefined ? 0 : Math.min(pause.rows, count));
    for (let done = 0; done < count; ) {
      if (done === held && pause !== undefined) yield* pause.tasks(rows.slice(held));
      const size = this.#batchSize(done, done < held ? held : count);
      yield* this.#insertBatch(done, size, { done: before + done, of }, threads);
      done += size;
    }
    s.set({ order: 0 });
  }

  /** Forgets all links and begins anew with that many rows. */
  restart(rows: number): void {
    this.#space.u32("links0").fill(0);
    this.#space.u8("levels").fill(0);
    this.#inserted = rows;
    this.#upperWords = 0;
    this.setEntry(NO_ENTRY, NO_ENTRY);
  }

  /** Tasks that give back the level-0 links which these rows have chosen without asking. */
  *returnLinks(rows: Uint32Array, threads: number): Tasks<void> {
    for (const [done, size] of this.#batches(rows, threads)) {
      yield this.#returnBatch(done, size, rows.length, threads, "link");
    }
  }

  /** Tasks in which these rows, linked already, search for themselves and choose anew; tree links stay. */
  *refine(rows: Uint32Array, threads: number): Tasks<void> {
    const s = this.#space;
    const { efConstruction, capacity } = this.options;
    s.set({ aside: BATCH * this.words0 * 4 });
    this.#bench.ensure(threads, { sorted: efConstruction + capacity + 8, chosen: capacity + 8 });
    for (const [done, size] of this.#batches(rows, threads)) {
      const graph = this.prepare();
      const batch = this.#writeBatch(done, size);
      const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
      const args = [graph, batch, s.ptr("aside")];
      const report = { phase: "refine", done, of: rows.length, adds: 0 };
      yield { fn: "graphRefine", scratch, args, total: size, chunk: 16, ...report };
      s.engine.exports.graphReplace(graph, batch, s.ptr("aside"));
      yield this.#returnBatch(done, size, rows.length, threads, "refine");
    }
    s.set({ aside: 0 });
  }

  /** Places these rows in section "order"; gives start and size of each batch. */
  *#batches(rows: Uint32Array, threads: number): Iterable<[start: number, size: number]> {
    this.#ensureRoom(threads);
    const s = this.#space;
    s.atLeast("order", rows.byteLength);
    s.u32("order").set(rows);
    this.#ensurePairs(BATCH * this.options.capacity);
    for (let done = 0; done < rows.length; done += BATCH) yield [done, Math.min(BATCH, rows.length - done)];
    s.set({ order: 0 });
  }

  #returnBatch(done: number, size: number, of: number, threads: number, phase: string): Task {
    const s = this.#space;
    const graph = this.prepare();
    const batch = this.#writeBatch(done, size);
    const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
    // No parents: the tree stays as it is.
    s.u32("parents").fill(0xffffffff);
    const total = s.engine.exports.graphPlan(scratch[0]!, graph, batch);
    return {
      fn: "graphApply",
      scratch,
      args: [graph, batch],
      total,
      chunk: 128,
      phase,
      done,
      of,
      adds: size,
    };
  }

  /** Members of the next batch: no more than fit the pool of the first one, and the room for back-links. */
  #batchSize(done: number, count: number): number {
    const limit = Math.min(BATCH, this.options.efConstruction, count - done);
    const order = this.#space.u32("order");
    const levels = this.#space.u8("levels");
    let pairs = 0;
    let size = 0;
    while (size < limit) {
      pairs += (levels[order[done + size]!]! + 1) * (this.options.M + 1);
      if (size > 0 && pairs > this.#pairRoom) break;
      size++;
    }
    this.#ensurePairs(pairs);
    return size;
  }

  get #pairRoom(): number {
    return this.#space.bytes("pairs") / 8;
  }

  #ensurePairs(pairs: number): void {
    if (pairs <= this.#pairRoom) return;
    this.#space.set({ pairs: pairs * 8, spare: pairs * 8, groups: (pairs + 1) * 4 });
  }

  #ensureRoom(threads: number): void {
    const { M, capacity, efConstruction } = this.options;
    const merged = BATCH + capacity + 8;
    this.#bench.ensure(threads, {
      pool: efConstruction + 1,
      pending: merged,
      chosen: merged,
      sorted: merged,
      code: this.#rows.codeBytes + 16,
      visited: Math.max(this.#rows.capacity, this.#rows.rows),
    });
    this.#space.atLeast("parents", BATCH * PARENTS * 4);
    this.#ensurePairs((BATCH + BATCH / 4) * (M + 1));
  }

  *#insertBatch(
    from: number,
    size: number,
    { done, of }: { done: number; of: number },
    threads: number,
  ): Tasks<void> {
    const s = this.#space;
    const { exports } = s.engine;
    const graph = this.prepare();
    const batch = this.#writeBatch(from, size);
    const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
    const report = { phase: "link", of };
    let groups = -1;
    let linked = false;
    try {
      yield { fn: "graphChoose", scratch, args: [graph, batch], total: size, chunk: 16, ...report, done };
      groups = exports.graphPlan(scratch[0]!, graph, batch);
      this.#noteChanged(from, size, groups);
      const whole = { ...report, done: done + size, adds: 0 };
      yield { fn: "graphApply", scratch, args: [graph, batch], total: groups, chunk: 128, ...whole };
      exports.graphRaise(graph, batch);
      linked = true;
    } finally {
      if (!linked && !s.engine.disposed) this.#endBatch(from, size, scratch[0]!, groups);
    }
  }

  /** Notes the members of a batch and the rows that take back-links in, which lead its groups of pairs. */
  #noteChanged(from: number, size: number, groups: number): void {
    const { changed } = this;
    if (changed === undefined) return;
    const s = this.#space;
    for (const row of s.u32("order").subarray(from, from + size)) changed.add(row);
    const pairs = s.u32("pairs");
    const starts = s.u32("groups");
    for (let group = 0; group < groups; group++) {
      // The target's 31 bits stand above the source's 17 (wasm/graph/insert.ts).
      const at = 2 * starts[group]!;
      changed.add(((pairs[at + 1]! & 0xffff) << 15) | (pairs[at]! >>> 17));
    }
  }

  /**
   * An abandoned batch is linked in whole or not at all: half a batch would leave rows that others hang on and
   * nothing leads to. Links already made are made again without effect.
   */
  #endBatch(done: number, size: number, scratch: number, groups: number): void {
    const s = this.#space;
    if (groups >= 0) {
      try {
        s.engine.exports.graphApply(scratch, s.ptr("graph"), s.ptr("batch"), 0, groups);
        s.engine.exports.graphRaise(s.ptr("graph"), s.ptr("batch"));
      } catch {
        // The trap that ended the batch has been reported; the index is unusable.
      }
      return;
    }
    for (const row of s.u32("order").subarray(done, done + size)) {
      s.u32("links0")[row * this.words0] = 0;
      const level = s.u8("levels")[row]!;
      for (let l = 0; l < level; l++) s.u32("upper")[s.u32("upperAt")[row]! + l * this.words] = 0;
    }
  }

  #writeBatch(done: number, size: number): number {
    const s = this.#space;
    const ptr = s.ptr("batch");
    const w = s.engine.u32;
    const at = ptr >>> 2;
    w[at] = s.ptr("order") + done * 4;
    w[at + 1] = size;
    w[at + 2] = this.options.efConstruction;
    w[at + 3] = s.ptr("parents");
    w[at + 4] = s.ptr("pairs");
    w[at + 5] = 0;
    w[at + 6] = s.ptr("spare");
    w[at + 7] = s.ptr("groups");
    w[at + 8] = 0;
    return ptr;
  }

  /** Takes over links read from a file. @internal */
  restore(facts: { upperWords: number; inserted: number; entry: number; maxLevel: number }): void {
    this.#upperWords = facts.upperWords;
    this.#inserted = facts.inserted;
    this.setEntry(facts.entry, facts.maxLevel);
  }

  /** Says how many words of upper lists remain after compaction. @internal */
  setUpperWords(words: number): void {
    this.#upperWords = words;
  }
}
