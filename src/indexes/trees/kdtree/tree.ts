import type { Plan } from "../../plan.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { RowStore } from "../../rows.ts";
import type { Space } from "../../space.ts";
import type { Tasks } from "../../task.ts";
import type { Workbench, WorkNeeds } from "../../workbench.ts";
import { ALL_LEAVES } from "../leaves.ts";
import { childOf, NO_NODE, NODE_WORDS, type Split, TreeTopology } from "../topology.ts";
import type { WithinSearch } from "../within.ts";

export interface KdTreeShape {
  readonly leafSize: number;
  readonly split: Split;
}

const STRUCT_BYTES = 96;
/** Cells of the grid that sorts queries (wasm/trees/arrange.ts). */
const CELLS = 4096;
/** Fewer queries than this are not sorted, nor those of a tree whose nodes take fewer bytes. */
const SORTED_QUERIES = 256;
const SORTED_BYTES = 1 << 16;
const LEAF = 0x8000_0000;
/** Metrics by their numbers in wasm/trees/kdlayout.ts. */
const METRICS: Readonly<Record<string, number>> = { l2: 0, l2sq: 0, cosine: 0, l1: 1, linf: 2, minkowski: 3 };
/** Most components for which leaves are kept once more, component by component. */
const BLOCK_WIDTH = 8;

/** A kd-tree in linear memory: its topology, boxes and blocks of leaves, and the search through them. */
export class KdTree implements WithinSearch {
  readonly fn = "kdQuery";
  readonly withinFn = "kdWithin";
  readonly topology: TreeTopology;
  readonly shape: KdTreeShape;
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  /** Blocks of four rows in all leaves. */
  #blocks = 0;
  #levels = 0;
  #leaves = 0;
  #covered = 0;
  /** Rows are not in leaf order yet. */
  #unordered = false;

