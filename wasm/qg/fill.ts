// Writing blocks.

import { linkAt, linkCount } from "../graph/layout";
import { L2Codes7 } from "../scorers";
import { hsum } from "../simd";
import { Blocks } from "./layout";
import { rotate } from "./rotate";

/** R(a − b) of two codes of `bytes` bytes as floats; R(a) when b is 0. Writes up to 16 floats more than are rotated. */
export function rotateCode(g: Blocks, a: usize, b: usize, bytes: usize, out: usize): void {
  memory.fill(out, 0, <usize>g.turned << 2);
  let low = i16x8.splat(0), high = low;
  for (let j: usize = 0, to = out; j < bytes; j += 16, to += 64) {
    if (b) {
      low = v128.load_ext<u8>(b + j);
      high = v128.load_ext<u8>(b + j, 8);
    }
    const x = i16x8.sub(v128.load_ext<u8>(a + j), low), y = i16x8.sub(v128.load_ext<u8>(a + j, 8), high);
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(x)));
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(x)), 16);
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(y)), 32);
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(y)), 48);
  }
  if (g.fixed >= 0) store<f32>(out + (<usize>g.fixed << 2), 0);
  rotate(out, g.turned, g.signs);
}

/** Writes the block of a row from its level-0 list and the rows' codes; `floats` is room for two rotated vectors. */
export function fillBlock(scorer: L2Codes7, g: Blocks, id: u32, floats: usize): void {
  const list = g.graph.list(id, 0);
  const n = linkCount(list);
  const block = g.block(id);
  memory.fill(block, 0, g.stride);
  store<u32>(block, n);
  memory.copy(g.ids(block), list + 4, <usize>n << 2);
  const turned = g.turned;
  const own = floats, difference = floats + (<usize>turned << 2);
  rotateCode(g, scorer.at(id), 0, scorer.bytes, own);
  scorer.useRow(id);
  for (let i = 0; i < n; i++) {
    const other = linkAt(list, i);
    rotateCode(g, scorer.at(other), scorer.at(id), scorer.bytes, difference);
    const entry = g.entries(block) + <usize>i * g.entryBytes();
    const zero = f32x4.splat(0);
    let sums = zero, centres = zero;
    let to = entry + 8;
    for (let at: usize = 0; at < <usize>turned << 2; to += 8) {
      let bits: u64 = 0;
      for (let j: u64 = 0; j < 64; j += 4, at += 16) {
        const x = v128.load(difference + at), c = v128.load(own + at);
        const up = f32x4.gt(x, zero);
        sums = f32x4.add(sums, f32x4.abs(x));
        centres = f32x4.add(centres, v128.bitselect(c, f32x4.neg(c), up));
        bits |= <u64>i32x4.bitmask(up) << j;
      }
      store<u64>(to, bits);
    }
    const along = hsum(sums), centre = hsum(centres);
    const rank = scorer.one(other);
    let square = rank, known: f32 = 0;
    if (g.fixed >= 0) {
      const c = <i32>load<u8>(scorer.at(id) + g.fixed), step = <i32>load<u8>(scorer.at(other) + g.fixed) - c;
            const product: i32 = 2 * c * step, squared: i32 = step * step;
      known = <f32>product;
      square -= <f32>squared;
    }
    const f: f32 = along > 0 ? square / along : 0;
    store<f32>(entry, rank + known + 2 * f * centre);
    store<f32>(entry, -2 * f, 4);
  }
}
