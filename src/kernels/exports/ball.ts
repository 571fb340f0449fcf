import type { Ptr } from "../exports.ts";

/** Ball trees (wasm/trees/ballExports.ts). Pointers are to the structs of wasm/trees/{ballLayout,ballBuild}.ts. */
export interface BallExports {
  ballQuery(scratch: Ptr, tree: Ptr, request: Ptr, begin: number, end: number): void;
  ballWithin(scratch: Ptr, tree: Ptr, request: Ptr, within: Ptr, begin: number, end: number): void;
  ballAll(scratch: Ptr, tree: Ptr, request: Ptr, first: number, begin: number, end: number): void;
  ballDensity(scratch: Ptr, tree: Ptr, density: Ptr, begin: number, end: number): void;
  ballBlocks(scratch: Ptr, build: Ptr, begin: number, end: number): void;
  ballNodes(scratch: Ptr, build: Ptr, begin: number, end: number): void;
  ballGrow(scratch: Ptr, build: Ptr, begin: number, end: number): void;
}
