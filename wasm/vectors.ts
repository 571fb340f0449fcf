// Distances as TypeScript calls them: one pair, one query against n rows at a stride (`many…`), or against
// rows picked by u32 ids (`gather…`). Results go to `out`, n × f32 for float rows, n × i32 for bytes, bits
// and codes; `dot` is the plain product, not negated. `bytes` is the padded length of a row.
import { hammingBits, hammingBitsx4 } from "./kernels/bits";
import * as B from "./kernels/bytes";
import { dotCodes7, dotCodes7x4, l2sqCodes8, l2sqCodes8x4 } from "./kernels/codes";
import * as F from "./kernels/f32";

// Kernels by number, so that loops are written once: constant arguments of inlined functions are folded.
const L2SQ: i32 = 0;
const DOT: i32 = 1;
const L1: i32 = 2;
const LINF: i32 = 3;
const HAMMING: i32 = 4;
const DOT7: i32 = 5;
const L2SQ8: i32 = 6;

// @ts-ignore: decorator
@inline
function floatPair(kind: i32, a: usize, b: usize, bytes: usize): f32 {
  if (kind == L2SQ) return F.l2sqF32(a, b, bytes);
  if (kind == DOT) return F.dotF32(a, b, bytes);
  if (kind == L1) return F.l1F32(a, b, bytes);
  return F.linfF32(a, b, bytes);
}

// @ts-ignore: decorator
@inline
function floatFour(kind: i32, q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  if (kind == L2SQ) return F.l2sqF32x4(q, b0, b1, b2, b3, bytes);
  if (kind == DOT) return F.dotF32x4(q, b0, b1, b2, b3, bytes);
  if (kind == L1) return F.l1F32x4(q, b0, b1, b2, b3, bytes);
  return F.linfF32x4(q, b0, b1, b2, b3, bytes);
}

// @ts-ignore: decorator
@inline
function intPair<T>(kind: i32, a: usize, b: usize, bytes: usize): i32 {
  if (kind == L2SQ) return B.l2sqBytes<T>(a, b, bytes);
  if (kind == DOT) return B.dotBytes<T>(a, b, bytes);
  if (kind == L1) return B.l1Bytes<T>(a, b, bytes);
  if (kind == LINF) return B.linfBytes<T>(a, b, bytes);
  if (kind == HAMMING) return hammingBits(a, b, bytes);
  if (kind == DOT7) return dotCodes7(a, b, bytes);
  return l2sqCodes8(a, b, bytes);
}

// @ts-ignore: decorator
@inline
function intFour<T>(kind: i32, q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  if (kind == L2SQ) return B.l2sqBytesx4<T>(q, b0, b1, b2, b3, bytes);
  if (kind == DOT) return B.dotBytesx4<T>(q, b0, b1, b2, b3, bytes);
  if (kind == L1) return B.l1Bytesx4<T>(q, b0, b1, b2, b3, bytes);
  if (kind == LINF) return B.linfBytesx4<T>(q, b0, b1, b2, b3, bytes);
  if (kind == HAMMING) return hammingBitsx4(q, b0, b1, b2, b3, bytes);
  if (kind == DOT7) return dotCodes7x4(q, b0, b1, b2, b3, bytes);
  return l2sqCodes8x4(q, b0, b1, b2, b3, bytes);
}

// @ts-ignore: decorator
@inline
function manyFloat(kind: i32, q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  for (const end = out + (<usize>n << 2); out < end; out += 4, base += stride) {
    store<f32>(out, floatPair(kind, q, base, bytes));
  }
}

// @ts-ignore: decorator
@inline
function manyInt<T>(kind: i32, q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  for (const end = out + (<usize>n << 2); out < end; out += 4, base += stride) {
    store<i32>(out, intPair<T>(kind, q, base, bytes));
  }
}

// @ts-ignore: decorator
@inline
function rowAt(base: usize, stride: usize, ids: usize): usize {
  return base + <usize>load<u32>(ids) * stride;
}

/** Strict float distances to picked rows, one row at a time. */
// @ts-ignore: decorator
@inline
function gatherFloat(
  kind: i32,
  q: usize,
  base: usize,
  stride: usize,
  ids: usize,
  n: u32,
  bytes: usize,
  out: usize,
): void {
  for (const end = out + (<usize>n << 2); out < end; out += 4, ids += 4) {
    store<f32>(out, floatPair(kind, q, rowAt(base, stride, ids), bytes));
  }
}

/** `kind` over four rows at once: a float kernel for T = f32, else a kernel of integers. */
// @ts-ignore: decorator
@inline
function four<T>(kind: i32, q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  if (isFloat<T>()) return floatFour(kind, q, b0, b1, b2, b3, bytes);
  else return intFour<T>(kind, q, b0, b1, b2, b3, bytes);
}

