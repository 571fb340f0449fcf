// Scalar quantization: component j of a residual is offset[j] + step[j] · code, in 4, 6 or 8 bits. A rank is the row's
// constant and a product of codes with whole weights of 16 bits, which is exact: sums fit 32 bits by the choice of their step.
//
// Two components of a row meet in one lane of a product, so their codes lie side by side. 8 bits: for each two components 64
// bytes, the codes of row after row. 4 bits: 16 bytes for sixteen rows, the first eight in the low nibbles. 6 bits: four
// components of sixteen rows are four registers of codes, by components, then rows; the first three are stored, in 48 bytes,
// each with two bits of the fourth above its codes.

import { dotF32 } from "../kernels/f32";
import { addRow, Coder, finishFour, homeOf, homeRank, laneMask, rowConstant, subtractRow, Table, TABLE_HEAD, tableQuery,
  tailAt } from "./layout";

/** Where the 4-bit code is. */
@inline
function nibblePlace(block: usize, lane: i32, j: i32): usize {
  return block + <usize>((j >> 1 << 5) + (lane >> 4 << 4) + ((lane & 7) << 1) + (j & 1));
}

/** Where the first of the three bytes is that a 6-bit code may have bits in. */
@inline
function sixPlace(block: usize, lane: i32, j: i32): usize {
  return block + <usize>((j >> 2) * 96 + (lane >> 4) * 48 + ((lane & 7) << 1) + (j & 1));
}

/** Which of four registers a 6-bit code is in. */
@inline
function sixRegister(lane: i32, j: i32): i32 {
  return (lane >> 3 & 1) | (j & 2);
}

@inline
function codeAt(c: Coder, block: usize, lane: i32, j: i32): i32 {
  if (c.m == 8) return <i32>load<u8>(block + <usize>((j >> 1 << 6) + (lane << 1) + (j & 1)));
  if (c.m == 4) return (<i32>load<u8>(nibblePlace(block, lane, j)) >> (lane & 8 ? 4 : 0)) & 15;
  const at = sixPlace(block, lane, j), register = sixRegister(lane, j);
  if (register < 3) return <i32>load<u8>(at + <usize>(register << 4)) & 63;
  return <i32>load<u8>(at) >> 6 | <i32>load<u8>(at, 16) >> 6 << 2 | <i32>load<u8>(at, 32) >> 6 << 4;
}

@inline
function put(at: usize, kept: i32, bits: i32): void {
  store<u8>(at, <u8>(<i32>load<u8>(at) & kept | bits));
}

@inline
function putCode(c: Coder, block: usize, lane: i32, j: i32, code: i32): void {
  if (c.m == 8) return store<u8>(block + <usize>((j >> 1 << 6) + (lane << 1) + (j & 1)), <u8>code);
  if (c.m == 4) {
    const at = nibblePlace(block, lane, j);
    return lane & 8 ? put(at, 15, code << 4) : put(at, 0xf0, code);
  }
  const at = sixPlace(block, lane, j), register = sixRegister(lane, j);
  if (register < 3) return put(at + <usize>(register << 4), 0xc0, code);
  put(at, 63, (code & 3) << 6);
  put(at + 16, 63, (code >> 2 & 3) << 6);
  put(at + 32, 63, (code >> 4) << 6);
}

@inline
function stepsOf(c: Coder): usize {
  return c.books + c.bytes;
}

function decodeResidual(c: Coder, block: usize, lane: i32, out: usize): void {
  memory.fill(out, 0, c.bytes);
  for (let j = 0; j < c.d; j++) {
    const at = <usize>j << 2;
    const code = <f32>codeAt(c, block, lane, j);
    store<f32>(out + at, load<f32>(c.books + at) + load<f32>(stepsOf(c) + at) * code);
  }
}

export function encodeSq(c: Coder, row: usize, centroid: usize, block: usize, lane: i32, work: usize): void {
  const home = homeOf(c, centroid), top = <f32>((1 << c.m) - 1);
  subtractRow(c, row, home, work);
  for (let j = 0; j < c.d; j++) {
    const at = <usize>j << 2;
    const step = load<f32>(stepsOf(c) + at);
    const value = step > 0 ? (load<f32>(work + at) - load<f32>(c.books + at)) / step : 0;
    putCode(c, block, lane, j, <i32>min<f32>(top, max<f32>(0, nearest(value))));
  }
  if (!c.constants) return;
  decodeResidual(c, block, lane, work);
  store<f32>(tailAt(c, block, 0, lane), rowConstant(c, work, home));
}

export function copySq(c: Coder, from: usize, fromLane: i32, to: usize, toLane: i32): void {
  for (let j = 0; j < c.d; j++) putCode(c, to, toLane, j, codeAt(c, from, fromLane, j));
  if (c.constants) store<f32>(tailAt(c, to, 0, toLane), load<f32>(tailAt(c, from, 0, fromLane)));
}

export function decodeSq(c: Coder, centroid: usize, block: usize, lane: i32, out: usize): void {
  decodeResidual(c, block, lane, out);
  addRow(c, out, homeOf(c, centroid));
}

@inline
function weightsOf(c: Coder, table: usize): usize {
  return table + TABLE_HEAD + c.bytes;
}

