import { createRng } from "../../core/index.ts";
import type { Task, Tasks } from "../task.ts";
import {
  BLOCK_WORDS,
  GROWTH_BYTES,
  OPEN_WORDS,
  PLANE_ATTEMPTS,
  SPLIT_KINDS,
  SPLIT_WORDS,
  writeGrowth,
} from "./layout.ts";
import { addLeaf, addSplit, emptyTopology, type Topology, writeTopology } from "./topology.ts";
import type { Trees } from "./trees.ts";

export interface GrowOptions {
  readonly trees: number;
  readonly leafSize: number;
  readonly seed: number;
}

/** Rows drawn for the means of a node, as many as Annoy's; small nodes make do with fewer than they have rows. */
const ROUNDS = 200;
/** A larger share of rows on one side than this is tried again by another plane. */
const UNEVEN = 0.95;
/** A larger share than this, after all planes, is no split. */
const HOPELESS = 0.99;
/** Items whose sides are found in one block. */
const BLOCK = 512;
/** Bytes read in one call. */
const CALL_BYTES = 1 << 21;

/** A node that is to be split. */
interface Open {
  readonly tree: number;
  readonly begin: number;
  readonly end: number;
  readonly split: number;
  attempt: number;
}

/**
 * Tasks that grow all trees over rows 0 … covered, level by level: planes of all open nodes, then the sides of their
 * rows, then their cuts. Every node draws from a stream of its own, so threads share the nodes as they come.
 */
export function* growTrees(
  trees: Trees,
  covered: number,
  options: GrowOptions,
  threads: number,
): Tasks<void> {
  const { space } = trees;
  trees.clear();
  const work = new Growing(trees, covered, options, threads);
  let whole = false;
  try {
    let open = work.plant();
    while (open.length > 0) {
      for (const task of work.level(open)) yield task;
      open = work.harvest(open);
    }
    space.set(NO_ROOM);
    writeTopology(trees, work.topology, covered);
    trees.settle(work.step);
    yield work.whole();
    whole = true;
  } finally {
    if (!space.engine.disposed) {
      space.set(NO_ROOM);
      if (!whole) trees.clear();
      // Growing needs other room than searching does.
      trees.bench.clear();
    }
  }
}

const NO_ROOM = { growth: 0, open: 0, blocks: 0, sides: 0 } as const;

class Growing {
  readonly topology: Topology = emptyTopology();
  readonly #trees: Trees;
  readonly #covered: number;
  readonly #options: GrowOptions;
  readonly #threads: number;
  readonly #seeds: number[];
  #done = 0;

  constructor(trees: Trees, covered: number, options: GrowOptions, threads: number) {
    this.#trees = trees;
    this.#covered = covered;
    this.#options = options;
    this.#threads = threads;
    this.#seeds = Array.from({ length: options.trees }, (_, t) => createRng(options.seed, `tree ${t}`).u32());
  }

  get step(): number {
    return this.#trees.isBits ? 0 : this.#trees.rows.quantizer!.step;
  }

  /** All rows in each tree; returns the roots that are to be split. */
  plant(): Open[] {
    const { space, planeBytes, rows } = this.#trees;
    const n = this.#covered;
    const { trees } = this.#options;
    space.set({
      growth: GROWTH_BYTES,
      items: trees * n * 4,
      sides: trees * n,
      planeOffsets: planeBytes * 4,
    });
    const items = space.u32("items");
    for (let t = 0; t < trees; t++) for (let i = 0; i < n; i++) items[t * n + i] = i;
    if (planeBytes > 0) {
      const offsets = space.f32("planeOffsets");
      offsets.fill(0);
      offsets.set(rows.quantizer!.offsets);
    }
    this.#trees.bench.ensure(this.#threads, { code: 8 * planeBytes + 16 });
    const open: Open[] = [];
    for (let t = 0; t < trees; t++) this.topology.roots.push(this.#add(open, t, t * n, (t + 1) * n));
    return open;
  }

  /** A leaf, or a node to be split; returns the reference. */
  #add(open: Open[], tree: number, begin: number, end: number): number {
    if (end - begin <= this.#options.leafSize) {
      return addLeaf(this.topology, begin, end);
    }
    const split = addSplit(this.topology);
    open.push({ tree, begin, end, split, attempt: 0 });
    return split;
  }

