import type { Plan } from "../../plan.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { RowStore } from "../../rows.ts";
import { scanScorer } from "../../scorers.ts";
import type { Space } from "../../space.ts";
import { SCAN_SCORERS } from "../../structs.ts";
import type { Workbench, WorkNeeds } from "../../workbench.ts";
import type { WithinSearch } from "../within.ts";
import { looseness, strictScale } from "./margin.ts";

/** Bytes of the Ball struct (wasm/trees/ballLayout.ts). */
const BALL_BYTES = 32;
/** Begin, end, radius and an unused word in front of a node's centre. */
const HEAD_BYTES = 16;

/**
 * The balls of a tree in linear memory: a complete binary tree, level by level, whose leaves are ranges of slots.
 */
export class Balls implements WithinSearch {
  readonly fn = "ballQuery";
  readonly withinFn = "ballWithin";
  readonly chunk = 64;
  /** Levels of inner nodes; there are 2^levels leaves. −1 while there is no tree. */
  levels = -1;
  /** Rows in the tree. */
  covered = 0;
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  readonly #looseness: number;

  constructor(space: Space, rows: RowStore, bench: Workbench) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.#looseness = looseness(rows);
    space.set({ ballTree: BALL_BYTES, ballDensity: 0, ballNodes: 0, ballPresent: 0 });
  }

  get leaves(): number {
    return this.levels < 0 ? 0 : 2 ** this.levels;
  }

  get nodes(): number {
    return this.levels < 0 ? 0 : 2 ** (this.levels + 1) - 1;
  }

  /** Bytes of a node. */
  get stride(): number {
    return HEAD_BYTES + this.#rows.rowBytes;
  }

  get bytes(): number {
    return this.nodes * this.stride;
  }

  /** Makes room for a tree over `covered` rows with that many levels. */
  shape(levels: number, covered: number): void {
    this.levels = levels;
    this.covered = covered;
    this.#space.set({ ballNodes: this.bytes });
  }

  /** Depth first a stack is as deep as the tree; best first, all leaves may wait. */
  room({ k, ef }: Plan): WorkNeeds {
    const stack = this.stackKeys;
    const pool = ef >= this.leaves ? stack : Math.max(stack, this.leaves + 2);
    return { pool, sorted: k + 1, chosen: 8, code: this.#rows.codeBytes + 16 };
  }

  /** Room for a depth-first search, in keys of 8 bytes: three of four balls wait on every other level, two keys each. */
  get stackKeys(): number {
    return 3 * this.levels + 16;
  }

  prepare(): number {
    const s = this.#space;
    const ptr = s.ptr("ballTree");
    const w = s.engine.u32;
    const at = ptr >>> 2;
    w[at] = s.ptr("ballNodes");
    w[at + 1] = this.stride;
    w[at + 2] = this.leaves - 1;
    w[at + 3] = this.covered;
    w[at + 4] = this.#rows.rows;
    const { squared, shrink } = strictScale(this.#rows);
    w[at + 5] = squared ? 1 : 0;
    s.engine.f32[at + 6] = shrink;
    s.engine.f32[at + 7] = this.#looseness;
    return ptr;
  }

  scratch(t: number): number {
    const { name, fields } = scanScorer(this.#space, this.#rows);
    return this.#bench.prepare(t, SCAN_SCORERS[name], fields);
  }

  /** First slot, end and radius of a node. */
  node(i: number): { begin: number; end: number; radius: number } {
    const at = (this.#space.ptr("ballNodes") + i * this.stride) >>> 2;
    const { u32, f32 } = this.#space.engine;
    return { begin: u32[at]!, end: u32[at + 1]!, radius: f32[at + 2]! };
  }

  /** Rows moved, those of a leaf together, or were dropped: `kept[i]` of the first i rows of the old order are there. */
  moveEnds(kept: Uint32Array): void {
    const { u32 } = this.#space.engine;
    for (let i = 0; i < this.nodes; i++) {
      const at = (this.#space.ptr("ballNodes") + i * this.stride) >>> 2;
      u32[at] = kept[u32[at]!]!;
      u32[at + 1] = kept[u32[at + 1]!]!;
    }
    this.covered = kept[this.covered]!;
  }

  /** Removed rows go; the others keep their order, which {@link NewOrder} says. */
  renumber({ newSlotOfOld, kept }: NewOrder): void {
    const before = new Uint32Array(this.covered + 1);
    for (let slot = 0; slot < this.covered; slot++) {
      before[slot + 1] = before[slot]! + (newSlotOfOld[slot]! < kept ? 1 : 0);
    }
    this.moveEnds(before);
  }
}
