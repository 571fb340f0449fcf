// Products and distances of quantized codes: the same integers in both builds. Rows are padded with zeros to
// a multiple of 16 bytes.
import { hsumi, transposeSumI } from "../simd";

/**
 * sum + products of 16 signed bytes at q with 16 bytes 0 … 127 at b. With both operands in range the relaxed
 * instruction is exact: its pair sums stay within 16 bits.
 */
// @ts-ignore: decorator
@inline
function addProducts7(q: v128, b: usize, sum: v128): v128 {
  // @ts-ignore: RELAXED is a compiler flag
  if (isDefined(RELAXED)) return i32x4.relaxed_dot_i8x16_i7x16_add_s(q, v128.load(b), sum);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(q), v128.load_ext<i8>(b));
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(q), v128.load_ext<i8>(b, 8));
  return i32x4.add(sum, i32x4.add(low, high));
}

/** Dot product of signed bytes at q with codes 0 … 127 at b. */
// @ts-ignore: decorator
@inline
export function dotCodes7(q: usize, b: usize, bytes: usize): i32 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  const end = q + bytes;
  for (const main = q + (bytes & ~31); q < main; q += 32, b += 32) {
    s0 = addProducts7(v128.load(q), b, s0);
    s1 = addProducts7(v128.load(q, 16), b + 16, s1);
  }
  if (q < end) s0 = addProducts7(v128.load(q), b, s0);
  return hsumi(i32x4.add(s0, s1));
}

/** One query against four rows of codes; lane i = dotCodes7 of row i. */
// @ts-ignore: decorator
@inline
export function dotCodes7x4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at: usize = 0;
  for (const main = bytes & ~31; at < main; at += 32) {
    const x = v128.load(q + at);
    s0 = addProducts7(x, b0 + at, s0);
    s1 = addProducts7(x, b1 + at, s1);
    s2 = addProducts7(x, b2 + at, s2);
    s3 = addProducts7(x, b3 + at, s3);
    const y = v128.load(q + at, 16);
    s0 = addProducts7(y, b0 + at + 16, s0);
    s1 = addProducts7(y, b1 + at + 16, s1);
    s2 = addProducts7(y, b2 + at + 16, s2);
    s3 = addProducts7(y, b3 + at + 16, s3);
  }
  if (at < bytes) {
    const x = v128.load(q + at);
    s0 = addProducts7(x, b0 + at, s0);
    s1 = addProducts7(x, b1 + at, s1);
    s2 = addProducts7(x, b2 + at, s2);
    s3 = addProducts7(x, b3 + at, s3);
  }
  return transposeSumI(s0, s1, s2, s3);
}

// @ts-ignore: decorator
@inline
function addSquares8(sum: v128, low: v128, high: v128, b: usize): v128 {
  const x = i16x8.sub(low, v128.load_ext<u8>(b));
  const y = i16x8.sub(high, v128.load_ext<u8>(b, 8));
  return i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(x, x), i32x4.dot_i16x8_s(y, y)));
}

/** Squared distance of a query widened to i16 at q (2·bytes long) to unsigned codes at b. */
// @ts-ignore: decorator
@inline
export function l2sqCodes8(q: usize, b: usize, bytes: usize): i32 {
  let sum = i32x4.splat(0);
  for (const end = b + bytes; b < end; b += 16, q += 32) {
    sum = addSquares8(sum, v128.load(q), v128.load(q, 16), b);
  }
  return hsumi(sum);
}

/** One widened query against four rows of codes; lane i = l2sqCodes8 of row i. */
// @ts-ignore: decorator
@inline
export function l2sqCodes8x4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let at: usize = 0; at < bytes; at += 16, q += 32) {
    const low = v128.load(q);
    const high = v128.load(q, 16);
    s0 = addSquares8(s0, low, high, b0 + at);
    s1 = addSquares8(s1, low, high, b1 + at);
    s2 = addSquares8(s2, low, high, b2 + at);
    s3 = addSquares8(s3, low, high, b3 + at);
  }
  return transposeSumI(s0, s1, s2, s3);
}
