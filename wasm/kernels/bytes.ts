// Distances between rows of bytes, T = u8 or i8. Rows are padded with zeros to a multiple of 16 bytes. All
// results are exact; l2sq and dot fit 32 bits up to 33,025 dimensions.
import { hsumi, transposeSumI } from "../simd";

/** i16 differences of the low (offset 0) or high (offset 8) half of a block. */
// @ts-ignore: decorator
@inline
function difference<T>(a: usize, b: usize): v128 {
  return i16x8.sub(v128.load_ext<T>(a), v128.load_ext<T>(b));
}

// @ts-ignore: decorator
@inline
export function l2sqBytes<T>(a: usize, b: usize, bytes: usize): i32 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    const low = difference<T>(a, b);
    const high = difference<T>(a + 8, b + 8);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(low, low));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(high, high));
  }
  return hsumi(i32x4.add(s0, s1));
}

// @ts-ignore: decorator
@inline
export function dotBytes<T>(a: usize, b: usize, bytes: usize): i32 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(v128.load_ext<T>(a), v128.load_ext<T>(b)));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(v128.load_ext<T>(a, 8), v128.load_ext<T>(b, 8)));
  }
  return hsumi(i32x4.add(s0, s1));
}

/** |a − b| of 16 components, as unsigned bytes. */
// @ts-ignore: decorator
@inline
function absDiff<T>(x: v128, y: v128): v128 {
  return v128.sub<T>(v128.max<T>(x, y), v128.min<T>(x, y));
}

/** Four partial sums of 16 unsigned bytes, added to `sum`. */
// @ts-ignore: decorator
@inline
function addBytes(sum: v128, values: v128): v128 {
  return i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(values)));
}

// @ts-ignore: decorator
@inline
export function l1Bytes<T>(a: usize, b: usize, bytes: usize): i32 {
  let sum = i32x4.splat(0);
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    sum = addBytes(sum, absDiff<T>(v128.load(a), v128.load(b)));
  }
  return hsumi(sum);
}

// @ts-ignore: decorator
@inline
function maxByte(v: v128): i32 {
  v = i8x16.max_u(v, v128.shuffle<i64>(v, v, 1, 0));
  v = i8x16.max_u(v, i64x2.shr_u(v, 32));
  v = i8x16.max_u(v, i64x2.shr_u(v, 16));
  v = i8x16.max_u(v, i64x2.shr_u(v, 8));
  return <i32>i8x16.extract_lane_u(v, 0);
}

// @ts-ignore: decorator
@inline
export function linfBytes<T>(a: usize, b: usize, bytes: usize): i32 {
  let largest = i8x16.splat(0);
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    largest = i8x16.max_u(largest, absDiff<T>(v128.load(a), v128.load(b)));
  }
  return maxByte(largest);
}

// @ts-ignore: decorator
@inline
function addSquares<T>(sum: v128, low: v128, high: v128, b: usize): v128 {
  const x = i16x8.sub(low, v128.load_ext<T>(b));
  const y = i16x8.sub(high, v128.load_ext<T>(b, 8));
  return i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(x, x), i32x4.dot_i16x8_s(y, y)));
}

/** One query against four rows; lane i = l2sqBytes of row i. */
// @ts-ignore: decorator
@inline
export function l2sqBytesx4<T>(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const low = v128.load_ext<T>(q + at);
    const high = v128.load_ext<T>(q + at, 8);
    s0 = addSquares<T>(s0, low, high, b0 + at);
    s1 = addSquares<T>(s1, low, high, b1 + at);
    s2 = addSquares<T>(s2, low, high, b2 + at);
    s3 = addSquares<T>(s3, low, high, b3 + at);
  }
  return transposeSumI(s0, s1, s2, s3);
}

// @ts-ignore: decorator
@inline
function addProducts<T>(sum: v128, low: v128, high: v128, b: usize): v128 {
  const x = i32x4.dot_i16x8_s(low, v128.load_ext<T>(b));
  const y = i32x4.dot_i16x8_s(high, v128.load_ext<T>(b, 8));
  return i32x4.add(sum, i32x4.add(x, y));
}

// @ts-ignore: decorator
@inline
export function dotBytesx4<T>(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const low = v128.load_ext<T>(q + at);
    const high = v128.load_ext<T>(q + at, 8);
    s0 = addProducts<T>(s0, low, high, b0 + at);
    s1 = addProducts<T>(s1, low, high, b1 + at);
    s2 = addProducts<T>(s2, low, high, b2 + at);
    s3 = addProducts<T>(s3, low, high, b3 + at);
  }
  return transposeSumI(s0, s1, s2, s3);
}

// @ts-ignore: decorator
@inline
export function l1Bytesx4<T>(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(q + at);
    s0 = addBytes(s0, absDiff<T>(x, v128.load(b0 + at)));
    s1 = addBytes(s1, absDiff<T>(x, v128.load(b1 + at)));
    s2 = addBytes(s2, absDiff<T>(x, v128.load(b2 + at)));
    s3 = addBytes(s3, absDiff<T>(x, v128.load(b3 + at)));
  }
  return transposeSumI(s0, s1, s2, s3);
}

// @ts-ignore: decorator
@inline
export function linfBytesx4<T>(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let m0 = i8x16.splat(0);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(q + at);
    m0 = i8x16.max_u(m0, absDiff<T>(x, v128.load(b0 + at)));
    m1 = i8x16.max_u(m1, absDiff<T>(x, v128.load(b1 + at)));
    m2 = i8x16.max_u(m2, absDiff<T>(x, v128.load(b2 + at)));
    m3 = i8x16.max_u(m3, absDiff<T>(x, v128.load(b3 + at)));
  }
  let lanes = i32x4.splat(maxByte(m0));
  lanes = i32x4.replace_lane(lanes, 1, maxByte(m1));
  lanes = i32x4.replace_lane(lanes, 2, maxByte(m2));
  return i32x4.replace_lane(lanes, 3, maxByte(m3));
}