/** Distances to picked rows in fours; the last group repeats its last row, so order changes no result. */
// @ts-ignore: decorator
@inline
function gatherFours<T>(
  kind: i32,
  q: usize,
  base: usize,
  stride: usize,
  ids: usize,
  n: u32,
  bytes: usize,
  out: usize,
): void {
  const last = ids + (<usize>n << 2) - 4;
  for (let left = n; left > 0; ids += 16, out += 16) {
    const b0 = rowAt(base, stride, ids);
    const b1 = rowAt(base, stride, min<usize>(ids + 4, last));
    const b2 = rowAt(base, stride, min<usize>(ids + 8, last));
    const b3 = rowAt(base, stride, min<usize>(ids + 12, last));
    const distances = four<T>(kind, q, b0, b1, b2, b3, bytes);
    if (left >= 4) {
      v128.store(out, distances);
      left -= 4;
    } else {
      v128.store32_lane(out, distances, 0);
      if (left > 1) v128.store32_lane(out, distances, 1, 4);
      if (left > 2) v128.store32_lane(out, distances, 2, 8);
      left = 0;
    }
  }
}

// float32, strict: the same bits in both builds
export { dotF32, dotF32Fast, l1F32, l2sqF32, l2sqF32Fast, linfF32 } from "./kernels/f32";

export function manyL2sqF32(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyFloat(L2SQ, q, base, stride, n, bytes, out);
}
export function manyDotF32(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyFloat(DOT, q, base, stride, n, bytes, out);
}
export function manyL1F32(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyFloat(L1, q, base, stride, n, bytes, out);
}
export function manyLinfF32(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyFloat(LINF, q, base, stride, n, bytes, out);
}
export function gatherL2sqF32(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFloat(L2SQ, q, base, stride, ids, n, bytes, out);
}
export function gatherDotF32(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFloat(DOT, q, base, stride, ids, n, bytes, out);
}
export function gatherL1F32(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFloat(L1, q, base, stride, ids, n, bytes, out);
}
export function gatherLinfF32(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<f32>(LINF, q, base, stride, ids, n, bytes, out);
}

// float32 in fours, perhaps fused
export function gatherL2sqF32Fast(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<f32>(L2SQ, q, base, stride, ids, n, bytes, out);
}
export function gatherDotF32Fast(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<f32>(DOT, q, base, stride, ids, n, bytes, out);
}
export function gatherL1F32Fast(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<f32>(L1, q, base, stride, ids, n, bytes, out);
}

// unsigned bytes
export function l2sqU8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<u8>(L2SQ, a, b, bytes);
}
export function manyL2sqU8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(L2SQ, q, base, stride, n, bytes, out);
}
export function gatherL2sqU8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(L2SQ, q, base, stride, ids, n, bytes, out);
}
export function dotU8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<u8>(DOT, a, b, bytes);
}
export function manyDotU8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(DOT, q, base, stride, n, bytes, out);
}
export function gatherDotU8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(DOT, q, base, stride, ids, n, bytes, out);
}
export function l1U8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<u8>(L1, a, b, bytes);
}
export function manyL1U8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(L1, q, base, stride, n, bytes, out);
}
export function gatherL1U8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(L1, q, base, stride, ids, n, bytes, out);
}
export function linfU8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<u8>(LINF, a, b, bytes);
}
export function manyLinfU8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(LINF, q, base, stride, n, bytes, out);
}
export function gatherLinfU8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(LINF, q, base, stride, ids, n, bytes, out);
}

// signed bytes
export function l2sqI8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<i8>(L2SQ, a, b, bytes);
}
export function manyL2sqI8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<i8>(L2SQ, q, base, stride, n, bytes, out);
}
export function gatherL2sqI8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<i8>(L2SQ, q, base, stride, ids, n, bytes, out);
}
export function dotI8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<i8>(DOT, a, b, bytes);
}
export function manyDotI8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<i8>(DOT, q, base, stride, n, bytes, out);
}
export function gatherDotI8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<i8>(DOT, q, base, stride, ids, n, bytes, out);
}
export function l1I8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<i8>(L1, a, b, bytes);
}
export function manyL1I8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<i8>(L1, q, base, stride, n, bytes, out);
}
export function gatherL1I8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<i8>(L1, q, base, stride, ids, n, bytes, out);
}
export function linfI8(a: usize, b: usize, bytes: usize): i32 {
  return intPair<i8>(LINF, a, b, bytes);
}
export function manyLinfI8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<i8>(LINF, q, base, stride, n, bytes, out);
}
export function gatherLinfI8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<i8>(LINF, q, base, stride, ids, n, bytes, out);
}

// packed bits, 7-bit codes against a signed query, 8-bit codes against a query widened to i16
export { hammingBits } from "./kernels/bits";
export { dotCodes7, l2sqCodes8 } from "./kernels/codes";

export function manyHammingBits(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(HAMMING, q, base, stride, n, bytes, out);
}
export function gatherHammingBits(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(HAMMING, q, base, stride, ids, n, bytes, out);
}
export function manyDotCodes7(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(DOT7, q, base, stride, n, bytes, out);
}
export function gatherDotCodes7(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(DOT7, q, base, stride, ids, n, bytes, out);
}
export function manyL2sqCodes8(q: usize, base: usize, stride: usize, n: u32, bytes: usize, out: usize): void {
  manyInt<u8>(L2SQ8, q, base, stride, n, bytes, out);
}
export function gatherL2sqCodes8(q: usize, base: usize, stride: usize, ids: usize, n: u32, bytes: usize, out: usize): void {
  gatherFours<u8>(L2SQ8, q, base, stride, ids, n, bytes, out);
}
