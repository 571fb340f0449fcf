import type { Ptr } from "../exports.ts";

/** Quantized graph (wasm/qg/exports.ts). `blocks` is the address of the Blocks struct of wasm/qg/layout.ts. */
export interface QgExports {
  qgFill(scratch: Ptr, blocks: Ptr, rows: Ptr, begin: number, end: number): void;
  qgQuery(scratch: Ptr, blocks: Ptr, request: Ptr, begin: number, end: number): void;
}
