import { createRng, permutation } from "../../core/index.ts";
import type { Plan, StructureSearch } from "../plan.ts";
import type { RowStore } from "../rows.ts";
import { graphScorer } from "../scorers.ts";
import type { Space } from "../space.ts";
import { GRAPH_SCORERS } from "../structs.ts";
import type { Tasks } from "../task.ts";
import type { Workbench, WorkNeeds } from "../workbench.ts";
import { levelOf } from "./level.ts";

export interface GraphOptions {
  readonly M: number;
  readonly efConstruction: number;
  readonly seed: number;
}

/** Something to be done when all but some rows are linked. */
export interface Pause {
  /** Rows that wait. */
  readonly rows: number;
  /** What is done then; gets the waiting rows' slots. */
  tasks(slots: Uint32Array): Tasks<void>;
}

/** Rows inserted together. More would see less of each other's surroundings, fewer would keep workers waiting. */
const BATCH = 256;
/** Rows of the links of one row: two times the largest M, and some. */
const PENDING = 512;
const PARENTS = 8;
const GRAPH_BYTES = 64;
const BATCH_BYTES = 64;
const NO_ENTRY = -1;

/** Positions, in words, of fields of the Graph struct (wasm/graph/layout.ts). */
const ROWS = 6;
const ENTRY = 7;
const MAX_LEVEL = 8;

/**
 * The links of an HNSW index in linear memory, and the tasks that insert rows. The result depends on the seed
 * and the order of calls, never on the number of threads: see wasm/graph/insert.ts.
 */
export class HnswGraph implements StructureSearch {
  readonly fn = "graphQuery";
  readonly chunk = 8;
  readonly options: GraphOptions;
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  #upperWords = 0;
  /** Rows ever inserted; the next row's level is drawn from it. */
  #inserted = 0;

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
    return 2 * this.options.M + 1;
  }

  get words(): number {
    return this.options.M + 1;
  }

  get upperWords(): number {
    return this.#upperWords;
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
    return {
      links0: capacity * this.words0 * 4,
      upperAt: capacity * 4,
      levels: capacity,
      upper: this.#upperWords * 4,
    };
  }

  /** Room for a search. */
  room({ k, ef }: Plan): WorkNeeds {
    const visited = Math.max(this.#rows.capacity, this.#rows.rows);
    return {
      ...{ pool: ef + 1, sorted: k + 1, pending: PENDING, chosen: 16, visited },
      code: this.#rows.codeBytes + 16,
    };
  }

  /** Refreshes the addresses in the Graph struct; call before tasks and searches. Returns its address. */
  prepare(): number {
    const s = this.#space;
    const ptr = s.ptr("graph");
    const w = s.engine.u32;
    const at = ptr >>> 2;
    w[at] = s.ptr("links0");
    w[at + 1] = this.words0;
    w[at + 2] = s.ptr("upperAt");
    w[at + 3] = s.ptr("upper");
    w[at + 4] = this.words;
    w[at + 5] = s.ptr("levels");
    w[at + ROWS] = this.#rows.rows;
    w[at + 9] = this.options.M;
    w[at + 10] = this.options.M;
    return ptr;
  }

  /** Prepares thread t's scratch for graph work; returns its address. */
  scratch(t: number): number {
    const { name, fields } = graphScorer(this.#space, this.#rows);
    return this.#bench.prepare(t, GRAPH_SCORERS[name], fields);
  }

  /** Draws levels for rows first … end and lays out their (empty) lists. */
  #makeLists(first: number, end: number): void {
    const s = this.#space;
    const { M, seed } = this.options;
    const levels = s.u8("levels");
    const upperAt = s.u32("upperAt");
    let words = this.#upperWords;
    for (let row = first; row < end; row++) {
      const level = levelOf(seed, this.#inserted + row - first, M);
      levels[row] = level;
      upperAt[row] = words;
      words += level * this.words;
    }
    this.#inserted += end - first;
    s.set({ upper: words * 4 });
    s.u32("upper").fill(0, this.#upperWords);
    s.u32("links0").fill(0, first * this.words0, end * this.words0);
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
    this.#makeLists(first, end);
    this.#ensureRoom(threads);
    const s = this.#space;
    s.atLeast("order", count * 4);
    const order = permutation(count, createRng(this.options.seed, `order ${ordinal}`));
    const dest = s.u32("order");
    for (let i = 0; i < count; i++) dest[i] = first + order[i]!;

    const held = count - (pause === undefined ? 0 : Math.min(pause.rows, count));
    for (let done = 0; done < count; ) {
      if (done === held && pause !== undefined)
        yield* pause.tasks(order.subarray(held).map((row) => first + row));
      const size = this.#batchSize(done, done < held ? held : count);
      yield* this.#insertBatch(done, size, count, threads);
      done += size;
    }
    s.set({ order: 0 });
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
    const { M, efConstruction } = this.options;
    const merged = BATCH + 2 * M + 8;
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

  *#insertBatch(done: number, size: number, count: number, threads: number): Tasks<void> {
    const s = this.#space;
    const { exports } = s.engine;
    const graph = this.prepare();
    const batch = this.#writeBatch(done, size);
    const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
    const report = { phase: "link", of: count };
    let groups = -1;
    let linked = false;
    try {
      yield { fn: "graphChoose", scratch, args: [graph, batch], total: size, chunk: 16, ...report, done };
      groups = exports.graphPlan(scratch[0]!, graph, batch);
      const whole = { ...report, done: done + size, adds: 0 };
      yield { fn: "graphApply", scratch, args: [graph, batch], total: groups, chunk: 128, ...whole };
      exports.graphRaise(graph, batch);
      linked = true;
    } finally {
      if (!linked && !s.engine.disposed) this.#endBatch(done, size, scratch[0]!, groups);
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
