// Product quantization (Jégou, Douze & Schmid 2011): each part of a row is the number of its nearest centroid, and
// distances are sums of table entries. A codebook is `[1 + components][ksub]` f32: half the squared norms of the
// centroids, then their components, so that sixteen centroids are compared at a time whatever the width of a part.

import { chooseCodes, inverseNorm } from "./anisotropic";
import { fastSums, nibbleAt, putNibble, roundTables } from "./fast";
import { addRow, CODEC_FAST, Coder, finishFour, homeOf, homeRank, laneMask, rowConstant, subtractRow, Table, TABLE_HEAD,
  tableQuery, tailAt } from "./layout";

/** Where part j of m begins: parts differ by one component at most. */
@inline
export function partStart(d: i32, m: i32, j: i32): i32 {
  return <i32>(<u64>j * <u64>d / <u64>m);
}

@inline
function book(c: Coder, j: i32): usize {
  return c.books + <usize>j * c.bookBytes;
}

/** The centroid nearest to the `dims` f32 at x; of equally near ones the first. */
export function nearestCentroid(codebook: usize, ksub: i32, x: usize, dims: i32): i32 {
  const row = <usize>ksub << 2;
  let best = f32x4.splat(Infinity), which = i32x4.splat(0);
  let index = i32x4.splat(0);
  index = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(index, 1, 1), 2, 2), 3, 3);
  const four = i32x4.splat(4);
  for (let k: usize = 0; k < row; k += 64) {
    let at = codebook + k;
    let a0 = v128.load(at), a1 = v128.load(at, 16), a2 = v128.load(at, 32), a3 = v128.load(at, 48);
    for (let t = 0; t < dims; t++) {
      at += row;
      const v = v128.load32_splat(x + (<usize>t << 2));
      a0 = f32x4.sub(a0, f32x4.mul(v, v128.load(at)));
      a1 = f32x4.sub(a1, f32x4.mul(v, v128.load(at, 16)));
      a2 = f32x4.sub(a2, f32x4.mul(v, v128.load(at, 32)));
      a3 = f32x4.sub(a3, f32x4.mul(v, v128.load(at, 48)));
    }
    let less = f32x4.lt(a0, best);
    best = f32x4.pmin(best, a0);
    which = v128.bitselect(index, which, less);
    index = i32x4.add(index, four);
    less = f32x4.lt(a1, best);
    best = f32x4.pmin(best, a1);
    which = v128.bitselect(index, which, less);
    index = i32x4.add(index, four);
    less = f32x4.lt(a2, best);
    best = f32x4.pmin(best, a2);
    which = v128.bitselect(index, which, less);
    index = i32x4.add(index, four);
    less = f32x4.lt(a3, best);
    best = f32x4.pmin(best, a3);
    which = v128.bitselect(index, which, less);
    index = i32x4.add(index, four);
  }
  let value = f32x4.extract_lane(best, 0), nearest = i32x4.extract_lane(which, 0);
  const v1 = f32x4.extract_lane(best, 1), v2 = f32x4.extract_lane(best, 2), v3 = f32x4.extract_lane(best, 3);
  const n1 = i32x4.extract_lane(which, 1), n2 = i32x4.extract_lane(which, 2), n3 = i32x4.extract_lane(which, 3);
  if (v1 < value || (v1 == value && n1 < nearest)) value = v1, nearest = n1;
  if (v2 < value || (v2 == value && n2 < nearest)) value = v2, nearest = n2;
  if (v3 < value || (v3 == value && n3 < nearest)) value = v3, nearest = n3;
  return nearest;
}

/** Bytes of a row's codes where they lie row by row. */
@inline
function codeBytes(c: Coder): i32 {
  return c.ksub == 16 ? (c.m + 1) >> 1 : c.m;
}

/** The code of part j: as the fast scan wants it, or row by row, two 4-bit codes to a byte with the lower one first. */
@inline
function codeAt(c: Coder, block: usize, lane: i32, j: i32): i32 {
  if (c.kind == CODEC_FAST) return nibbleAt(block, j, lane);
  const row = block + <usize>(lane * codeBytes(c));
  if (c.ksub == 256) return <i32>load<u8>(row + <usize>j);
  return (<i32>load<u8>(row + <usize>(j >> 1)) >> ((j & 1) << 2)) & 15;
}

