import type { Ptr } from "../exports.ts";

/**
 * Distance of the rows at a and b, `bytes` long: padded with zeros to a multiple of 16 bytes. Float kernels
 * return a float, kernels over bytes, bits and codes a whole number; `dot` is the plain product.
 */
export type PairKernel = (a: Ptr, b: Ptr, bytes: number) => number;

/**
 * Distances of the query to n rows, `stride` bytes apart from `base`, into out: n × f32 for float rows,
 * n × i32 for the others.
 */
export type ManyKernel = (q: Ptr, base: Ptr, stride: number, n: number, bytes: number, out: Ptr) => void;

/** Like {@link ManyKernel} for the rows whose numbers are the n × u32 at `ids`, four at a time where exact. */
export type GatherKernel = (
  q: Ptr,
  base: Ptr,
  stride: number,
  ids: Ptr,
  n: number,
  bytes: number,
  out: Ptr,
) => void;

/**
 * Distances (wasm/vectors.ts). `…F32` kernels give the same bits on every machine, in the order of summation
 * that reference.ts spells out; `…F32Fast` may differ in last bits between builds. Byte rows may have at
 * most {@link MAX_BYTE_DIMENSION} components.
 *
 * `dotCodes7` multiplies signed bytes at its first argument with codes 0 … 127; `l2sqCodes8` takes the query
 * as i16 (twice `bytes` long, see u8ToI16) and rows of unsigned codes.
 */
export interface VectorExports {
  l2sqF32: PairKernel;
  dotF32: PairKernel;
  l1F32: PairKernel;
  linfF32: PairKernel;
  l2sqF32Fast: PairKernel;
  dotF32Fast: PairKernel;
  manyL2sqF32: ManyKernel;
  manyDotF32: ManyKernel;
  manyL1F32: ManyKernel;
  manyLinfF32: ManyKernel;
  gatherL2sqF32: GatherKernel;
  gatherDotF32: GatherKernel;
  gatherL1F32: GatherKernel;
  gatherLinfF32: GatherKernel;
  gatherL2sqF32Fast: GatherKernel;
  gatherDotF32Fast: GatherKernel;
  gatherL1F32Fast: GatherKernel;
  l2sqU8: PairKernel;
  manyL2sqU8: ManyKernel;
  gatherL2sqU8: GatherKernel;
  dotU8: PairKernel;
  manyDotU8: ManyKernel;
  gatherDotU8: GatherKernel;
  l1U8: PairKernel;
  manyL1U8: ManyKernel;
  gatherL1U8: GatherKernel;
  linfU8: PairKernel;
  manyLinfU8: ManyKernel;
  gatherLinfU8: GatherKernel;
  l2sqI8: PairKernel;
  manyL2sqI8: ManyKernel;
  gatherL2sqI8: GatherKernel;
  dotI8: PairKernel;
  manyDotI8: ManyKernel;
  gatherDotI8: GatherKernel;
  l1I8: PairKernel;
  manyL1I8: ManyKernel;
  gatherL1I8: GatherKernel;
  linfI8: PairKernel;
  manyLinfI8: ManyKernel;
  gatherLinfI8: GatherKernel;
  hammingBits: PairKernel;
  manyHammingBits: ManyKernel;
  gatherHammingBits: GatherKernel;
  dotCodes7: PairKernel;
  manyDotCodes7: ManyKernel;
  gatherDotCodes7: GatherKernel;
  l2sqCodes8: PairKernel;
  manyL2sqCodes8: ManyKernel;
  gatherL2sqCodes8: GatherKernel;
}

/** Rows of bytes may have this many components: beyond, a squared distance may not fit 32 bits. */
export const MAX_BYTE_DIMENSION = 33025;
