import type { Ptr } from "../exports.ts";

/**
 * Exact search (wasm/exact). `data` is the address of an ExactStore, `scratch` of an ExactScratch
 * (wasm/exact/layout.ts); src/kernels/exact.ts fills both and says in which order to call.
 */
export interface ExactExports {
  /** Bytes of a scratch; up to 2³² and beyond. */
  exactScratchBytes(codeDim: number, rowBytes: number, nq: number, k: number, room: number): number;
  /** Lays out a scratch at a 16-byte aligned address. */
  exactInit(scratch: Ptr, codeDim: number, rowBytes: number, nq: number, k: number, room: number): void;
  /** Encodes the groups of eight rows begin … end−1 of n rows; returns how many rows exceed maxNorm. */
  exactEncode(scratch: Ptr, data: Ptr, n: number, begin: number, end: number): number;
  /** Empties the results and prepares the staged queries. */
  exactBegin(scratch: Ptr, data: Ptr, path: number): void;
  /** Searches rows begin … end−1; 0 when the room of a range search must be emptied first, else 1. */
  exactSearch(scratch: Ptr, data: Ptr, path: number, begin: number, end: number): number;
  /** Adds the results of one scratch to another's, before either is finished. */
  exactMerge(into: Ptr, from: Ptr): void;
  /** Sorts the answers of query q into the scratch's `answers`; returns how many. */
  exactFinish(scratch: Ptr, q: number): number;
}
