import type { Ptr } from "../exports.ts";

/** Loops of flat graphs (wasm/graphs/exports.ts). Pointers are to the structs of wasm/graph/layout.ts and wasm/graphs/join.ts. */
export interface GraphsExports {
  pivotPick(scratch: Ptr, pivots: Ptr, drawn: Ptr, begin: number, end: number): void;
  pivotSplit(scratch: Ptr, pivots: Ptr, rows: Ptr, nodes: Ptr, lanes: Ptr, begin: number, end: number): void;
  descentEmpty(scratch: Ptr, descent: Ptr, begin: number, end: number): void;
  descentLeaves(scratch: Ptr, descent: Ptr, begin: number, end: number): void;
  descentFreeze(scratch: Ptr, descent: Ptr, begin: number, end: number): void;
  descentReverse(descent: Ptr, rows: number, begin: number, end: number): void;
  descentJoin(scratch: Ptr, graph: Ptr, descent: Ptr, begin: number, end: number): void;
  descentStrict(
    scratch: Ptr,
    descent: Ptr,
    kind: number,
    rows: Ptr,
    stride: number,
    bytes: number,
    begin: number,
    end: number,
  ): void;
  graphRefine(scratch: Ptr, graph: Ptr, batch: Ptr, aside: Ptr, begin: number, end: number): void;
  graphReplace(graph: Ptr, batch: Ptr, aside: Ptr): void;
  edgesList(scratch: Ptr, graph: Ptr, descent: Ptr, begin: number, end: number): void;
  edgesSort(scratch: Ptr, edges: Ptr, begin: number, end: number): void;
  edgesAdjust(scratch: Ptr, edges: Ptr, round: number, begin: number, end: number): void;
  edgesLink(scratch: Ptr, graph: Ptr, edges: Ptr, begin: number, end: number): void;
  linkNearest(scratch: Ptr, graph: Ptr, descent: Ptr, begin: number, end: number): void;
}
