// RaBitQ (Gao & Long 2024): a residual r is rotated at random and keeps one bit a component, its sign; x is the vector of
// ±½ by these signs. With ρ = |r|² / ⟨r, x⟩, ρ⟨x, v⟩ estimates ⟨r, v⟩ without bias, and errs by at most
// |r||v| ε √((|r|²|x|² / ⟨r, x⟩² − 1) / (D − 1)) but for a chance that falls fast with ε. Four signs make a table of sixteen
// sums, so that the fast scan serves.
//
// Behind the codes of a block: constants |r|² + 2ρ⟨x, h − μ⟩ (for squared distances), −2ρ or −ρ, and the error's factor.

import { dotF32 } from "../kernels/f32";
import { fastSums, nibbleAt, putNibble, roundTables } from "./fast";
import { addRow, Coder, finishFour, homeOf, homeRank, laneMask, subtractRow, Table, TABLE_HEAD, tableQuery, tailAt } from "./layout";
import { rotate, rotateBack } from "./turn";

/** Components after rotation. */
@inline
function width(c: Coder): i32 {
  return c.m << 2;
}

@inline
function turned(c: Coder, x: usize): void {
  memory.fill(x + c.bytes, 0, (<usize>c.m << 4) - c.bytes);
  rotate(x, width(c), c.books);
}

/** `work` has room for two rotated rows. */
export function encodeRabitq(c: Coder, row: usize, centroid: usize, block: usize, lane: i32, work: usize): void {
  const home = homeOf(c, centroid), n = width(c), shift = work + (<usize>n << 2);
  subtractRow(c, row, home, work);
  turned(c, work);
  const shifted = centroid != 0 && !c.ip;
  if (shifted) {
    subtractRow(c, home, c.centre, shift);
    turned(c, shift);
  }
  let length: f32 = 0, square: f32 = 0, product: f32 = 0;
  for (let g = 0; g < c.m; g++) {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const at = <usize>((g << 2) + i) << 2;
      const r = load<f32>(work + at), positive = r >= 0;
      code |= <i32>positive << i;
      length += abs<f32>(r);
      square += r * r;
      if (shifted) product += positive ? load<f32>(shift + at) : -load<f32>(shift + at);
    }
    putNibble(block, g, lane, code);
  }
  // x has components of a half.
  const along = length / 2;
  const rho: f32 = along > 0 ? square / along : 0;
  const factor: f32 = c.ip ? 1 : 2;
  const excess: f32 = along > 0 ? max<f32>(0, square / along * (<f32>n / 4) / along - 1) : 0;
  if (c.constants) store<f32>(tailAt(c, block, 0, lane), square + rho * product);
  store<f32>(tailAt(c, block, c.constants, lane), -factor * rho);
  store<f32>(tailAt(c, block, c.constants + 1, lane), factor * sqrt<f32>(square * excess / <f32>(n - 1)));
}

export function copyRabitq(c: Coder, from: usize, fromLane: i32, to: usize, toLane: i32): void {
  for (let g = 0; g < c.m; g++) putNibble(to, g, toLane, nibbleAt(from, g, fromLane));
  for (let i = 0; i < c.constants + 2; i++) store<f32>(tailAt(c, to, i, toLane), load<f32>(tailAt(c, from, i, fromLane)));
}

export function decodeRabitq(c: Coder, centroid: usize, block: usize, lane: i32, out: usize, work: usize): void {
  const rho = load<f32>(tailAt(c, block, c.constants, lane)) / (c.ip ? -1 : -2);
  for (let g = 0; g < c.m; g++) {
    const code = nibbleAt(block, g, lane);
    for (let i = 0; i < 4; i++) store<f32>(work + (<usize>((g << 2) + i) << 2), (code >> i) & 1 ? rho / 2 : -rho / 2);
  }
  rotateBack(work, width(c), c.books);
  // The estimate of a residual reaches into the pads; rows do not.
  memory.fill(out, 0, c.bytes);
  memory.copy(out, work, <usize>c.d << 2);
  addRow(c, out, homeOf(c, centroid));
}

