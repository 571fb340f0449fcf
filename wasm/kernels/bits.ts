// Number of differing bits of packed rows, padded with zeros to a multiple of 16 bytes. Scalar 64-bit counts
// are two to three times as fast as 128-bit ones on x86, where those are made of table look-ups.

// @ts-ignore: decorator
@inline
export function hammingBits(a: usize, b: usize, bytes: usize): i32 {
  let s: u64 = 0;
  let t: u64 = 0;
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    s += popcnt<u64>(load<u64>(a) ^ load<u64>(b));
    t += popcnt<u64>(load<u64>(a, 8) ^ load<u64>(b, 8));
  }
  return <i32>(s + t);
}

/** One query against four rows; lane i = hammingBits of row i. */
// @ts-ignore: decorator
@inline
export function hammingBitsx4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0: u64 = 0;
  let s1: u64 = 0;
  let s2: u64 = 0;
  let s3: u64 = 0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = load<u64>(q + at);
    const y = load<u64>(q + at, 8);
    s0 += popcnt<u64>(x ^ load<u64>(b0 + at)) + popcnt<u64>(y ^ load<u64>(b0 + at, 8));
    s1 += popcnt<u64>(x ^ load<u64>(b1 + at)) + popcnt<u64>(y ^ load<u64>(b1 + at, 8));
    s2 += popcnt<u64>(x ^ load<u64>(b2 + at)) + popcnt<u64>(y ^ load<u64>(b2 + at, 8));
    s3 += popcnt<u64>(x ^ load<u64>(b3 + at)) + popcnt<u64>(y ^ load<u64>(b3 + at, 8));
  }
  let lanes = i32x4.splat(<i32>s0);
  lanes = i32x4.replace_lane(lanes, 1, <i32>s1);
  lanes = i32x4.replace_lane(lanes, 2, <i32>s2);
  return i32x4.replace_lane(lanes, 3, <i32>s3);
}