@inline
function putCode(c: Coder, block: usize, lane: i32, j: i32, code: i32): void {
  if (c.kind == CODEC_FAST) return putNibble(block, j, lane, code);
  const row = block + <usize>(lane * codeBytes(c));
  if (c.ksub == 256) return store<u8>(row + <usize>j, <u8>code);
  const at = row + <usize>(j >> 1);
  store<u8>(at, j & 1 ? (load<u8>(at) & 15) | <u8>(code << 4) : <u8>code);
}

/** The coded residual. */
function decodeResidual(c: Coder, block: usize, lane: i32, out: usize): void {
  memory.fill(out, 0, c.bytes);
  for (let j = 0; j < c.m; j++) {
    const start = partStart(c.d, c.m, j), dims = partStart(c.d, c.m, j + 1) - start;
    let at = book(c, j) + (<usize>codeAt(c, block, lane, j) << 2);
    for (let t = 0; t < dims; t++) {
      at += <usize>c.ksub << 2;
      store<f32>(out + (<usize>(start + t) << 2), load<f32>(at));
    }
  }
}

export function encodePq(c: Coder, row: usize, centroid: usize, block: usize, lane: i32, work: usize): void {
  const home = homeOf(c, centroid);
  subtractRow(c, row, home, work);
  if (c.eta > 1) {
    // Behind the residual: tables of the parts, then codes.
    const tables = work + c.bytes, codes = tables + (<usize>c.m << 7);
    chooseCodes(c.d, c.m, c.books, c.bookBytes, c.eta, work, row, inverseNorm(row, c.bytes), tables, codes);
    for (let j = 0; j < c.m; j++) putCode(c, block, lane, j, <i32>load<u8>(codes + <usize>j));
  } else for (let j = 0; j < c.m; j++) {
    const start = partStart(c.d, c.m, j), dims = partStart(c.d, c.m, j + 1) - start;
    putCode(c, block, lane, j, nearestCentroid(book(c, j), c.ksub, work + (<usize>start << 2), dims));
  }
  if (!c.constants) return;
  decodeResidual(c, block, lane, work);
  store<f32>(tailAt(c, block, 0, lane), rowConstant(c, work, home));
}

export function copyPq(c: Coder, from: usize, fromLane: i32, to: usize, toLane: i32): void {
  for (let j = 0; j < c.m; j++) putCode(c, to, toLane, j, codeAt(c, from, fromLane, j));
  if (c.constants) store<f32>(tailAt(c, to, 0, toLane), load<f32>(tailAt(c, from, 0, fromLane)));
}

export function decodePq(c: Coder, centroid: usize, block: usize, lane: i32, out: usize): void {
  decodeResidual(c, block, lane, out);
  addRow(c, out, homeOf(c, centroid));
}

/**
 * Tables of one query: −⟨q, c⟩ for inner products, −2⟨q, c⟩ where rows have constants, |q − c|² otherwise. `x` is the
 * query as tables see it.
 */
function fillTables(c: Coder, x: usize, tables: usize): void {
  const row = <usize>c.ksub << 2;
  for (let j = 0; j < c.m; j++) {
    const start = partStart(c.d, c.m, j), dims = partStart(c.d, c.m, j + 1) - start;
    const values = x + (<usize>start << 2);
    let norm: f32 = 0;
    for (let t = 0; t < dims; t++) {
      const v = load<f32>(values + (<usize>t << 2));
      norm += v * v;
    }
    const shift = f32x4.splat(norm);
    const out = tables + <usize>j * row;
    for (let k: usize = 0; k < row; k += 32) {
      let at = book(c, j) + k;
      const half0 = v128.load(at), half1 = v128.load(at, 16);
      let a0 = f32x4.splat(0), a1 = a0;
      for (let t = 0; t < dims; t++) {
        at += row;
        const v = v128.load32_splat(values + (<usize>t << 2));
        a0 = f32x4.sub(a0, f32x4.mul(v, v128.load(at)));
        a1 = f32x4.sub(a1, f32x4.mul(v, v128.load(at, 16)));
      }
      if (!c.ip) {
        if (!c.constants) {
          a0 = f32x4.add(a0, half0);
          a1 = f32x4.add(a1, half1);
        }
        a0 = f32x4.add(a0, a0);
        a1 = f32x4.add(a1, a1);
        if (!c.constants) {
          a0 = f32x4.add(a0, shift);
          a1 = f32x4.add(a1, shift);
        }
      }
      v128.store(out + k, a0);
      v128.store(out + k, a1, 16);
    }
  }
}

