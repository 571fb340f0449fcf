import type { Plan } from "../plan.ts";
import type { Space } from "../space.ts";
import type { Tasks } from "../task.ts";
import type { LinkGraph } from "./graph.ts";

export interface GraphOptions {
  /** Links that a new row chooses, and the most of a row on an upper level. */
  readonly M: number;
  /** Most links of a row on level 0; more than M, for a new row finds its parent in the tree a place. */
  readonly capacity: number;
  readonly efConstruction: number;
  readonly seed: number;
  /** All rows stand on level 0 alone. */
  readonly flat: boolean;
  /** Factors of the rule of diversity for a new row's links, and for lists that overflow (wasm/graph/layout.ts). */
  readonly chooseScale: number;
  readonly pruneScale: number;
  /** Links left to a level-0 list that overflowed; all it can hold unless given. */
  readonly pruneTo?: number;
  /** While building, a search for that many rows ends at candidates farther by this factor on ranks (NGT). */
  readonly range?: { readonly k: number; readonly factor: number };
}

/** Something to be done when all but some rows are linked. */
export interface Pause {
  /** Rows that wait. */
  readonly rows: number;
  /** What is done then; gets the waiting rows' slots. */
  tasks(slots: Uint32Array): Tasks<void>;
}

export interface InsertOptions {
  /** The last rows wait for it. */
  readonly pause?: Pause;
  /** For the progress report: rows inserted before these, and of how many in all. */
  readonly before?: number;
  readonly of?: number;
}

export const GRAPH_BYTES = 96;
/** Positions, in words, of fields of the Graph struct that are read back. */
export const ENTRY = 7;
export const MAX_LEVEL = 8;

/** Fills the Graph struct (wasm/graph/layout.ts), all but entry and top level; returns its address. */
export function writeGraph(space: Space, graph: LinkGraph, rows: number, plan: Plan | undefined): number {
  const { options } = graph;
  const ptr = space.ptr("graph");
  const w = space.engine.u32;
  const x = space.engine.f32;
  const at = ptr >>> 2;
  w[at] = space.ptr("links0");
  w[at + 1] = graph.words0;
  w[at + 2] = space.ptr("upperAt");
  w[at + 3] = space.ptr("upper");
  w[at + 4] = graph.words;
  w[at + 5] = space.ptr("levels");
  w[at + 6] = rows;
  w[at + 9] = options.M;
  w[at + 10] = graph.treeLimit;
  w[at + 11] = options.capacity;
  x[at + 12] = graph.scale ?? options.chooseScale;
  x[at + 13] = graph.scale ?? options.pruneScale;
  w[at + 14] = graph.pivots === 0 ? 0 : space.ptr("pivots");
  // The range is that of building; a search has a plan.
  const range = plan === undefined ? options.range : undefined;
  w[at + 15] = range?.k ?? 0;
  x[at + 16] = range?.factor ?? 0;
  w[at + 17] = options.pruneTo ?? options.capacity;
  return ptr;
}
