// Fast scan: sixteen table entries of eight bits fit a register, and one swizzle looks up sixteen codes. A block of 32
// rows takes 16 bytes a part: row r of the first sixteen has the low nibble of byte place(r), row r + 16 the high one.
// Bytes alternate between rows 0–7 and 8–15, so that the even and the odd bytes of a register are eight rows each.

/** Most parts whose sums fit 16 bits: 255 · 257 = 65,535. */
const WIDEN: i32 = 257;

@inline
function place(row: i32): usize {
  const r = row & 15;
  return <usize>(r < 8 ? r << 1 : ((r - 8) << 1) | 1);
}

@inline
export function putNibble(block: usize, part: i32, row: i32, value: i32): void {
  const at = block + (<usize>part << 4) + place(row);
  const kept = <i32>load<u8>(at);
  store<u8>(at, <u8>(row < 16 ? (kept & 0xf0) | value : (kept & 15) | (value << 4)));
}

@inline
export function nibbleAt(block: usize, part: i32, row: i32): i32 {
  return (<i32>load<u8>(block + (<usize>part << 4) + place(row)) >> (row < 16 ? 0 : 4)) & 15;
}

/** Entries 0 … 15 of `table` at the places in `codes`, each below 16: there both builds do the same. */
@inline
function lookUp(table: v128, codes: v128): v128 {
  // @ts-ignore: RELAXED is a compiler flag
  if (isDefined(RELAXED)) return i8x16.relaxed_swizzle(table, codes);
  return i8x16.swizzle(table, codes);
}

@inline
function addSums(sums: usize, eight: v128): void {
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.extend_low_i16x8_u(eight)));
  v128.store(sums, i32x4.add(v128.load(sums, 16), i32x4.extend_high_i16x8_u(eight)), 16);
}

/** Adds up the entries of 32 rows into 32 i32 at `sums`; exact for any number of parts. */
export function fastSums(lut: usize, block: usize, m: i32, sums: usize): void {
  memory.fill(sums, 0, 128);
  const nibble = i8x16.splat(15);
  for (let part = 0; part < m; part += WIDEN) {
    let even0 = i16x8.splat(0), odd0 = even0, even1 = even0, odd1 = even0;
    const end = block + (<usize>min(WIDEN, m - part) << 4);
    for (; block < end; block += 16, lut += 16) {
      const codes = v128.load(block), table = v128.load(lut);
      const low = lookUp(table, v128.and(codes, nibble));
      const high = lookUp(table, i8x16.shr_u(codes, 4));
      // Pairs of bytes are added as one number: what the odd bytes put on top is known from their own sum.
      even0 = i16x8.add(even0, low);
      odd0 = i16x8.add(odd0, i16x8.shr_u(low, 8));
      even1 = i16x8.add(even1, high);
      odd1 = i16x8.add(odd1, i16x8.shr_u(high, 8));
    }
    addSums(sums, i16x8.sub(even0, i16x8.shl(odd0, 8)));
    addSums(sums + 32, odd0);
    addSums(sums + 64, i16x8.sub(even1, i16x8.shl(odd1, 8)));
    addSums(sums + 96, odd1);
  }
}

/**
 * Rounds tables of 16 f32 each to bytes on one scale: entry ≈ lowest of its table + step · byte, off by step/2 at
 * most. Returns the step; the sum of the lowest entries goes to `low`.
 */
export function roundTables(tables: usize, m: i32, lut: usize, low: usize): f32 {
  let widest: f32 = 0, lows: f32 = 0;
  for (let j = 0; j < m; j++) {
    const t = tables + (<usize>j << 6);
    const least = leastOf(t);
    widest = max<f32>(widest, mostOf(t) - least);
    lows += least;
  }
  store<f32>(low, lows);
  const step = widest / 255;
  const inverse = f32x4.splat(step > 0 ? 255 / widest : 0);
  for (let j = 0; j < m; j++) {
    const t = tables + (<usize>j << 6);
    const least = f32x4.splat(leastOf(t));
    const a = i16x8.narrow_i32x4_s(rounded(t, least, inverse), rounded(t + 16, least, inverse));
    const b = i16x8.narrow_i32x4_s(rounded(t + 32, least, inverse), rounded(t + 48, least, inverse));
    v128.store(lut + (<usize>j << 4), i8x16.narrow_i16x8_u(a, b));
  }
  return step;
}

@inline
function rounded(t: usize, least: v128, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.sub(v128.load(t), least), inverse)));
}

@inline
function leastOf(t: usize): f32 {
  const v = f32x4.pmin(f32x4.pmin(v128.load(t), v128.load(t, 16)), f32x4.pmin(v128.load(t, 32), v128.load(t, 48)));
  const w = f32x4.pmin(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return min<f32>(f32x4.extract_lane(w, 0), f32x4.extract_lane(w, 1));
}

@inline
function mostOf(t: usize): f32 {
  const v = f32x4.pmax(f32x4.pmax(v128.load(t), v128.load(t, 16)), f32x4.pmax(v128.load(t, 32), v128.load(t, 48)));
  const w = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(w, 0), f32x4.extract_lane(w, 1));
}