/** Tables of 4-bit parts, two by two, as tables of 256 sums: the scan of 8-bit codes then serves them too. */
function pairTables(tables: usize, m: i32, out: usize): void {
  for (let j = 0; j < m; j += 2, out += 1024) {
    const low = tables + (<usize>j << 6), high = low + 64;
    const a0 = v128.load(low), a1 = v128.load(low, 16), a2 = v128.load(low, 32), a3 = v128.load(low, 48);
    for (let k = 0; k < 16; k++) {
      const h = j + 1 < m ? v128.load32_splat(high + (<usize>k << 2)) : f32x4.splat(0);
      const at = out + (<usize>k << 6);
      v128.store(at, f32x4.add(a0, h));
      v128.store(at, f32x4.add(a1, h), 16);
      v128.store(at, f32x4.add(a2, h), 32);
      v128.store(at, f32x4.add(a3, h), 48);
    }
  }
}

@inline
function tablesOf(c: Coder, table: usize): usize {
  return table + TABLE_HEAD + c.bytes;
}

/** Behind the float tables: byte tables and room for sums, or tables of pairs. */
@inline
function moreOf(c: Coder, table: usize): usize {
  return tablesOf(c, table) + <usize>(c.m * c.ksub << 2);
}

export function queryPq(c: Coder, query: usize, table: usize): void {
  const x = table + TABLE_HEAD, tables = tablesOf(c, table), more = moreOf(c, table);
  tableQuery(c, query, x);
  fillTables(c, x, tables);
  const t = changetype<Table>(table);
  t.low = 0;
  if (c.kind == CODEC_FAST) {
    t.step = roundTables(tables, c.m, more, table + offsetof<Table>("low"));
  } else if (c.ksub == 16) pairTables(tables, c.m, more);
}

export function listPq(c: Coder, query: usize, centroid: usize, table: usize): void {
  const t = changetype<Table>(table);
  // Tables of whole distances need no home; those of products do.
  t.base = t.low + (c.ip || c.constants ? homeRank(c, query, homeOf(c, centroid)) : 0);
}

export function scanFast(c: Coder, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  const t = changetype<Table>(table);
  const lut = moreOf(c, table), sums = lut + (<usize>c.m << 4);
  fastSums(lut, block, c.m, sums);
  const step = f32x4.splat(t.step), base = f32x4.splat(t.base);
  const tail = block + <usize>c.tail;
  let found: u32 = 0;
  for (let i = 0; i < 32; i += 4) {
    const at = <usize>i << 2;
    let rank = f32x4.add(base, f32x4.mul(step, f32x4.convert_i32x4_s(v128.load(sums + at))));
    if (c.constants) rank = f32x4.add(rank, v128.load(tail + at));
    found |= finishFour(c, rank, worst, ranks + at) << i;
  }
  return found & laneMask(n);
}

/** Four partial sums a row, by part modulo four. */
export function scanPq(c: Coder, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  const width = codeBytes(c);
  const tables = c.ksub == 16 ? moreOf(c, table) : tablesOf(c, table);
  let row = block;
  for (let i = 0; i < n; i++) {
    let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
    let at = tables;
    const end = row + <usize>width;
    for (const main = row + <usize>(width & ~3); row < main; row += 4, at += 4096) {
      const four = load<u32>(row);
      s0 += load<f32>(at + <usize>((four & 255) << 2));
      s1 += load<f32>(at + <usize>((four >> 6) & 1020), 1024);
      s2 += load<f32>(at + <usize>((four >> 14) & 1020), 2048);
      s3 += load<f32>(at + <usize>((four >> 22) & 1020), 3072);
    }
    for (; row < end; row++, at += 1024) s0 += load<f32>(at + (<usize>load<u8>(row) << 2));
    store<f32>(ranks + (<usize>i << 2), s0 + s1 + (s2 + s3));
  }
  const base = f32x4.splat(changetype<Table>(table).base);
  const tail = block + <usize>c.tail;
  let found: u32 = 0;
  for (let i = 0; i < 32; i += 4) {
    const at = <usize>i << 2;
    let rank = f32x4.add(base, v128.load(ranks + at));
    if (c.constants) rank = f32x4.add(rank, v128.load(tail + at));
    found |= finishFour(c, rank, worst, ranks + at) << i;
  }
  return found & laneMask(n);
}