@inline
function tablesOf(c: Coder, table: usize): usize {
  return table + TABLE_HEAD + (<usize>c.m << 4);
}

@inline
function lutOf(c: Coder, table: usize): usize {
  return tablesOf(c, table) + (<usize>c.m << 6);
}

/** Sums of ±x/2 over four components for all sixteen signs. */
@inline
function signSums(x: usize, out: usize): void {
  const a = load<f32>(x) / 2, b = load<f32>(x, 4) / 2, c = load<f32>(x, 8) / 2, d = load<f32>(x, 12) / 2;
  const ab = f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(-a - b), 1, a - b), 2, b - a), 3, a + b);
  v128.store(out, f32x4.add(ab, f32x4.splat(-c - d)));
  v128.store(out, f32x4.add(ab, f32x4.splat(c - d)), 16);
  v128.store(out, f32x4.add(ab, f32x4.splat(d - c)), 32);
  v128.store(out, f32x4.add(ab, f32x4.splat(c + d)), 48);
}

export function queryRabitq(c: Coder, query: usize, table: usize): void {
  const x = table + TABLE_HEAD, tables = tablesOf(c, table);
  tableQuery(c, query, x);
  turned(c, x);
  for (let g = 0; g < c.m; g++) signSums(x + (<usize>g << 4), tables + (<usize>g << 6));
  const t = changetype<Table>(table);
  t.step = roundTables(tables, c.m, lutOf(c, table), table + offsetof<Table>("low"));
}

export function listRabitq(c: Coder, query: usize, centroid: usize, table: usize): void {
  const t = changetype<Table>(table);
  t.base = homeRank(c, query, homeOf(c, centroid));
  t.reach = c.epsilon * sqrt<f32>(c.ip ? dotF32(query, query, c.bytes) : max<f32>(0, t.base));
}

/**
 * Estimates, less `reach` errors where bounds are wanted. Entries are rounded to steps: their sum errs by m/2 steps at
 * most, and by more than 1.2 √m, four standard deviations, about as rarely as the bound itself fails.
 */
function rankBlock(c: Coder, table: usize, block: usize, n: i32, worst: f32, ranks: usize, bounds: bool): u32 {
  const t = changetype<Table>(table), lut = lutOf(c, table);
  const sums = lut + (<usize>c.m << 4);
  fastSums(lut, block, c.m, sums);
  const step = f32x4.splat(t.step), base = f32x4.splat(t.base), low = f32x4.splat(t.low);
  const parts = <f32>c.m;
  const slack = f32x4.splat(t.step * min<f32>(parts / 2, 1.2 * sqrt<f32>(parts)));
  const reach = f32x4.splat(t.reach), rounding = f32x4.splat(4e-6);
  let found: u32 = 0;
  for (let i = 0; i < 32; i += 4) {
    const at = <usize>i << 2;
    const factor = v128.load(tailAt(c, block, c.constants, i));
    const product = f32x4.add(low, f32x4.mul(step, f32x4.convert_i32x4_s(v128.load(sums + at))));
    let fixed = base;
    if (c.constants) fixed = f32x4.add(fixed, v128.load(tailAt(c, block, 0, i)));
    let rank = f32x4.add(fixed, f32x4.mul(factor, product));
    if (bounds) {
      const error = f32x4.add(
        f32x4.mul(reach, v128.load(tailAt(c, block, c.constants + 1, i))),
        f32x4.add(f32x4.mul(f32x4.abs(factor), slack), f32x4.mul(rounding, f32x4.abs(fixed))),
      );
      rank = f32x4.sub(rank, error);
    }
    found |= finishFour(c, rank, worst, ranks + at) << i;
  }
  return found & laneMask(n);
}

export function scanRabitq(c: Coder, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  return rankBlock(c, table, block, n, worst, ranks, false);
}

/** Ranks that no row's true rank is below, as far as the bound holds. */
export function boundRabitq(c: Coder, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  return rankBlock(c, table, block, n, worst, ranks, true);
}
