import type { Engine } from "../../kernels/index.ts";

// The structs of wasm/forest/layout.ts, four bytes a field, in their order.

/** What decides a split. */
export const SPLIT_KINDS = { planes: 0, centralPlanes: 1, bits: 2 } as const;
/** How candidates are ranked first. */
export const RANKS = { l2: 0, l1: 1, bits: 2 } as const;

export const FOREST_BYTES = 80;
export const GROWTH_BYTES = 64;
/** Words of a split: first, second, threshold, scale. */
export const SPLIT_WORDS = 4;
export const OPEN_WORDS = 6;
export const BLOCK_WORDS = 3;

/** Attempts by planes; after them sides are drawn by coins. */
export const PLANE_ATTEMPTS = 3;

export interface ForestFields {
  trees: number;
  covered: number;
  rows: number;
  roots: number;
  splits: number;
  planes: number;
  planeBytes: number;
  leaves: number;
  items: number;
  planeOffsets: number;
  planeInverse: number;
  sameCodes: boolean;
  rank: number;
  codes: number;
  codeBytes: number;
  norms: number;
  heapRoom: number;
}

export function writeForest(engine: Engine, ptr: number, f: ForestFields): void {
  const w = engine.u32;
  const at = ptr >>> 2;
  w[at] = f.trees;
  w[at + 1] = f.covered;
  w[at + 2] = f.rows;
  w[at + 3] = f.roots;
  w[at + 4] = f.splits;
  w[at + 5] = f.planes;
  w[at + 6] = f.planeBytes;
  w[at + 7] = f.leaves;
  w[at + 8] = f.items;
  w[at + 9] = f.planeOffsets;
  engine.f32[at + 10] = f.planeInverse;
  w[at + 11] = f.sameCodes ? 1 : 0;
  w[at + 12] = f.rank;
  w[at + 13] = f.codes;
  w[at + 14] = f.codeBytes;
  w[at + 15] = f.norms;
  w[at + 16] = f.heapRoom;
}

export interface GrowthFields {
  kind: number;
  codes: number;
  codeBytes: number;
  offsets: number;
  step: number;
  items: number;
  sides: number;
  open: number;
  blocks: number;
  splits: number;
  planes: number;
  rounds: number;
  bits: number;
}

export function writeGrowth(engine: Engine, ptr: number, g: GrowthFields): void {
  const w = engine.u32;
  const at = ptr >>> 2;
  w[at] = g.kind;
  w[at + 1] = g.codes;
  w[at + 2] = g.codeBytes;
  w[at + 3] = g.offsets;
  engine.f32[at + 4] = g.step;
  w[at + 5] = g.items;
  w[at + 6] = g.sides;
  w[at + 7] = g.open;
  w[at + 8] = g.blocks;
  w[at + 9] = g.splits;
  w[at + 10] = g.planes;
  w[at + 11] = g.rounds;
  w[at + 12] = g.bits;
}
