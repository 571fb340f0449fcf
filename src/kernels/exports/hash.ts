import type { Ptr } from "../exports.ts";

/** XXH64 (wasm/hash.ts). A hash is 8 bytes, little-endian; a seed comes as two unsigned halves. */
export interface HashExports {
  /** Hash of `bytes` bytes at `ptr`. */
  hash64(ptr: Ptr, bytes: number, seedLow: number, seedHigh: number, out: Ptr): void;
  /** Starts a stream in the {@link HASH_STATE_BYTES} bytes at `state` (8-byte aligned for speed only). */
  hashInit(state: Ptr, seedLow: number, seedHigh: number): void;
  hashUpdate(state: Ptr, ptr: Ptr, bytes: number): void;
  /** Hash of everything taken so far; the stream may go on afterwards. */
  hashDigest(state: Ptr, out: Ptr): void;
}

/** Size of the state of a streamed hash. */
export const HASH_STATE_BYTES = 88;