  /** The tasks that split these nodes. */
  *level(open: readonly Open[]): Generator<Task, void, void> {
    const { space, planeBytes, isBits } = this.#trees;
    const splits = this.topology.children.length / 2;
    const blocks = open.reduce((sum, { begin, end }) => sum + Math.ceil((end - begin) / BLOCK), 0);
    space.set({ splits: splits * SPLIT_WORDS * 4, planes: splits * planeBytes });
    space.atLeast("open", open.length * OPEN_WORDS * 4);
    space.atLeast("blocks", blocks * BLOCK_WORDS * 4);
    this.#writeOpen(open);
    const growth = this.#writeGrowth();
    const scratch = Array.from({ length: this.#threads }, (_, t) => this.#trees.scratch(t));
    const of = this.#options.trees * this.#covered;
    const task = { scratch, args: [growth], phase: "trees", done: this.#progress(open), of, adds: 0 };
    const bytes = isBits ? this.#trees.rows.rowBytes : planeBytes;
    const calls = (each: number): number => Math.max(1, Math.floor(CALL_BYTES / each));
    yield { fn: "forestPlanes", total: open.length, chunk: calls(ROUNDS * bytes * 4), ...task };
    yield { fn: "forestSides", total: blocks, chunk: calls(BLOCK * bytes), ...task };
    const rows = Math.ceil(open.reduce((sum, { begin, end }) => sum + end - begin, 0) / open.length);
    yield { fn: "forestCut", total: open.length, chunk: calls(rows * 8), ...task };
  }

  /** Rows that are settled, those of open nodes by how far these have come from all rows to a leaf; never less than before. */
  #progress(open: readonly Open[]): number {
    const { trees, leafSize } = this.#options;
    const n = this.#covered;
    const far = Math.log(n / leafSize);
    let rest = 0;
    for (const { begin, end } of open) rest += ((end - begin) * Math.log((end - begin) / leafSize)) / far;
    this.#done = Math.max(this.#done, Math.min(trees * n, Math.floor(trees * n - rest)));
    return this.#done;
  }

  /** Says that all is done. */
  whole(): Task {
    const of = this.#options.trees * this.#covered;
    return { fn: "forestCut", scratch: [], args: [], total: 0, chunk: 1, phase: "trees", done: of, of };
  }

  #writeOpen(open: readonly Open[]): void {
    const { space } = this.#trees;
    const nodes = space.u32("open");
    const blocks = space.u32("blocks");
    let at = 0;
    open.forEach(({ tree, begin, end, split, attempt }, i) => {
      nodes.set([begin, end, split, this.#seeds[tree]!, attempt, begin], i * OPEN_WORDS);
      for (let from = begin; from < end; from += BLOCK, at += BLOCK_WORDS) {
        blocks[at] = i;
        blocks[at + 1] = from;
        blocks[at + 2] = Math.min(from + BLOCK, end);
      }
    });
  }

  #writeGrowth(): number {
    const { space, rows, splitKind } = this.#trees;
    const bits = splitKind === SPLIT_KINDS.bits;
    const ptr = space.ptr("growth");
    writeGrowth(space.engine, ptr, {
      kind: splitKind,
      codes: space.ptr(bits ? "vectors" : "codes"),
      codeBytes: bits ? rows.rowBytes : rows.codeBytes,
      offsets: space.ptr("planeOffsets"),
      step: this.step,
      items: space.ptr("items"),
      sides: space.ptr("sides"),
      open: space.ptr("open"),
      blocks: space.ptr("blocks"),
      splits: space.ptr("splits"),
      planes: space.ptr("planes"),
      rounds: ROUNDS,
      bits: rows.options.dimension,
    });
    return ptr;
  }

  /** Reads where nodes were cut; returns those that are to be split next. */
  harvest(open: readonly Open[]): Open[] {
    const nodes = this.#trees.space.u32("open").slice(0, open.length * OPEN_WORDS);
    const next: Open[] = [];
    open.forEach((node, i) => {
      const middle = nodes[i * OPEN_WORDS + 5]!;
      const { tree, begin, end, split, attempt } = node;
      const share = Math.max(middle - begin, end - middle) / (end - begin);
      const last = attempt >= PLANE_ATTEMPTS - 1;
      if (share >= UNEVEN && (!last || share > HOPELESS)) {
        next.push({ ...node, attempt: attempt + 1 });
        return;
      }
      this.topology.children[2 * split] = this.#add(next, tree, begin, middle);
      this.topology.children[2 * split + 1] = this.#add(next, tree, middle, end);
    });
    return next;
  }
}
