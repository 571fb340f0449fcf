import type { Ptr } from "../exports.ts";

/** Graph loops (wasm/graph/exports.ts). Pointers are to the structs of wasm/graph/{layout,query}.ts. */
export interface GraphExports {
  graphQuery(scratch: Ptr, graph: Ptr, request: Ptr, begin: number, end: number): void;
  graphChoose(scratch: Ptr, graph: Ptr, batch: Ptr, begin: number, end: number): void;
  graphApply(scratch: Ptr, graph: Ptr, batch: Ptr, begin: number, end: number): void;
  graphDrop(scratch: Ptr, graph: Ptr, dead: Ptr, begin: number, end: number): void;
  graphTree(scratch: Ptr, graph: Ptr, queue: Ptr, inTree: Ptr, leaveOut: Ptr, ef: number): number;
  graphPlan(scratch: Ptr, graph: Ptr, batch: Ptr): number;
  graphRank(scratch: Ptr, request: Ptr, n: number): void;
  graphRaise(graph: Ptr, batch: Ptr): void;
  graphReach(scratch: Ptr, graph: Ptr, queue: Ptr): number;
}

/** Exact scanning and scalar codes (wasm/scan.ts, wasm/quantize.ts). */
export interface ScanExports {
  scan(scratch: Ptr, request: Ptr, query: number, begin: number, end: number): void;
  scanAnswer(scratch: Ptr, request: Ptr, query: number, spare: Ptr): void;
  scanAll(scratch: Ptr, request: Ptr, rows: number, begin: number, end: number): void;
  encodeRows(
    rows: Ptr,
    stride: number,
    floats: number,
    staged: Ptr,
    offsets: Ptr,
    inverseStep: number,
    levels: number,
    codes: Ptr,
    codeStride: number,
    bytes: number,
    norms: Ptr,
    begin: number,
    end: number,
  ): void;
  measureCodes(codes: Ptr, stride: number, bytes: number, norms: Ptr, begin: number, end: number): number;
  decodeRow(code: Ptr, offsets: Ptr, step: number, floats: number, out: Ptr): void;
}
