import type { Ptr } from "../exports.ts";

/** Exact trees (wasm/trees/exports.ts). Pointers are to the structs of wasm/trees/{layout,kdlayout}.ts. */
export interface TreeExports {
  growPieces(scratch: Ptr, build: Ptr, begin: number, end: number): void;
  splitRange(scratch: Ptr, build: Ptr, begin: number, end: number, depth: number): number;
  kdFill(scratch: Ptr, tree: Ptr, begin: number, end: number): void;
  kdUnite(tree: Ptr): void;
  kdQuery(scratch: Ptr, tree: Ptr, request: Ptr, begin: number, end: number): void;
  arrangeQueries(
    queries: Ptr,
    stride: number,
    n: number,
    axes: number,
    grid: Ptr,
    order: Ptr,
    counts: Ptr,
  ): void;
  kdWithin(scratch: Ptr, tree: Ptr, request: Ptr, within: Ptr, begin: number, end: number): void;
}
