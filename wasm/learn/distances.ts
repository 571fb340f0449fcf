// Squared Euclidean distances from differences, so that near rows get near distances and equal rows exactly 0.
// Groups of eight rows of B are packed as columns; see gemm.ts.
import { fma } from "../simd";

/** Four rows of A against eight of B; K numbers each. */
export function distanceTile(a: usize, ars: usize, b: usize, c: usize, crs: usize, K: i32, add: i32): void {
  const a1 = ars;
  const a2 = ars * 2;
  const a3 = ars * 3;
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += 32;
    let s = v128.load_splat<f32>(a);
    let d = f32x4.sub(s, b0);
    let e = f32x4.sub(s, b1);
    c00 = fma(d, d, c00);
    c01 = fma(e, e, c01);
    s = v128.load_splat<f32>(a + a1);
    d = f32x4.sub(s, b0);
    e = f32x4.sub(s, b1);
    c10 = fma(d, d, c10);
    c11 = fma(e, e, c11);
    s = v128.load_splat<f32>(a + a2);
    d = f32x4.sub(s, b0);
    e = f32x4.sub(s, b1);
    c20 = fma(d, d, c20);
    c21 = fma(e, e, c21);
    s = v128.load_splat<f32>(a + a3);
    d = f32x4.sub(s, b0);
    e = f32x4.sub(s, b1);
    c30 = fma(d, d, c30);
    c31 = fma(e, e, c31);
    a += 4;
  }
  if (add) {
    c00 = f32x4.add(c00, v128.load(c));
    c01 = f32x4.add(c01, v128.load(c, 16));
    c10 = f32x4.add(c10, v128.load(c + crs));
    c11 = f32x4.add(c11, v128.load(c + crs, 16));
    c20 = f32x4.add(c20, v128.load(c + 2 * crs));
    c21 = f32x4.add(c21, v128.load(c + 2 * crs, 16));
    c30 = f32x4.add(c30, v128.load(c + 3 * crs));
    c31 = f32x4.add(c31, v128.load(c + 3 * crs, 16));
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += crs;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += crs;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += crs;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

const KC: i32 = 256;

/** Rows begin … end of y = squared distances, `columns` a row; scratch: four rows of d numbers and 256 bytes. */
export function distanceRows(
  scratch: usize,
  a: usize,
  d: i32,
  b: usize,
  columns: i32,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const ars = <usize>d * 4;
  const crs = <usize>columns * 4;
  const aside = scratch;
  const last = scratch + 256;
  for (let j = 0; j < columns; j += 8) {
    const panel = b + <usize>j * ars;
    const wide = j + 8 <= columns;
    for (let i = begin; i < end; i += 4) {
      const whole = i + 4 <= end;
      let rows = a + <usize>i * ars;
      if (!whole) {
        memory.copy(last, rows, <usize>(end - i) * ars);
        rows = last;
      }
      const direct = whole && wide;
      const to = direct ? y + <usize>i * crs + <usize>j * 4 : aside;
      const toStep: usize = direct ? crs : 32;
      for (let k = 0; k < d; k += KC) {
        distanceTile(rows + <usize>k * 4, ars, panel + <usize>k * 32, to, toStep, min(KC, d - k), i32(k > 0));
      }
      if (!direct) {
        const n = min(8, columns - j);
        for (let r = 0; r < min(4, end - i); r++) {
          memory.copy(y + <usize>(i + r) * crs + <usize>j * 4, aside + <usize>r * 32, <usize>n * 4);
        }
      }
    }
  }
}
