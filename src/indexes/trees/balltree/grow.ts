import type { RowStore } from "../../rows.ts";
import type { Space } from "../../space.ts";
import type { Task, Tasks } from "../../task.ts";
import type { Workbench } from "../../workbench.ts";
import { looseness, strictScale, strictSlack } from "./margin.ts";
import type { Balls } from "./tree.ts";

const BUILD_BYTES = 64;
/** Balls of no more rows than this are made, with all below them, by one call. */
const WHOLE_ROWS = 4096;
/** About so many bytes of rows are a block of a larger ball. */
const BLOCK_BYTES = 1 << 17;

/** Levels of inner nodes such that no leaf holds more than leafSize rows. */
export function levelsFor(n: number, leafSize: number): number {
  let levels = 0;
  while (Math.ceil(n / 2 ** levels) > leafSize) levels++;
  return levels;
}

/** A level of balls, cut into blocks of rows. */
interface Level {
  readonly first: number;
  readonly nodes: number;
  readonly blocks: number;
}

/**
 * Builds a tree over rows 0 … n, in leaves of at most `leafSize`; {@link leafOrder} tells the order of the rows then.
 * The outcome does not depend on the number of threads: who works on which block leaves no trace.
 */
export class BallGrower {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  readonly #balls: Balls;
  #slack = 0;

  constructor(space: Space, rows: RowStore, bench: Workbench, balls: Balls) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.#balls = balls;
    space.set({ ballBuild: BUILD_BYTES, ballWork: 0, ballBlocks: 0, ballFar: 0, ballSums: 0, ballLevel: 0 });
  }

  *build(n: number, leafSize: number, threads: number): Tasks<void> {
    const balls = this.#balls;
    const levels = levelsFor(n, leafSize);
    balls.shape(levels, n);
    this.#space.set({ ballWork: n * 8 });
    const work = this.#space.u32("ballWork");
    for (let i = 0; i < n; i++) work[2 * i] = i;
    this.#setEnds(0, 0, n);
    this.#slack = strictSlack(this.#rows, this.#largest(n));
    const sums = 8 * this.#rows.options.dimension;
    this.#bench.ensure(threads, { pool: Math.ceil(sums / 8) + 1, sorted: 1, code: 16 });
    let level = 0;
    const phase = "build";
    for (; level < levels && n / 2 ** level > WHOLE_ROWS; level++) {
      const { nodes, blocks } = this.#cut(level);
      for (let step = 0; step < 4; step++) {
        // Of the steps only the last counts as progress: n rows are n · levels units.
        const done = level * n;
        const common = { phase, done, of: (levels + 1) * n };
        yield { ...this.#task("ballBlocks", blocks, step, threads), ...common, adds: 0 };
        yield { ...this.#task("ballNodes", nodes, step, threads), ...common, adds: step === 3 ? n : 0 };
        if (step === 1 && level === levels) break;
      }
    }
    const rest = { done: level * n, of: (levels + 1) * n, adds: (levels + 1 - level) * n };
    this.#first(level);
    yield { ...this.#task("ballGrow", 2 ** level, 0, threads), phase, ...rest };
  }

  /** The largest magnitude of a component, where it matters. */
  #largest(n: number): number {
    if (looseness(this.#rows) === 0) return 0;
    let largest = 0;
    for (const x of this.#space.f32("vectors").subarray(0, (n * this.#rows.rowBytes) / 4)) {
      largest = Math.max(largest, Math.abs(x));
    }
    return largest;
  }

  /** The slots in the order of the leaves. */
  leafOrder(): Uint32Array {
    const { covered } = this.#balls;
    const work = this.#space.u32("ballWork");
    return Uint32Array.from({ length: covered }, (_, i) => work[2 * i]!);
  }

  /** Gives the room for building back. */
  done(): void {
    this.#space.set({ ballWork: 0, ballBlocks: 0, ballFar: 0, ballSums: 0, ballLevel: 0 });
    this.#bench.clear();
  }

  #setEnds(node: number, begin: number, end: number): void {
    const at = (this.#space.ptr("ballNodes") + node * this.#balls.stride) >>> 2;
    this.#space.engine.u32[at] = begin;
    this.#space.engine.u32[at + 1] = end;
  }

  #first(level: number): number {
    const first = 2 ** level - 1;
    this.#space.engine.u32[(this.#space.ptr("ballBuild") >>> 2) + 12] = first;
    return first;
  }

  /** Cuts the balls of a level into blocks. */
  #cut(level: number): Level {
    const space = this.#space;
    const { rowBytes, options } = this.#rows;
    const first = this.#first(level);
    const nodes = 2 ** level;
    const size = Math.max(256, Math.floor(BLOCK_BYTES / rowBytes));
    const list: number[] = [];
    const table: number[] = [];
    for (let node = first; node < first + nodes; node++) {
      const { begin, end } = this.#balls.node(node);
      table.push(list.length / 4);
      for (let from = begin; from < end; from += size) list.push(node, from, Math.min(from + size, end), 0);
      table.push(list.length / 4, 0, 0);
    }
    const blocks = list.length / 4;
    space.set({
      ballBlocks: blocks * 16,
      ballFar: blocks * 8,
      ballSums: blocks * options.dimension * 8,
      ballLevel: nodes * 16,
    });
    space.u32("ballBlocks").set(list);
    space.u32("ballLevel").set(table);
    return { first, nodes, blocks };
  }

  #task(fn: Task["fn"], total: number, phase: number, threads: number): Omit<Task, "phase" | "done" | "of"> {
    const scratch = Array.from({ length: threads }, (_, t) => this.#balls.scratch(t));
    return { fn, scratch, args: [this.#prepare(phase)], total, chunk: 1 };
  }

  #prepare(phase: number): number {
    const s = this.#space;
    const { dimension, dtype, metric } = this.#rows.options;
    const tree = this.#balls.prepare();
    const ptr = s.ptr("ballBuild");
    const w = s.engine.u32;
    const at = ptr >>> 2;
    const { grow } = strictScale(this.#rows);
    w[at] = tree;
    w[at + 1] = s.ptr("ballWork");
    w[at + 2] = s.ptr("vectors");
    w[at + 3] = this.#rows.rowBytes;
    w[at + 4] = dimension;
    w[at + 5] = metric === "haversine" ? 3 : dtype === "f32" ? 0 : dtype === "bits" ? 2 : 1;
    s.engine.f32[at + 6] = grow;
    s.engine.f32[at + 7] = this.#slack;
    w[at + 8] = s.ptr("ballBlocks");
    w[at + 9] = s.ptr("ballFar");
    w[at + 10] = s.ptr("ballSums");
    w[at + 11] = s.ptr("ballLevel");
    w[at + 13] = phase;
    return ptr;
  }
}
