import type { Plan, StructureSearch } from "../plan.ts";
import type { RowStore } from "../rows.ts";
import { scanScorer } from "../scorers.ts";
import type { SavedSection } from "../snapshot.ts";
import type { Space } from "../space.ts";
import { SCAN_SCORERS } from "../structs.ts";
import type { Workbench, WorkNeeds } from "../workbench.ts";
import { FOREST_BYTES, RANKS, SPLIT_KINDS, SPLIT_WORDS, writeForest } from "./layout.ts";

/** How many there are of what. */
export interface TreeCounts {
  readonly trees: number;
  readonly covered: number;
  readonly splits: number;
  readonly leaves: number;
}

const NONE: TreeCounts = { trees: 0, covered: 0, splits: 0, leaves: 0 };
/** Rows of the tail that are ranked together, and those that pad a group of four. */
const LEAST_PENDING = 72;

export const TREE_SECTIONS: readonly SavedSection[] = [
  ["roots", "u32"],
  ["splits", "u32"],
  ["planes", "u8"],
  ["leaves", "u32"],
  ["items", "u32"],
  ["planeOffsets", "f32"],
];

/**
 * Trees in linear memory. Splits and leaves are numbered in the order in which a walk meets them, first sides first,
 * tree after tree; so leaf l is the rows items[leaves[l]] … items[leaves[l + 1]), and tree t's rows are items
 * t·covered … (t + 1)·covered.
 */
export class Trees implements StructureSearch {
  readonly fn = "forestQuery";
  readonly chunk = 8;
  readonly space: Space;
  readonly rows: RowStore;
  readonly bench: Workbench;
  #counts: TreeCounts = NONE;
  #step = 0;
  #largestLeaf = 0;

  constructor(space: Space, rows: RowStore, bench: Workbench) {
    this.space = space;
    this.rows = rows;
    this.bench = bench;
    space.set({ forest: FOREST_BYTES, ...this.sizes() });
  }

  get counts(): TreeCounts {
    return this.#counts;
  }

  /** Rows of the largest leaf. */
  get largestLeaf(): number {
    return this.#largestLeaf;
  }

  /** The step of the codes that planes are told in; 0 with bits. */
  get step(): number {
    return this.#step;
  }

  get isBits(): boolean {
    return this.rows.options.dtype === "bits";
  }

  /** Bytes of a split's normal. */
  get planeBytes(): number {
    return this.rows.codeBytes;
  }

  get splitKind(): number {
    if (this.isBits) return SPLIT_KINDS.bits;
    const central = this.rows.options.metric === "cosine" || this.rows.options.metric === "ip";
    return central ? SPLIT_KINDS.centralPlanes : SPLIT_KINDS.planes;
  }

  sizes(): Record<string, number> {
    const { trees, covered, splits, leaves } = this.#counts;
    return {
      roots: trees * 4,
      splits: splits * SPLIT_WORDS * 4,
      planes: splits * this.planeBytes,
      leaves: trees === 0 ? 0 : (leaves + 1) * 4,
      items: trees * covered * 4,
      planeOffsets: trees === 0 ? 0 : this.planeBytes * 4,
    };
  }

  /** Gives the room of all trees back. */
  clear(): void {
    this.expect(NONE);
    this.#step = 0;
    this.#largestLeaf = 0;
    this.space.set(this.sizes());
  }

  /** Says how many there will be of what, before sections are laid out. */
  expect(counts: TreeCounts): void {
    this.#counts = counts.covered === 0 ? NONE : counts;
  }

  /** Takes over what the sections hold. */
  settle(step: number): void {
    this.#step = step;
    this.measure();
  }

  /** Finds the largest leaf anew. */
  measure(): void {
    const leaves = this.space.u32("leaves");
    let largest = 0;
    for (let l = 0; l < this.#counts.leaves; l++) largest = Math.max(largest, leaves[l + 1]! - leaves[l]!);
    this.#largestLeaf = largest;
  }

  get #heapRoom(): number {
    return this.#counts.trees + this.#counts.splits + 2;
  }

  room({ k, ef, rerank }: Plan): WorkNeeds {
    const rows = this.rows.rows;
    return {
      pool: this.#heapRoom + rerank + 1,
      pending: Math.max(LEAST_PENDING, Math.min(ef + this.#largestLeaf, rows) + 4, rerank + 4),
      sorted: k + 1,
      code: 2 * this.planeBytes + 16,
      visited: Math.max(this.rows.capacity, rows),
    };
  }

  /** Whether the rows' codes are still those that planes are told in. */
  get #sameCodes(): boolean {
    const { quantizer } = this.rows;
    if (quantizer === undefined || quantizer.step !== this.#step) return false;
    const offsets = this.space.f32("planeOffsets");
    return quantizer.offsets.every((offset, j) => offset === offsets[j]);
  }

  prepare(): number {
    const { space, rows } = this;
    const ptr = space.ptr("forest");
    const rank = this.isBits ? "bits" : rows.options.metric === "l1" ? "l1" : "l2";
    writeForest(space.engine, ptr, {
      trees: this.#counts.trees,
      covered: this.#counts.covered,
      rows: rows.rows,
      roots: space.ptr("roots"),
      splits: space.ptr("splits"),
      planes: space.ptr("planes"),
      planeBytes: this.planeBytes,
      leaves: space.ptr("leaves"),
      items: space.ptr("items"),
      planeOffsets: space.ptr("planeOffsets"),
      planeInverse: this.#step > 0 ? 1 / this.#step : 0,
      sameCodes: this.#sameCodes,
      rank: RANKS[rank],
      codes: space.ptr("codes"),
      codeBytes: rows.codeBytes,
      norms: space.ptr("norms"),
      heapRoom: this.#heapRoom,
    });
    return ptr;
  }

  scratch(t: number): number {
    const { name, fields } = scanScorer(this.space, this.rows);
    return this.bench.prepare(t, SCAN_SCORERS[name], fields);
  }
}
