import { createRng } from "../../core/index.ts";
import type { ScalarQuantizer } from "../../quantize/index.ts";
import type { LinkGraph } from "../hnsw/graph.ts";
import type { Plan, StructureSearch } from "../plan.ts";
import { permuteRows } from "../rowMath.ts";
import type { RowStore } from "../rows.ts";
import type { Space } from "../space.ts";
import type { Tasks } from "../task.ts";
import type { Workbench, WorkNeeds } from "../workbench.ts";

const STRUCT_BYTES = 32;
const NONE = 0xffff_ffff;
const HEAD_BYTES = 16;
/** Bit planes of a query, and rounds of the rotation: wasm/qg/layout.ts, wasm/qg/rotate.ts. */
const PLANES = 6;
const ROUNDS = 4;
/** Rows linked together from which all blocks are written anew, as a share of those before. */
const WHOLE_SHARE = 0.25;
/** Blocks written in one call. */
const FILL_ROWS = 32;

/** Components of a rotated vector. */
const turnedOf = (dimension: number): number => Math.ceil(dimension / 64) * 64;

/** Bytes of a block with room for `links` neighbours. */
export function blockBytes(links: number, dimension: number): number {
  return Math.ceil((HEAD_BYTES + links * (12 + turnedOf(dimension) / 8)) / 64) * 64;
}

/**
 * Blocks of a graph's level 0: each row's links with sign codes of the linked rows (wasm/qg/layout.ts), and the search that
 * reads them. They follow the graph: whoever changes its lists says so.
 */
export class NeighborBlocks implements StructureSearch {
  readonly fn = "qgQuery";
  readonly chunk = 8;
  /** Components of a rotated vector. */
  readonly turned: number;
  readonly blockBytes: number;
  readonly #links: number;
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  readonly #graph: LinkGraph;
  /** What rows were coded by when blocks were written. */
  #quantizer: ScalarQuantizer | undefined;
  /** Blocks hold what the graph says. */
  ready = false;

  constructor(space: Space, rows: RowStore, bench: Workbench, graph: LinkGraph, seed: number) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.#graph = graph;
    this.#links = graph.options.capacity;
    this.turned = turnedOf(rows.options.dimension);
    this.blockBytes = blockBytes(this.#links, rows.options.dimension);
    space.set({ blocksAt: STRUCT_BYTES, signs: ROUNDS * this.turned * 4, touched: 0, blocks: 0 });
    const rng = createRng(seed, "rotation");
    const signs = space.f32("signs");
    for (let i = 0; i < signs.length; i++) signs[i] = rng.u32() >>> 31 ? 1 : -1;
  }

  sizes(capacity: number): Record<string, number> {
    return { blocks: capacity * this.blockBytes };
  }

  /** Of a row's links, two words each wait for the row's own rank. */
  room(plan: Plan): WorkNeeds {
    return { ...this.#graph.room(plan), pending: 2 * this.#links + 8, code: this.#codeRoom };
  }

  /** A query's code and its planes, each with what belongs to it, and two rotated vectors with what precedes them. */
  get #codeRoom(): number {
    return this.#rows.codeBytes + 32 + (this.turned / 64) * PLANES * 8 + 2 * this.turned * 4 + 64;
  }

  prepare(): number {
    const s = this.#space;
    const ptr = s.ptr("blocksAt");
    const w = s.engine.u32;
    const at = ptr >>> 2;
    w[at] = this.#graph.prepare();
    w[at + 1] = s.ptr("blocks");
    w[at + 2] = this.blockBytes;
    w[at + 3] = this.#links;
    w[at + 4] = this.turned;
    w[at + 5] = s.ptr("signs");
    const { augment, dimension } = this.#rows.options;
    w[at + 6] = augment ? dimension : NONE;
    return ptr;
  }

  scratch(t: number): number {
    return this.#graph.scratch(t);
  }

  /**
   * Tasks that bring blocks up to date with a graph into which rows first … end were linked; `changed` holds the rows whose
   * lists changed.
   */
  *update(first: number, end: number, changed: ReadonlySet<number>, threads: number): Tasks<void> {
    const { quantizer } = this.#rows;
    const whole = this.isStale || end - first > first * WHOLE_SHARE;
    this.#bench.ensure(threads, { code: this.#codeRoom });
    const listed = Uint32Array.from(whole ? [] : changed).sort();
    this.#space.set({ touched: listed.length * 4 });
    this.#space.u32("touched").set(listed);
    const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
    const total = whole ? end : listed.length;
    const args = [this.prepare(), whole ? 0 : this.#space.ptr("touched")];
    yield { fn: "qgFill", scratch, args, total, chunk: FILL_ROWS, phase: "pack", done: 0, of: total };
    this.#space.set({ touched: 0 });
    this.#quantizer = quantizer;
    this.ready = true;
  }

  /** The same at once, for lists changed otherwise: of the rows listed, or of all. */
  refill(changed?: ReadonlySet<number>): void {
    const s = this.#space;
    const listed = Uint32Array.from(changed ?? []).sort();
    this.#bench.ensure(1, { code: this.#codeRoom });
    s.set({ touched: listed.length * 4 });
    s.u32("touched").set(listed);
    const total = changed === undefined ? this.#rows.rows : listed.length;
    const scratch = this.scratch(0);
    const struct = this.prepare();
    for (let from = 0; from < total; from += FILL_ROWS) {
      const rows = changed === undefined ? 0 : s.ptr("touched");
      s.engine.exports.qgFill(scratch, struct, rows, from, Math.min(total, from + FILL_ROWS));
    }
    s.set({ touched: 0 });
    this.#bench.clear();
    this.#quantizer = this.#rows.quantizer;
  }

  /** What rows are coded by has changed since blocks were written. */
  get isStale(): boolean {
    return this.#quantizer !== this.#rows.quantizer;
  }

  /** Moves blocks with their rows, and gives linked rows their new numbers. */
  permute(newSlotOfOld: Uint32Array, kept: number): void {
    const s = this.#space;
    const words = this.blockBytes / 4;
    const blocks = s.u32("blocks");
    for (let row = 0; row < newSlotOfOld.length; row++) {
      const ids = row * words + HEAD_BYTES / 4;
      const links = blocks[row * words]!;
      for (let i = ids; i < ids + links; i++) blocks[i] = newSlotOfOld[blocks[i]!]!;
    }
    permuteRows(s.u8("blocks"), this.blockBytes, newSlotOfOld, kept);
  }

  /** Takes over blocks read from a file. Returns what is wrong with them, if something is. @internal */
  restore(ready: boolean): string | undefined {
    if (!ready) return undefined;
    const blocks = this.#space.u32("blocks");
    const lists = this.#space.u32("links0");
    const words = this.blockBytes / 4;
    const { words0 } = this.#graph;
    for (let row = 0; row < this.#rows.rows; row++) {
      const links = lists[row * words0]! & 0xffff;
      if (blocks[row * words] !== links) return `blocks hold the graph's links (row ${row})`;
      for (let i = 0; i < links; i++) {
        if (blocks[row * words + HEAD_BYTES / 4 + i] !== lists[row * words0 + 1 + i]) {
          return `blocks hold the graph's links (row ${row})`;
        }
      }
    }
    this.#quantizer = this.#rows.quantizer;
    this.ready = true;
    return undefined;
  }
}
