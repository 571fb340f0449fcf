// A matrix product for training: out = alpha · A B + beta · C, float32, in a fixed order and never fused, so that it gives the
// same bits everywhere. A is read by two strides, and so may be transposed.

import { mulAdd } from "../simd";

/** Filled by src/quantize/opq.ts, four bytes a field. Addresses and strides are in bytes; rows of B and C are padded to eight. */
@unmanaged
export class Product {
  a: usize;
  /** From one row of A to the next, and from one column to the next. */
  aRow: usize;
  aColumn: usize;
  b: usize;
  bRow: usize;
  c: usize;
  cRow: usize;
  out: usize;
  outRow: usize;
  depth: i32;
  columns: i32;
  rows: i32;
  alpha: f32;
  beta: f32;
}

@inline
function finish(p: Product, row: i32, at: usize, low: v128, high: v128): void {
  const alpha = f32x4.splat(p.alpha), out = p.out + <usize>row * p.outRow + at;
  low = f32x4.mul(low, alpha);
  high = f32x4.mul(high, alpha);
  if (p.c) {
    const beta = f32x4.splat(p.beta), c = p.c + <usize>row * p.cRow + at;
    low = mulAdd(beta, v128.load(c), low);
    high = mulAdd(beta, v128.load(c, 16), high);
  }
  v128.store(out, low);
  v128.store(out, high, 16);
}

/** Groups begin … end of four rows of the outcome; rows of A past the last are read again and left out. */
export function multiply(_scratch: usize, p: Product, begin: i32, end: i32): void {
  for (let group = begin; group < end; group++) {
    const row = group << 2, last = p.rows - 1;
    const a0 = p.a + <usize>row * p.aRow, a1 = p.a + <usize>min(row + 1, last) * p.aRow;
    const a2 = p.a + <usize>min(row + 2, last) * p.aRow, a3 = p.a + <usize>min(row + 3, last) * p.aRow;
    for (let at: usize = 0; at < <usize>p.columns << 2; at += 32) {
      let s0 = f32x4.splat(0), t0 = s0, s1 = s0, t1 = s0, s2 = s0, t2 = s0, s3 = s0, t3 = s0;
      let b = p.b + at, step: usize = 0;
      for (let k = 0; k < p.depth; k++) {
        const x = v128.load(b), y = v128.load(b, 16);
        let v = v128.load32_splat(a0 + step);
        s0 = mulAdd(v, x, s0);
        t0 = mulAdd(v, y, t0);
        v = v128.load32_splat(a1 + step);
        s1 = mulAdd(v, x, s1);
        t1 = mulAdd(v, y, t1);
        v = v128.load32_splat(a2 + step);
        s2 = mulAdd(v, x, s2);
        t2 = mulAdd(v, y, t2);
        v = v128.load32_splat(a3 + step);
        s3 = mulAdd(v, x, s3);
        t3 = mulAdd(v, y, t3);
        b += p.bRow;
        step += p.aColumn;
      }
      finish(p, row, at, s0, t0);
      if (row + 1 <= last) finish(p, row + 1, at, s1, t1);
      if (row + 2 <= last) finish(p, row + 2, at, s2, t2);
      if (row + 3 <= last) finish(p, row + 3, at, s3, t3);
    }
  }
}
