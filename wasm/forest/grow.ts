// Growing trees, as Annoy does: two means of a sample of a node's rows, and the plane half-way between them. Everything
// that decides is told in 7-bit codes and integers, or in floats of fixed order: the same trees in both builds.

import { dotCodes7, dotCodes7x4 } from "../kernels/codes";
import { hsum, mulAdd } from "../simd";
import {
  BITS, BLOCK_BYTES, Block, CENTRAL_PLANES, COINS_FROM, Growth, HALVES_FROM, OPEN_BYTES, Open, SPLIT_BYTES, Split,
} from "./layout";

/** Rows that a bit is tried on, and bits that are tried. */
const BIT_SAMPLE: i32 = 100;
const BIT_TRIES: i32 = 10;

/** A well-mixed number for each state (splitmix64, public domain, Sebastiano Vigna). */
@inline
function mixed(state: u64): u64 {
  let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

const GOLDEN: u64 = 0x9e3779b97f4a7c15;

/** The stream of a node: no other node of the tree has its items, no other tree its seed. */
@inline
function streamOf(o: Open): u64 {
  return mixed((<u64>o.seed << 32 | <u64>o.begin) + GOLDEN) ^ mixed(<u64>o.end << 8 | <u64>o.attempt);
}

/** A whole number below n from the high half of the mixed state. */
@inline
function below(state: u64, n: i32): i32 {
  return <i32>(((mixed(state) >> 32) * <u64>n) >> 32);
}

@inline
function itemAt(g: Growth, i: i32): u32 { return load<u32>(g.items + (<usize>i << 2)); }

@inline
function rowAt(g: Growth, i: i32): usize { return g.codes + <usize>itemAt(g, i) * g.codeBytes; }

@inline
function planeAt(g: Growth, split: i32): usize { return g.planes + <usize>split * g.codeBytes; }

/** Four of sixteen codes as floats. */
@inline
function floats0(codes: v128): v128 {
  const low = i16x8.extend_low_i8x16_u(codes);
  const whole = i32x4.extend_low_i16x8_u(low);
  return f32x4.convert_i32x4_s(whole);
}
@inline
function floats1(codes: v128): v128 {
  const low = i16x8.extend_low_i8x16_u(codes);
  const whole = i32x4.extend_high_i16x8_u(low);
  return f32x4.convert_i32x4_s(whole);
}
@inline
function floats2(codes: v128): v128 {
  const high = i16x8.extend_high_i8x16_u(codes);
  const whole = i32x4.extend_low_i16x8_u(high);
  return f32x4.convert_i32x4_s(whole);
}
@inline
function floats3(codes: v128): v128 {
  const high = i16x8.extend_high_i8x16_u(codes);
  const whole = i32x4.extend_high_i16x8_u(high);
  return f32x4.convert_i32x4_s(whole);
}

function spread(row: usize, bytes: usize, to: usize): void {
  for (const end = row + bytes; row < end; row += 16, to += 64) {
    const codes = v128.load(row);
    v128.store(to, floats0(codes));
    v128.store(to, floats1(codes), 16);
    v128.store(to, floats2(codes), 32);
    v128.store(to, floats3(codes), 48);
  }
}

@inline
function addSquare(sum: v128, x: v128, mean: usize): v128 {
  const gap = f32x4.sub(x, v128.load(mean));
  return mulAdd(gap, gap, sum);
}

@inline
function moveTo(mean: usize, x: v128, share: v128): void {
  const old = v128.load(mean);
  v128.store(mean, mulAdd(f32x4.sub(x, old), share, old));
}

/** Moves a mean towards a row by `share` of the way. */
function pull(mean: usize, row: usize, bytes: usize, share: f32): void {
  const by = f32x4.splat(share);
  for (const end = row + bytes; row < end; row += 16, mean += 64) {
    const codes = v128.load(row);
    moveTo(mean, floats0(codes), by);
    moveTo(mean + 16, floats1(codes), by);
    moveTo(mean + 32, floats2(codes), by);
    moveTo(mean + 48, floats3(codes), by);
  }
}

/** Squared distances of a row to both means, weighted by how many rows each has: below 0 when p is nearer. */
function nearerMean(row: usize, bytes: usize, p: usize, q: usize, np: f32, nq: f32): f32 {
  let a = f32x4.splat(0), b = a;
  for (const end = row + bytes; row < end; row += 16, p += 64, q += 64) {
    const codes = v128.load(row);
    const x0 = floats0(codes), x1 = floats1(codes), x2 = floats2(codes), x3 = floats3(codes);
    a = addSquare(addSquare(addSquare(addSquare(a, x0, p), x1, p + 16), x2, p + 32), x3, p + 48);
    b = addSquare(addSquare(addSquare(addSquare(b, x0, q), x1, q + 16), x2, q + 32), x3, q + 48);
  }
  return hsum(a) * np - hsum(b) * nq;
}

/** Leaves two means of sampled rows at p and q, as floats of codes. */
function twoMeans(g: Growth, o: Open, p: usize, q: usize): void {
  const n = o.end - o.begin;
  let state = streamOf(o);
  const i = below(state += GOLDEN, n);
  let j = below(state += GOLDEN, n - 1);
  if (j >= i) j++;
  spread(rowAt(g, o.begin + i), g.codeBytes, p);
  spread(rowAt(g, o.begin + j), g.codeBytes, q);
  let np: f32 = 1, nq: f32 = 1;
  for (let round = 0; round < g.rounds; round++) {
    const row = rowAt(g, o.begin + below(state += GOLDEN, n));
    const nearer = nearerMean(row, g.codeBytes, p, q, np, nq);
    if (nearer < 0) pull(p, row, g.codeBytes, 1 / ++np);
    else if (nearer > 0) pull(q, row, g.codeBytes, 1 / ++nq);
  }
}

/** Turns a mean into the vector it stands for, at unit length. */
function straighten(g: Growth, mean: usize): void {
  let sum: f64 = 0;
  for (let j: usize = 0; j < g.codeBytes << 2; j += 4) {
    const x = load<f32>(g.offsets + j) + g.step * load<f32>(mean + j);
    store<f32>(mean + j, x);
    sum += <f64>x * <f64>x;
  }
  const scale: f32 = sum > 0 ? <f32>(1 / Math.sqrt(sum)) : 0;
  for (let j: usize = 0; j < g.codeBytes << 2; j += 4) store<f32>(mean + j, load<f32>(mean + j) * scale);
}

@inline
function clamped(x: f64): i32 {
  return <i32>max<f64>(-1073741824, min<f64>(1073741823, nearest<f64>(x)));
}

/** The plane between the means, its normal in signed bytes. */
function writePlane(g: Growth, split: Split, plane: usize, p: usize, q: usize): void {
  let most: f32 = 0;
  for (let j: usize = 0; j < g.codeBytes << 2; j += 4) most = max<f32>(most, abs<f32>(load<f32>(p + j) - load<f32>(q + j)));
  const factor: f32 = most > 0 ? 127 / most : 0;
  let squares = 0;
  let through: f64 = 0;
  for (let j: usize = 0; j < g.codeBytes; j++) {
    const x = load<f32>(p + (j << 2)), y = load<f32>(q + (j << 2));
    const normal = <i32>nearest<f32>((x - y) * factor);
    store<i8>(plane + j, <i8>normal);
    squares += normal * normal;
    through += g.kind == CENTRAL_PLANES
      ? -<f64>normal * <f64>load<f32>(g.offsets + (j << 2)) / <f64>g.step
      : <f64>normal * (<f64>x + <f64>y) * 0.5;
  }
  split.threshold = clamped(-through);
  split.scale = squares > 0 ? <f32>(<f64>g.step / Math.sqrt(<f64>squares)) : 0;
}

@inline
function bitOf(row: usize, bit: i32): i32 {
  return (<i32>load<u8>(row + (bit >> 3)) >> (bit & 7)) & 1;
}

/** Of some bits drawn, the one that splits a sample most evenly; −1 when none does. */
function evenBit(g: Growth, o: Open): i32 {
  const n = o.end - o.begin;
  const sample = min(n, BIT_SAMPLE);
  let state = streamOf(o);
  let best = -1, evenness = 0;
  for (let t = 0; t < BIT_TRIES; t++) {
    const bit = below(state += GOLDEN, g.bits);
    let ones = 0;
    for (let i = 0; i < sample; i++) {
      ones += bitOf(rowAt(g, o.begin + (sample == n ? i : below(state += GOLDEN, n))), bit);
    }
    const even = min(ones, sample - ones);
    if (even > evenness) {
      best = bit;
      evenness = even;
    }
  }
  return best >= 0 ? best : someBit(g, o, below(state += GOLDEN, g.bits));
}

/** The first bit from `from` on, and around, that not all rows have alike; −1 when all rows are equal. */
function someBit(g: Growth, o: Open, from: i32): i32 {
  const first = rowAt(g, o.begin);
  for (let t = 0; t < g.bits; t++) {
    const bit = (from + t) % g.bits;
    const had = bitOf(first, bit);
    for (let i = o.begin + 1; i < o.end; i++) if (bitOf(rowAt(g, i), bit) != had) return bit;
  }
  return -1;
}

/** Chooses the splits of open nodes begin … end. `room` holds two means of floats. */
export function choosePlanes(g: Growth, room: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const o = changetype<Open>(g.open + <usize>i * OPEN_BYTES);
    const split = changetype<Split>(g.splits + <usize>o.split * SPLIT_BYTES);
    const plane = planeAt(g, o.split);
    if (g.kind == BITS) {
      split.threshold = o.attempt < COINS_FROM ? evenBit(g, o) : -1;
      split.scale = 1;
      continue;
    }
    if (o.attempt >= COINS_FROM) {
      memory.fill(plane, 0, g.codeBytes);
      split.threshold = 0;
      split.scale = 0;
      continue;
    }
    const other = room + (g.codeBytes << 2);
    twoMeans(g, o, room, other);
    if (g.kind == CENTRAL_PLANES) {
      straighten(g, room);
      straighten(g, other);
    }
    writePlane(g, split, plane, room, other);
  }
}

