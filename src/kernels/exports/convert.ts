import type { Ptr } from "../exports.ts";

/** Conversion, checks and normalisation of rows (wasm/convert.ts). Counts are elements; no padding needed. */
export interface ConvertExports {
  /** Index of the first NaN or infinity, or −1. */
  checkFiniteF32(ptr: Ptr, count: number): number;
  /** Scales d floats to unit length in place; returns their former length, 0 for a zero vector, which stays. */
  normalizeF32(ptr: Ptr, d: number): number;
  /** normalizeF32 of rows begin … end − 1, `stride` bytes apart; lengths to the f32s at `norms`. For a pool. */
  normalizeRowsF32(
    scratch: Ptr,
    base: Ptr,
    stride: number,
    d: number,
    norms: Ptr,
    begin: number,
    end: number,
  ): void;
  /** IEEE binary16 patterns to float32, exact. */
  halfToF32(src: Ptr, dst: Ptr, count: number): void;
  /** Float64 to float32, to nearest; too large becomes infinite. */
  f64ToF32(src: Ptr, dst: Ptr, count: number): void;
  u8ToF32(src: Ptr, dst: Ptr, count: number): void;
  i8ToF32(src: Ptr, dst: Ptr, count: number): void;
  /** Widens unsigned bytes to i16, as l2sqCodes8 wants its query. */
  u8ToI16(src: Ptr, dst: Ptr, count: number): void;
}
