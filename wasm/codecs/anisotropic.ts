// Score-aware codes (Guo et al., Accelerating large-scale inference with anisotropic vector quantization, ICML 2020): what a
// code misses along its own row spoils the large products that answers are made of, so it counts eta times as much as
// what it misses across. With the error r of row x the loss is |r|² + (eta − 1)⟨r, x/|x|⟩². The second term joins the parts:
// codes are chosen by going through them until none changes. Parts have sixteen centroids and one or two components.

import { dotF32 } from "../kernels/f32";
import { partStart } from "./pq";
import { halfNorms } from "./train";

/** Most passes over the parts of a row. */
const SWEEPS: i32 = 10;
/** Tables of a part: |x − c|² and ⟨x − c, u⟩ of its sixteen centroids. */
const PART_BYTES: usize = 128;
const ALONG: usize = 64;
/** f64 sums of a centroid: the matrix of its normal equations (three of four entries), and their right side. */
const SUMS: usize = 40;

/** What codebooks are trained on; filled by src/quantize/anisotropicCodec.ts, four bytes a field. */
@unmanaged
export class ScoreTraining {
  d: i32;
  m: i32;
  books: usize;
  bookBytes: usize;
  /** Rows as they are coded, and the rows themselves. */
  residuals: usize;
  rows: usize;
  stride: usize;
  /** Bytes of a row that mean something. */
  bytes: usize;
  count: i32;
  eta: f32;
  /** u8[count][m]: the codes there are. */
  codes: usize;
  /** f32 a row: ⟨r, x/|x|⟩, and 1/|x|. */
  along: usize;
  inverse: usize;
}

/** 1 / |x|, or 0 for the row that has no direction. */
export function inverseNorm(row: usize, bytes: usize): f32 {
  const norm = dotF32(row, row, bytes);
  return norm > 0 ? 1 / sqrt<f32>(norm) : 0;
}

/** Fills the tables of one part: `x` is its residual, `row` the row's components. */
@inline
function fillPart(book: usize, x: usize, row: usize, dims: i32, inverse: f32, table: usize): void {
  for (let k: usize = 0; k < 64; k += 16) {
    let error = f32x4.splat(0), along = error;
    for (let t = 0; t < dims; t++) {
      const at = <usize>t << 2;
      const r = f32x4.sub(v128.load32_splat(x + at), v128.load(book + k + (<usize>(t + 1) << 6)));
      error = f32x4.add(error, f32x4.mul(r, r));
      along = f32x4.add(along, f32x4.mul(r, f32x4.splat(load<f32>(row + at) * inverse)));
    }
    v128.store(table + k, error);
    v128.store(table + k, along, ALONG);
  }
}

/** The first of the smallest of sixteen. */
@inline
function smallest(a: v128, b: v128, c: v128, d: v128): i32 {
  let low = f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d));
  low = f32x4.pmin(low, v128.shuffle<f32>(low, low, 2, 3, 0, 1));
  low = f32x4.pmin(low, v128.shuffle<f32>(low, low, 1, 0, 3, 2));
  const bits = i32x4.bitmask(f32x4.eq(a, low)) | (i32x4.bitmask(f32x4.eq(b, low)) << 4) |
    (i32x4.bitmask(f32x4.eq(c, low)) << 8) | (i32x4.bitmask(f32x4.eq(d, low)) << 12);
  return ctz(bits) & 15;
}

/** A part's best code where the others leave `rest` along the row. */
@inline
function bestOf(table: usize, rest: f32, weight: f32): i32 {
  const r = f32x4.splat(rest), w = f32x4.splat(weight);
  const a = f32x4.add(v128.load(table, ALONG), r), b = f32x4.add(v128.load(table, ALONG + 16), r);
  const c = f32x4.add(v128.load(table, ALONG + 32), r), d = f32x4.add(v128.load(table, ALONG + 48), r);
  return smallest(
    f32x4.add(v128.load(table), f32x4.mul(w, f32x4.mul(a, a))),
    f32x4.add(v128.load(table, 16), f32x4.mul(w, f32x4.mul(b, b))),
    f32x4.add(v128.load(table, 32), f32x4.mul(w, f32x4.mul(c, c))),
    f32x4.add(v128.load(table, 48), f32x4.mul(w, f32x4.mul(d, d))),
  );
}

/** Loss of a part's code, less what no choice of it changes. */
@inline
function lossOf(table: usize, code: i32, rest: f32, weight: f32): f32 {
  const at = table + (<usize>code << 2);
  const along = rest + load<f32>(at, ALONG);
  return load<f32>(at) + weight * along * along;
}

/**
 * Writes the codes of a row whose residual is `x`, u8[m]; `tables` has room for 128 bytes a part. Begins with the nearest
 * centroids and takes others only where the loss falls. Returns what they miss along the row.
 */