@inline
function place(g: Growth, o: Open, i: i32, margin: i32): void {
  // A plane that a row lies in says nothing of it.
  const second = margin != 0 ? margin > 0 : <i32>(mixed(streamOf(o) + <u64>i * GOLDEN) >> 63) != 0;
  store<u8>(g.sides + <usize>i, <u8>second);
}

/** Says for the items of blocks begin … end which side they are on. */
export function chooseSides(g: Growth, begin: i32, end: i32): void {
  for (let at = begin; at < end; at++) {
    const b = changetype<Block>(g.blocks + <usize>at * BLOCK_BYTES);
    const o = changetype<Open>(g.open + <usize>b.open * OPEN_BYTES);
    if (o.attempt >= HALVES_FROM) {
      for (let i = b.begin; i < b.end; i++) store<u8>(g.sides + <usize>i, <u8>(i >= (o.begin + o.end) >> 1));
      continue;
    }
    const split = changetype<Split>(g.splits + <usize>o.split * SPLIT_BYTES);
    const threshold = split.threshold;
    if (g.kind == BITS) {
      for (let i = b.begin; i < b.end; i++) place(g, o, i, threshold < 0 ? 0 : 2 * bitOf(rowAt(g, i), threshold) - 1);
      continue;
    }
    const plane = planeAt(g, o.split);
    let i = b.begin;
    for (; i + 4 <= b.end; i += 4) {
      const dots = dotCodes7x4(plane, rowAt(g, i), rowAt(g, i + 1), rowAt(g, i + 2), rowAt(g, i + 3), g.codeBytes);
      place(g, o, i, i32x4.extract_lane(dots, 0) + threshold);
      place(g, o, i + 1, i32x4.extract_lane(dots, 1) + threshold);
      place(g, o, i + 2, i32x4.extract_lane(dots, 2) + threshold);
      place(g, o, i + 3, i32x4.extract_lane(dots, 3) + threshold);
    }
    for (; i < b.end; i++) place(g, o, i, dotCodes7(plane, rowAt(g, i), g.codeBytes) + threshold);
  }
}

/** Brings the items of the first side before those of the second, in open nodes begin … end. */
export function cutNodes(g: Growth, begin: i32, end: i32): void {
  for (let at = begin; at < end; at++) {
    const o = changetype<Open>(g.open + <usize>at * OPEN_BYTES);
    let i = o.begin, j = o.end;
    while (i < j) {
      if (load<u8>(g.sides + <usize>i) == 0) {
        i++;
        continue;
      }
      j--;
      if (load<u8>(g.sides + <usize>j) != 0) continue;
      const a = g.items + (<usize>i << 2), b = g.items + (<usize>j << 2);
      const item = load<u32>(a);
      store<u32>(a, load<u32>(b));
      store<u32>(b, item);
      i++;
    }
    o.middle = i;
  }
}
