import type { Ptr } from "../exports.ts";

/** Codes of rows (wasm/codecs/exports.ts), by the structs of wasm/codecs/layout.ts and train.ts. */
export interface CodecExports {
  pqStart(scratch: Ptr, training: Ptr, begin: number, end: number): void;
  pqRound(scratch: Ptr, training: Ptr, begin: number, end: number): void;
  pqSnap(scratch: Ptr, training: Ptr, begin: number, end: number): void;
  /** Score-aware codes of rows begin … end of a sample, and the codebook of one part (wasm/codecs/anisotropic.ts). */
  scoreEncode(scratch: Ptr, training: Ptr, begin: number, end: number): void;
  scoreUpdate(scratch: Ptr, training: Ptr, part: number, begin: number, end: number): void;
  /** Groups begin … end of four rows of a product (wasm/codecs/product.ts). */
  multiply(scratch: Ptr, product: Ptr, begin: number, end: number): void;
  codecEncode(
    work: Ptr,
    codec: Ptr,
    rows: Ptr,
    stride: number,
    blocks: Ptr,
    blockBytes: number,
    begin: number,
    end: number,
  ): void;
  codecDecode(
    work: Ptr,
    codec: Ptr,
    blocks: Ptr,
    blockBytes: number,
    out: Ptr,
    stride: number,
    begin: number,
    end: number,
  ): void;
  codecRank(
    table: Ptr,
    codec: Ptr,
    query: Ptr,
    blocks: Ptr,
    blockBytes: number,
    n: number,
    ranks: Ptr,
    bounds: number,
  ): void;
}
