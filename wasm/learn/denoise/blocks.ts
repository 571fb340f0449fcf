// Block matching and collaborative filtering of BM3D (Dabov, Foi, Katkovnik & Egiazarian 2007): one function for both
// passes. Pixels are float32 rows of `width`, with 16 readable bytes behind the last. Every step rounds alike in both
// builds, so that the same blocks match.
import { hsum, mulAdd } from "../../simd";

/** A pass, written by TypeScript; addresses are those of matrices whose rows have `fours` vectors, ending in zeros. */
@unmanaged
class Pass {
  width: i32;
  height: i32;
  /** Side of a block, at most 12. */
  side: i32;
  /** Vectors that hold a block's row. */
  fours: i32;
  step: i32;
  /** After a group of fewer coefficients the next block is as far away as a block is wide, less one pixel. */
  few: i32;
  /** How far blocks are looked for, in each direction. */
  radius: i32;
  /** Blocks of a group, at most 32. */
  most: i32;
  forward: usize;
  forwardTurned: usize;
  inverse: usize;
  inverseTurned: usize;
  window: usize;
}

// What a thread's scratch holds: the reference block, distances and places of its matches, a product, two stacks.
const BLOCK: usize = 576;
const DISTANCES: usize = BLOCK;
const PLACES: usize = DISTANCES + 128;
const PRODUCT: usize = PLACES + 128;
const STACK: usize = PRODUCT + BLOCK;
const SECOND: usize = STACK + 32 * BLOCK;

/** Bytes that a thread needs for {@link filterBlocks}. */
export function blockScratch(): i32 {
  return <i32>(SECOND + 32 * BLOCK);
}

/** Rows that the groups of one row of reference blocks can reach. */
// @ts-ignore: decorator
@inline
function reach(s: Pass): i32 {
  return 2 * s.radius + s.side;
}

// @ts-ignore: decorator
@inline
function stripBytes(s: Pass): usize {
  return (<usize>(reach(s) * s.width) * 8 + 47) & ~15;
}

/** The bytes of one strip: weighted sums, then sums of weights, of {@link reach} rows. */
export function blockStrip(pass: usize): i32 {
  return <i32>stripBytes(changetype<Pass>(pass));
}

// @ts-ignore: decorator
@inline
function topOf(s: Pass, row: i32): i32 {
  return min(row * s.step, s.height - s.side);
}

/**
 * Items are rows of reference blocks, from row `first` on; item i fills strip i. Without a basic estimate (0) matches
 * are looked for among noisy blocks and `strength` is the threshold; with one, among its blocks, and `strength` is the
 * variance of the noise.
 */
export function filterBlocks(
  scratch: usize,
  pass: usize,
  noisy: usize,
  basic: usize,
  limit: f32,
  strength: f32,
  strips: usize,
  first: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Pass>(pass);
  const bytes = stripBytes(s);
  for (let item = begin; item < end; item++) {
    const y = topOf(s, first + item);
    const strip = strips + <usize>item * bytes;
    memory.fill(strip, 0, bytes);
    const last = s.width - s.side;
    for (let x = 0; ; ) {
      const kept = filterGroup(scratch, pass, noisy, basic, x, y, limit, strength, strip);
      if (x === last) break;
      x = min(x + (kept < <f32>s.few ? s.side - 1 : s.step), last);
    }
  }
}

/**
 * Filters the group of the block at (x, y) and adds it to the strip; answers one over its weight. Exported so that it
 * is compiled on its own, and runs fast from its second call on.
 */
export function filterGroup(
  scratch: usize,
  pass: usize,
  noisy: usize,
  basic: usize,
  x: i32,
  y: i32,
  limit: f32,
  strength: f32,
  strip: usize,
): f32 {
  const s = changetype<Pass>(pass);
  const m = matchBlocks(scratch, pass, basic ? basic : noisy, x, y, limit);
  const size = <usize>(s.side * s.fours) * 16;
  const stack = scratch + STACK;
  const places = scratch + PLACES;
  loadStack(s, scratch, noisy, m, stack);
  haar(stack, m, size);
  let weight: f32;
  if (basic) {
    loadStack(s, scratch, basic, m, scratch + SECOND);
    haar(scratch + SECOND, m, size);
    weight = wiener(stack, scratch + SECOND, <usize>m * size, strength);
  } else weight = threshold(stack, <usize>m * size, strength);
  unhaar(stack, m, size);
  const from = y - s.radius;
  const weights = strip + <usize>(reach(s) * s.width) * 4 + 16;
  for (let i = 0; i < m; i++) {
    const block = stack + <usize>i * size;
    multiplyRows(s, s.inverse, block, scratch + PRODUCT);
    multiplyRows(s, scratch + PRODUCT, s.inverseTurned, block);
    const place = load<i32>(places + <usize>i * 4) - from * s.width;
    addBlock(s, block, weight, strip + <usize>place * 4, weights + <usize>place * 4);
  }
  return <f32>1 / weight;
}

/**
 * Places of the blocks most like that at (x, y), itself first, then by distance, ties in order of rows: a power of two
 * of them. The distance is the sum of squared differences, at most `limit`.
 */
