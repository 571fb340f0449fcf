import type { Ptr } from "../exports.ts";

/** Rows in lists (wasm/lists/exports.ts). Pointers are to the structs of wasm/lists/layout.ts and wasm/graph/query.ts. */
export interface ListsExports {
  listsQuery(scratch: Ptr, lists: Ptr, request: Ptr, begin: number, end: number): void;
  listsTurn(scratch: Ptr, lists: Ptr, rows: Ptr, stride: number, out: Ptr, begin: number, end: number): void;
  listsSpill(
    scratch: Ptr,
    centroids: Ptr,
    rows: Ptr,
    stride: number,
    chosen: Ptr,
    out: Ptr,
    weight: number,
    begin: number,
    end: number,
  ): void;
  listsEncode(work: Ptr, lists: Ptr, coding: Ptr, begin: number, end: number): void;
  listsCopy(lists: Ptr, others: Ptr, from: number, to: number): void;
  listsDecode(lists: Ptr, place: number, out: Ptr): void;
}
