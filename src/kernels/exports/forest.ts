import type { Ptr } from "../exports.ts";

/** Forests of trees (wasm/forest/exports.ts). Pointers are to the structs of wasm/forest/layout.ts and wasm/graph. */
export interface ForestExports {
  forestQuery(scratch: Ptr, forest: Ptr, request: Ptr, begin: number, end: number): void;
  forestPlanes(scratch: Ptr, growth: Ptr, begin: number, end: number): void;
  forestSides(scratch: Ptr, growth: Ptr, begin: number, end: number): void;
  forestCut(scratch: Ptr, growth: Ptr, begin: number, end: number): void;
}