export function matchBlocks(scratch: usize, pass: usize, image: usize, x: i32, y: i32, limit: f32): i32 {
  const s = changetype<Pass>(pass);
  const width = s.width;
  const side = s.side;
  const distances = scratch + DISTANCES;
  const places = scratch + PLACES;
  const mask = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(side - 4 * (s.fours - 1)));
  copyBlock(s, image + <usize>(y * width + x) * 4, scratch, mask);
  store<f32>(distances, -1);
  store<i32>(places, y * width + x);
  let count = 1;
  let bound = limit;
  const right = min(x + s.radius, width - side);
  const bottom = min(y + s.radius, s.height - side);
  for (let cy = max(y - s.radius, 0); cy <= bottom; cy++) {
    for (let cx = max(x - s.radius, 0); cx <= right; cx++) {
      if (cy === y && cx === x) continue;
      const at = image + <usize>(cy * width + cx) * 4;
      const d = side === 8 ? distance8(scratch, at, <usize>width * 4, bound) : distanceOf(s, scratch, at, mask);
      if (d > bound) continue;
      if (count < s.most) count++;
      else if (d === bound && d === load<f32>(distances + <usize>(count - 1) * 4)) continue;
      let i = <usize>(count - 1) * 4;
      while (load<f32>(distances + i - 4) > d) {
        store<f32>(distances + i, load<f32>(distances + i - 4));
        store<i32>(places + i, load<i32>(places + i - 4));
        i -= 4;
      }
      store<f32>(distances + i, d);
      store<i32>(places + i, cy * width + cx);
      if (count === s.most) bound = min(limit, load<f32>(distances + <usize>(count - 1) * 4));
    }
  }
  return 1 << (31 - clz(count));
}

function copyBlock(s: Pass, from: usize, to: usize, mask: v128): void {
  const last = s.fours - 1;
  for (let r = 0; r < s.side; r++) {
    for (let v = 0; v < s.fours; v++) {
      const row = v128.load(from + <usize>v * 16);
      v128.store(to, v === last ? v128.and(row, mask) : row);
      to += 16;
    }
    from += <usize>s.width * 4;
  }
}

/** The squared distance of blocks of 8 × 8, or, when the first half is over the bound, that of the half. */
// @ts-ignore: decorator
@inline
function distance8(block: usize, at: usize, bytes: usize, bound: f32): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  const half = block + 128;
  for (; block < half; block += 32, at += bytes) {
    const l = f32x4.sub(v128.load(block), v128.load(at));
    const r = f32x4.sub(v128.load(block, 16), v128.load(at, 16));
    a = mulAdd(l, l, a);
    b = mulAdd(r, r, b);
  }
  const part = hsum(f32x4.add(a, b));
  if (part > bound) return part;
  for (const all = half + 128; block < all; block += 32, at += bytes) {
    const l = f32x4.sub(v128.load(block), v128.load(at));
    const r = f32x4.sub(v128.load(block, 16), v128.load(at, 16));
    a = mulAdd(l, l, a);
    b = mulAdd(r, r, b);
  }
  return hsum(f32x4.add(a, b));
}

function distanceOf(s: Pass, block: usize, at: usize, mask: v128): f32 {
  let sum = f32x4.splat(0);
  const end = <usize>(s.fours - 1) * 16;
  for (let r = 0; r < s.side; r++) {
    for (let v: usize = 0; v < end; v += 16) {
      const d = f32x4.sub(v128.load(block + v), v128.load(at + v));
      sum = mulAdd(d, d, sum);
    }
    const d = f32x4.sub(v128.load(block + end), v128.and(v128.load(at + end), mask));
    sum = mulAdd(d, d, sum);
    block += end + 16;
    at += <usize>s.width * 4;
  }
  return hsum(sum);
}

/** Blocks at the matches' places, transformed in the plane. */
function loadStack(s: Pass, scratch: usize, image: usize, m: i32, stack: usize): void {
  const ones = i32x4.splat(-1);
  for (let i = 0; i < m; i++) {
    const place = load<i32>(scratch + PLACES + <usize>i * 4);
    copyBlock(s, image + <usize>place * 4, stack, ones);
    multiplyRows(s, s.forward, stack, scratch + PRODUCT);
    multiplyRows(s, scratch + PRODUCT, s.forwardTurned, stack);
    stack += <usize>(s.side * s.fours) * 16;
  }
}