/** Weights −2 · q · step (−q · step for inner products) in whole numbers of `step`; pads are zero. */
export function querySq(c: Coder, query: usize, table: usize): void {
  const x = table + TABLE_HEAD, weights = weightsOf(c, table);
  tableQuery(c, query, x);
  const factor: f32 = c.ip ? -1 : -2;
  let most: f32 = 0, sum: f64 = 0;
  for (let j = 0; j < c.d; j++) {
    const at = <usize>j << 2;
    const weight = abs<f32>(factor * load<f32>(x + at) * load<f32>(stepsOf(c) + at));
    most = max<f32>(most, weight);
    sum += <f64>weight;
  }
  const top = <f64>((1 << c.m) - 1);
  // Weights within 16 bits, and their sum with the largest codes within 31, what rounding adds included.
  const room: f64 = 2147483000.0 - top * <f64>c.d;
  const step = <f32>max<f64>(<f64>most / 32767.0, sum * top / room);
  const t = changetype<Table>(table);
  t.low = factor * dotF32(x, c.books, c.bytes);
  t.step = step;
  memory.fill(weights, 0, <usize>((c.d + 3) & ~3) << 1);
  if (!(step > 0)) return;
  for (let j = 0; j < c.d; j++) {
    const at = <usize>j << 2;
    const weight = factor * load<f32>(x + at) * load<f32>(stepsOf(c) + at) / step;
    store<i16>(weights + <usize>(j << 1), <i16>min<f32>(32767, max<f32>(-32767, nearest(weight))));
  }
}

export function listSq(c: Coder, query: usize, centroid: usize, table: usize): void {
  const t = changetype<Table>(table);
  t.base = t.low + homeRank(c, query, homeOf(c, centroid));
}

@inline
function dotLow(codes: v128, weight: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(codes), weight));
}

@inline
function dotHigh(codes: v128, weight: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(codes), weight));
}

/** Products of sixteen rows with the weights. */
@inline
function store16(out: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

function products8(weights: usize, at: usize, d: i32, out: usize): void {
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let j = 0; j < d; j += 2, at += 64, weights += 4) {
    const weight = v128.load32_splat(weights), low = v128.load(at), high = v128.load(at, 16);
    s0 = dotLow(low, weight, s0);
    s1 = dotHigh(low, weight, s1);
    s2 = dotLow(high, weight, s2);
    s3 = dotHigh(high, weight, s3);
  }
  store16(out, s0, s1, s2, s3);
}

function products4(weights: usize, at: usize, d: i32, out: usize): void {
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const nibble = i8x16.splat(15);
  for (let j = 0; j < d; j += 2, at += 32, weights += 4) {
    const weight = v128.load32_splat(weights), both = v128.load(at);
    const low = v128.and(both, nibble), high = i8x16.shr_u(both, 4);
    s0 = dotLow(low, weight, s0);
    s1 = dotHigh(low, weight, s1);
    s2 = dotLow(high, weight, s2);
    s3 = dotHigh(high, weight, s3);
  }
  store16(out, s0, s1, s2, s3);
}

function products6(weights: usize, at: usize, d: i32, out: usize): void {
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const six = i8x16.splat(63), top = i8x16.splat(-64);
  for (let j = 0; j < d; j += 4, at += 96, weights += 8) {
    const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32);
    // Shifts of 16-bit lanes do: what comes from the byte beside is masked.
    const fourth = v128.or(i16x8.shr_u(v128.and(a, top), 6),
      v128.or(i16x8.shr_u(v128.and(b, top), 4), i16x8.shr_u(v128.and(c, top), 2)));
    const first = v128.load32_splat(weights), second = v128.load32_splat(weights, 4);
    const low = v128.and(a, six), high = v128.and(b, six), third = v128.and(c, six);
    s0 = dotLow(low, first, s0);
    s1 = dotHigh(low, first, s1);
    s2 = dotLow(high, first, s2);
    s3 = dotHigh(high, first, s3);
    s0 = dotLow(third, second, s0);
    s1 = dotHigh(third, second, s1);
    s2 = dotLow(fourth, second, s2);
    s3 = dotHigh(fourth, second, s3);
  }
  store16(out, s0, s1, s2, s3);
}

export function scanSq(c: Coder, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  const t = changetype<Table>(table), weights = weightsOf(c, table);
  for (let half: usize = 0; half < 2; half++) {
    const out = ranks + (half << 6);
    if (c.m == 8) products8(weights, block + (half << 5), c.d, out);
    else if (c.m == 4) products4(weights, block + (half << 4), c.d, out);
    else products6(weights, block + half * 48, c.d, out);
  }
  const step = f32x4.splat(t.step), base = f32x4.splat(t.base);
  const tail = block + <usize>c.tail;
  let found: u32 = 0;
  for (let i = 0; i < 32; i += 4) {
    const at = <usize>i << 2;
    let rank = f32x4.add(base, f32x4.mul(step, f32x4.convert_i32x4_s(v128.load(ranks + at))));
    if (c.constants) rank = f32x4.add(rank, v128.load(tail + at));
    found |= finishFour(c, rank, worst, ranks + at) << i;
  }
  return found & laneMask(n);
}