export function chooseCodes(d: i32, m: i32, books: usize, bookBytes: usize, eta: f32, x: usize, row: usize,
  inverse: f32, tables: usize, codes: usize): f32 {
  let along: f32 = 0;
  for (let j = 0; j < m; j++) {
    const start = partStart(d, m, j), dims = partStart(d, m, j + 1) - start, at = <usize>start << 2;
    const table = tables + <usize>j * PART_BYTES;
    fillPart(books + <usize>j * bookBytes, x + at, row + at, dims, inverse, table);
    const code = smallest(v128.load(table), v128.load(table, 16), v128.load(table, 32), v128.load(table, 48));
    store<u8>(codes + <usize>j, <u8>code);
    along += load<f32>(table + (<usize>code << 2), ALONG);
  }
  const weight = eta - 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let changed = false;
    for (let j = 0; j < m; j++) {
      const table = tables + <usize>j * PART_BYTES, at = codes + <usize>j;
      const old = <i32>load<u8>(at);
      const rest = along - load<f32>(table + (<usize>old << 2), ALONG);
      const code = bestOf(table, rest, weight);
      if (code == old || !(lossOf(table, code, rest, weight) < lossOf(table, old, rest, weight))) continue;
      store<u8>(at, <u8>code);
      along = rest + load<f32>(table + (<usize>code << 2), ALONG);
      changed = true;
    }
    if (!changed) break;
  }
  return along;
}

/** Codes rows begin … end of the sample; `scratch` has room for the tables of a row. */
export function scoreEncode(scratch: usize, t: ScoreTraining, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const x = t.residuals + <usize>i * t.stride, row = t.rows + <usize>i * t.stride, at = <usize>i << 2;
    const inverse = inverseNorm(row, t.bytes);
    store<f32>(t.inverse + at, inverse);
    store<f32>(t.along + at,
      chooseCodes(t.d, t.m, t.books, t.bookBytes, t.eta, x, row, inverse, scratch, t.codes + <usize>i * t.m));
  }
}

@inline
function addTo(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** Adds a row to the normal equations of its centroid: (I + w u uᵀ) c = x + w (rest + ⟨x, u⟩) u. */
@inline
function addRowTo(sums: usize, weight: f64, rest: f64, x0: f64, x1: f64, u0: f64, u1: f64): void {
  const pull = weight * (rest + x0 * u0 + x1 * u1);
  addTo(sums, 1 + weight * u0 * u0);
  addTo(sums + 8, weight * u0 * u1);
  addTo(sums + 16, 1 + weight * u1 * u1);
  addTo(sums + 24, x0 + pull * u0);
  addTo(sums + 32, x1 + pull * u1);
}

/**
 * Moves the centroids of one part to where the loss of the sample is least, all else as it is. Parts follow one another, as
 * each changes what the others have to make up for; so one call does one part. `scratch` has room for 640 bytes.
 */
export function scoreUpdate(scratch: usize, t: ScoreTraining, j: i32, _begin: i32, _end: i32): void {
  const start = partStart(t.d, t.m, j), two = partStart(t.d, t.m, j + 1) - start > 1;
  const book = t.books + <usize>j * t.bookBytes, offset = <usize>start << 2, weight = <f64>t.eta - 1;
  memory.fill(scratch, 0, 16 * SUMS);
  for (let i = 0; i < t.count; i++) {
    const x = t.residuals + <usize>i * t.stride + offset, row = t.rows + <usize>i * t.stride + offset;
    const code = <usize>load<u8>(t.codes + <usize>i * t.m + <usize>j), c = book + (code << 2);
    const inverse = <f64>load<f32>(t.inverse + (<usize>i << 2));
    const x0 = <f64>load<f32>(x), x1 = two ? <f64>load<f32>(x, 4) : 0;
    const u0 = inverse * <f64>load<f32>(row), u1 = two ? inverse * <f64>load<f32>(row, 4) : 0;
    const own = (x0 - <f64>load<f32>(c, 64)) * u0 + (two ? (x1 - <f64>load<f32>(c, 128)) * u1 : 0);
    addRowTo(scratch + code * SUMS, weight, <f64>load<f32>(t.along + (<usize>i << 2)) - own, x0, x1, u0, u1);
  }
  // Where each centroid goes, in place of its right side; centroids without rows stay.
  for (let k: usize = 0; k < 16; k++) {
    const s = scratch + k * SUMS, c = book + (k << 2);
    const a = load<f64>(s), b = load<f64>(s, 8), e = load<f64>(s, 16), y0 = load<f64>(s, 24), y1 = load<f64>(s, 32);
    const old0 = load<f32>(c, 64), old1 = two ? load<f32>(c, 128) : <f32>0;
    let new0 = old0, new1 = old1;
    if (a > 0) {
      const det = a * e - b * b;
      new0 = <f32>((y0 * e - y1 * b) / det);
      if (two) new1 = <f32>((y1 * a - y0 * b) / det);
    }
    store<f32>(c, new0, 64);
    if (two) store<f32>(c, new1, 128);
    store<f64>(s, <f64>old0 - <f64>new0, 24);
    store<f64>(s, <f64>old1 - <f64>new1, 32);
  }
  for (let i = 0; i < t.count; i++) {
    const row = t.rows + <usize>i * t.stride + offset, at = t.along + (<usize>i << 2);
    const s = scratch + <usize>load<u8>(t.codes + <usize>i * t.m + <usize>j) * SUMS;
    const inverse = <f64>load<f32>(t.inverse + (<usize>i << 2));
    let moved = load<f64>(s, 24) * <f64>load<f32>(row);
    if (two) moved += load<f64>(s, 32) * <f64>load<f32>(row, 4);
    store<f32>(at, <f32>(<f64>load<f32>(at) + moved * inverse));
  }
  halfNorms(book, 16, two ? 2 : 1);
}