/** out = a · b of matrices with `side` rows. */
function multiplyRows(s: Pass, a: usize, b: usize, out: usize): void {
  const side = <usize>s.side;
  const row = <usize>s.fours * 16;
  const end = out + side * row;
  if (row === 32) {
    for (; out < end; out += 32, a += 32) {
      let left = f32x4.splat(0);
      let right = f32x4.splat(0);
      let from = b;
      for (let k: usize = 0; k < side * 4; k += 4, from += 32) {
        const factor = v128.load_splat<f32>(a + k);
        left = mulAdd(factor, v128.load(from), left);
        right = mulAdd(factor, v128.load(from, 16), right);
      }
      v128.store(out, left);
      v128.store(out, right, 16);
    }
    return;
  }
  for (; out < end; out += 48, a += 48) {
    let left = f32x4.splat(0);
    let middle = f32x4.splat(0);
    let right = f32x4.splat(0);
    let from = b;
    for (let k: usize = 0; k < side * 4; k += 4, from += 48) {
      const factor = v128.load_splat<f32>(a + k);
      left = mulAdd(factor, v128.load(from), left);
      middle = mulAdd(factor, v128.load(from, 16), middle);
      right = mulAdd(factor, v128.load(from, 32), right);
    }
    v128.store(out, left);
    v128.store(out, middle, 16);
    v128.store(out, right, 32);
  }
}

/** One level of Haar's transform, sums and differences in place, for entries `step` blocks apart. */
// @ts-ignore: decorator
@inline
function haarLevel(stack: usize, m: i32, size: usize, step: i32): void {
  const half = f32x4.splat(<f32>0.7071067811865476);
  const gap = <usize>step * size;
  for (let i = 0; i < m; i += 2 * step) {
    const from = stack + <usize>i * size;
    for (let p: usize = 0; p < size; p += 16) {
      const a = v128.load(from + p);
      const b = v128.load(from + gap + p);
      v128.store(from + p, f32x4.mul(f32x4.add(a, b), half));
      v128.store(from + gap + p, f32x4.mul(f32x4.sub(a, b), half));
    }
  }
}

/** Haar's transform across m blocks. */
function haar(stack: usize, m: i32, size: usize): void {
  for (let step = 1; step < m; step *= 2) haarLevel(stack, m, size, step);
}

/** A level is its own inverse. */
function unhaar(stack: usize, m: i32, size: usize): void {
  for (let step = m >> 1; step > 0; step >>= 1) haarLevel(stack, m, size, step);
}

/** Drops coefficients that are not above the threshold; the group's weight is one over the number of the others. */
function threshold(stack: usize, bytes: usize, limit: f32): f32 {
  const high = f32x4.splat(limit);
  let kept = i32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const value = v128.load(stack + p);
    const above = f32x4.gt(f32x4.abs(value), high);
    kept = i32x4.sub(kept, above);
    v128.store(stack + p, v128.and(value, above));
  }
  const count = i32x4.extract_lane(kept, 0) + i32x4.extract_lane(kept, 1) + i32x4.extract_lane(kept, 2) + i32x4.extract_lane(kept, 3);
  return <f32>1 / <f32>max(count, 1);
}

/** Shrinks by b² / (b² + variance), b from the basic estimate; the weight is one over the sum of the squares. */
function wiener(stack: usize, basic: usize, bytes: usize, variance: f32): f32 {
  const noise = f32x4.splat(variance);
  let sum = f32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const b = v128.load(basic + p);
    const power = f32x4.mul(b, b);
    const factor = f32x4.div(power, f32x4.add(power, noise));
    sum = mulAdd(factor, factor, sum);
    v128.store(stack + p, f32x4.mul(v128.load(stack + p), factor));
  }
  return <f32>1 / max(hsum(sum), <f32>1e-6);
}

/** Adds a block by weight and window. Behind a row's end it adds zero. */
function addBlock(s: Pass, block: usize, weight: f32, sums: usize, weights: usize): void {
  const w = f32x4.splat(weight);
  const row = <usize>s.fours * 16;
  const bytes = <usize>s.width * 4;
  let window = s.window;
  for (let r = 0; r < s.side; r++) {
    for (let v: usize = 0; v < row; v += 16) {
      const k = f32x4.mul(w, v128.load(window + v));
      v128.store(sums + v, mulAdd(k, v128.load(block + v), v128.load(sums + v)));
      v128.store(weights + v, f32x4.add(k, v128.load(weights + v)));
    }
    block += row;
    window += row;
    sums += bytes;
    weights += bytes;
  }
}

/** Adds `count` strips in their order to the sums over the whole picture; items are its rows. */
export function joinBlocks(
  _scratch: usize,
  pass: usize,
  strips: usize,
  first: i32,
  count: i32,
  sums: usize,
  weights: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Pass>(pass);
  const bytes = stripBytes(s);
  const row = <usize>s.width * 4;
  const rows = reach(s);
  for (let y = begin; y < end; y++) {
    const to = <usize>y * row;
    for (let i = 0; i < count; i++) {
      const r = y - (topOf(s, first + i) - s.radius);
      if (r < 0 || r >= rows) continue;
      const from = strips + <usize>i * bytes + <usize>r * row;
      addRow(sums + to, from, row);
      addRow(weights + to, from + <usize>rows * row + 16, row);
    }
  }
}

// @ts-ignore: decorator
@inline
function addRow(to: usize, from: usize, bytes: usize): void {
  let p: usize = 0;
  for (; p + 16 <= bytes; p += 16) v128.store(to + p, f32x4.add(v128.load(to + p), v128.load(from + p)));
  for (; p < bytes; p += 4) store<f32>(to + p, load<f32>(to + p) + load<f32>(from + p));
}