  constructor(space: Space, rows: RowStore, bench: Workbench, shape: KdTreeShape) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.shape = shape;
    this.topology = new TreeTopology(space, rows, bench);
    space.set({ kdTree: STRUCT_BYTES, kdGrid: 0, kdOrder: 0, kdNodes: 0, kdBlocks: 0 });
  }

  /** Components of a box, and of a row in a block. */
  get width(): number {
    const { dimension } = this.#rows.options;
    const isL2 = METRICS[this.#rows.options.metric] === 0;
    return isL2 && dimension <= 3 ? Math.max(2, dimension) : this.#rows.rowBytes / 4;
  }

  get #hasBlocks(): boolean {
    return METRICS[this.#rows.options.metric] === 0 && this.width <= BLOCK_WIDTH;
  }

  get #nodeBytes(): number {
    return NODE_WORDS * 4 + 32 * this.width;
  }

  get leaves(): number {
    return this.#leaves;
  }

  get levels(): number {
    return this.#levels;
  }

  /** Bytes of the sections. */
  sizes(): Record<string, number> {
    return {
      treeNodes: this.topology.bytes,
      kdNodes: this.topology.count * this.#nodeBytes,
      kdBlocks: this.#hasBlocks ? this.#blocks * this.width * 16 : 0,
    };
  }

  /** Queries of one call: about a millisecond of work where the tree serves, one where every leaf is looked into. */
  get chunk(): number {
    const { dimension } = this.#rows.options;
    return dimension <= 3 ? 256 : dimension <= 8 ? 32 : dimension <= 16 ? 4 : 1;
  }

  room({ k, ef }: Plan): WorkNeeds {
    const pool = ef === ALL_LEAVES ? 3 * this.#levels + 8 : 4 * this.topology.count + 8;
    return { pool, sorted: k + 1, code: 24 * this.width + 32 };
  }

  prepare(plan: Plan): number {
    return this.#write(plan.ef);
  }

  scratch(t: number): number {
    return this.topology.scratch(t);
  }

  get waveBytes(): number {
    return this.#sorts(SORTED_QUERIES) ? 1 << 20 : 1 << 18;
  }

  /** Whether so many queries gain from being sorted: not those of a tree that is in the nearest cache as a whole. */
  #sorts(queries: number): boolean {
    return queries >= SORTED_QUERIES && this.topology.count * this.#nodeBytes > SORTED_BYTES;
  }

  reserve(queries: number): void {
    if (!this.#sorts(queries)) return;
    this.#space.atLeast("kdGrid", 3 * 12 + (CELLS + 1) * 4);
    this.#space.atLeast("kdOrder", queries * 8);
  }

  /** Queries near each other are answered one after another. */
  arrange(queries: number, n: number): void {
    const space = this.#space;
    const sorts = this.#sorts(n);
    space.engine.u32[(space.ptr("kdTree") >>> 2) + 15] = sorts ? space.ptr("kdOrder") : 0;
    if (!sorts) return;
    const grid = space.ptr("kdGrid");
    const axes = this.#writeGrid();
    const { exports } = space.engine;
    const { queryStride } = this.#rows;
    exports.arrangeQueries(queries, queryStride, n, axes, grid, space.ptr("kdOrder"), grid + 3 * 12);
  }

  /** Writes the grid over the widest sides of all rows; returns how many axes it has. */
  #writeGrid(): number {
    const space = this.#space;
    const nodes = space.f32("kdNodes");
    const sides = [];
    for (let j = 0; j < this.width; j++) {
      const lows = nodes.subarray(NODE_WORDS + 4 * j, NODE_WORDS + 4 * j + 4);
      const highs = nodes.subarray(NODE_WORDS + 4 * (this.width + j), NODE_WORDS + 4 * (this.width + j) + 4);
      const low = lows.reduce((a, b) => (b < a ? b : a));
      sides.push({ j, low, length: highs.reduce((a, b) => (b > a ? b : a)) - low });
    }
    sides.sort((a, b) => b.length - a.length || a.j - b.j);
    const axes = Math.min(3, this.width);
    const at = space.ptr("kdGrid") >>> 2;
    for (let a = 0; a < axes; a++) {
      const { j, low, length } = sides[a]!;
      space.engine.u32[at + 3 * a] = 4 * j;
      space.engine.f32[at + 3 * a + 1] = low;
      space.engine.f32[at + 3 * a + 2] = 2 ** (12 / axes) / length;
    }
    return axes;
  }

  #write(maxLeaves: number): number {
    const space = this.#space;
    const { options, rowBytes } = this.#rows;
    const ptr = space.ptr("kdTree");
    const w = space.engine.u32;
    const at = ptr >>> 2;
    w[at] = space.ptr("treeNodes");
    w[at + 1] = space.ptr("kdNodes");
    w[at + 2] = this.#nodeBytes;
    w[at + 3] = this.topology.count;
    w[at + 4] = this.width;
    w[at + 5] = this.#hasBlocks ? space.ptr("kdBlocks") : 0;
    w[at + 6] = this.#unordered ? space.ptr("treePerm") : 0;
    w[at + 7] = this.#covered;
    w[at + 8] = this.#rows.rows;
    w[at + 9] = METRICS[options.metric]!;
    // Each of the sums that a bound and a rank are made of rounds by 2^-24 of what it adds up to.
    space.engine.f32[at + 10] = 1 - (this.width + 32) * 2 ** -23;
    w[at + 11] = maxLeaves;
    w[at + 12] = space.ptr("vectors");
    w[at + 13] = rowBytes;
    w[at + 14] = options.metric === "minkowski" ? space.ptr("metric") : 0;
    w[at + 15] = 0;
    return ptr;
  }

  /** Tasks that make the tree of rows 0 … end, which are in leaf order once {@link takeOrder} has been heeded. */
  *build(end: number, threads: number): Tasks<void> {
    const { leafSize, split } = this.shape;
    this.#unordered = false;
    this.#space.set({ kdNodes: 0, kdBlocks: 0 });
    let whole = false;
    try {
      yield* this.topology.build(end, threads, leafSize, split);
      this.#covered = end;
      this.#unordered = true;
      yield* this.#fillTasks(end, threads);
      whole = true;
    } finally {
      if (!whole && !this.#space.engine.disposed) this.#forget();
    }
    this.#bench.clear();
  }

  *#fillTasks(end: number, threads: number): Tasks<void> {
    const args = [this.#layOut()];
    const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
    const report = { phase: "fill", done: end, of: end, adds: 0 };
    yield { fn: "kdFill", scratch, args, total: this.topology.count, chunk: 64, ...report };
    this.#space.engine.exports.kdUnite(args[0]!);
  }

  /** Gives the room of an abandoned tree back. */
  #forget(): void {
    this.#unordered = false;
    this.#covered = 0;
    this.#blocks = 0;
    this.topology.expect(0);
    this.#space.set({ ...this.sizes(), treePerm: 0, treePieces: 0, treeRough: 0 });
  }

  /** Makes room for nodes and blocks, numbers the blocks; returns the struct. */
  #layOut(): number {
    const space = this.#space;
    const { words, count } = this.topology;
    this.#blocks = 0;
    this.#leaves = 0;
    this.#levels = this.topology.depth();
    const firsts = new Uint32Array(count * 4);
    for (let i = 0; i < count * 4; i++) {
      const [child, begin, end] = childOf(words, i >> 2, i & 3);
      if (child !== NO_NODE) continue;
      firsts[i] = LEAF + this.#blocks;
      this.#blocks += Math.ceil((end - begin) / 4);
      if (end > begin) this.#leaves++;
    }
    space.set(this.sizes());
    const tree = this.#write(ALL_LEAVES);
    const nodes = space.u32("kdNodes");
    const stride = this.#nodeBytes / 4;
    for (let i = 0; i < count * 4; i++) nodes[(i >> 2) * stride + (i & 3)] = firsts[i]!;
    return tree;
  }

  /** Fills nodes and blocks on this thread. */
  #fill(): void {
    this.#bench.ensure(1, {});
    const tree = this.#layOut();
    const { exports } = this.#space.engine;
    exports.kdFill(this.scratch(0), tree, 0, this.topology.count);
    exports.kdUnite(tree);
  }

  /** After {@link build}: the order that brings rows into leaf order, without the removed ones; undefined otherwise. */
  takeOrder(): NewOrder | undefined {
    if (!this.#unordered) return undefined;
    const slots = this.#space.u32("treePerm").slice(0, this.#covered);
    return this.#reorder(slots);
  }

  /** Takes removed rows out; the others keep their order. */
  takeRemoved(): void {
    this.#reorder(Uint32Array.from({ length: this.#covered }, (_, i) => i));
  }

  /** The order in which the listed slots, then all others, follow each other, removed rows last. */
  #reorder(slots: Uint32Array): NewOrder {
    const rows = this.#rows;
    const newSlotOfOld = new Uint32Array(rows.rows);
    const before = new Uint32Array(slots.length + 1);
    const kept: number[] = [];
    let next = 0;
    let last = rows.live;
    for (let position = 0; position < rows.rows; position++) {
      const slot = position < slots.length ? slots[position]! : position;
      const removed = rows.isRemoved(slot);
      newSlotOfOld[slot] = removed ? last++ : next++;
      if (position >= slots.length) continue;
      before[position + 1] = next;
      if (!removed) kept.push(slot);
    }
    if (kept.length < slots.length) {
      this.topology.compress(before);
      this.#covered = kept.length;
      // Rows have not moved yet: boxes and blocks are made from where they stand.
      this.#space.set({ treePerm: kept.length * 4 });
      this.#space.u32("treePerm").set(kept);
      this.#unordered = true;
      if (kept.length > 0) this.#fill();
    }
    this.#unordered = false;
    this.#space.set({ treePerm: 0 });
    return { newSlotOfOld, kept: rows.live };
  }

  /** Takes over the nodes in section "treeNodes" of rows in leaf order. */
  restore(covered: number): void {
    this.#covered = covered;
    this.#unordered = false;
    if (covered > 0) this.#fill();
  }

  get covered(): number {
    return this.#covered;
  }
}
