// Tiles of a matrix product held in registers. Strides in bytes. B comes as columns in groups of eight: eight
// consecutive numbers for each k, `bks` apart. Exported so that the compiler keeps them functions of their
// own: what they are called from may run for long, and only a new call finds the optimised code.
import { fma } from "../simd";

/** Six rows of eight columns: C = A B, added to what is in C if `add`. */
export function tile6(
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  bks: usize,
  c: usize,
  crs: usize,
  K: i32,
  add: i32,
): void {
  let a0 = a;
  let a1 = a + ars;
  let a2 = a1 + ars;
  let a3 = a2 + ars;
  let a4 = a3 + ars;
  let a5 = a4 + ars;
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  let c40 = zero;
  let c41 = zero;
  let c50 = zero;
  let c51 = zero;
  let p = c;
  if (add) {
    c00 = v128.load(p);
    c01 = v128.load(p, 16);
    p += crs;
    c10 = v128.load(p);
    c11 = v128.load(p, 16);
    p += crs;
    c20 = v128.load(p);
    c21 = v128.load(p, 16);
    p += crs;
    c30 = v128.load(p);
    c31 = v128.load(p, 16);
    p += crs;
    c40 = v128.load(p);
    c41 = v128.load(p, 16);
    p += crs;
    c50 = v128.load(p);
    c51 = v128.load(p, 16);
  }
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += bks;
    let s = v128.load_splat<f32>(a0);
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    s = v128.load_splat<f32>(a2);
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    s = v128.load_splat<f32>(a3);
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    s = v128.load_splat<f32>(a4);
    c40 = fma(s, b0, c40);
    c41 = fma(s, b1, c41);
    s = v128.load_splat<f32>(a5);
    c50 = fma(s, b0, c50);
    c51 = fma(s, b1, c51);
    a0 += aks;
    a1 += aks;
    a2 += aks;
    a3 += aks;
    a4 += aks;
    a5 += aks;
  }
  p = c;
  v128.store(p, c00);
  v128.store(p, c01, 16);
  p += crs;
  v128.store(p, c10);
  v128.store(p, c11, 16);
  p += crs;
  v128.store(p, c20);
  v128.store(p, c21, 16);
  p += crs;
  v128.store(p, c30);
  v128.store(p, c31, 16);
  p += crs;
  v128.store(p, c40);
  v128.store(p, c41, 16);
  p += crs;
  v128.store(p, c50);
  v128.store(p, c51, 16);
}

/** Four rows of eight columns. */
export function tile4(
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  bks: usize,
  c: usize,
  crs: usize,
  K: i32,
  add: i32,
): void {
  let a1 = a + ars;
  let a2 = a1 + ars;
  let a3 = a2 + ars;
  const c1 = c + crs;
  const c2 = c1 + crs;
  const c3 = c2 + crs;
  const zero = f32x4.splat(0);
  let c00 = add ? v128.load(c) : zero;
  let c01 = add ? v128.load(c, 16) : zero;
  let c10 = add ? v128.load(c1) : zero;
  let c11 = add ? v128.load(c1, 16) : zero;
  let c20 = add ? v128.load(c2) : zero;
  let c21 = add ? v128.load(c2, 16) : zero;
  let c30 = add ? v128.load(c3) : zero;
  let c31 = add ? v128.load(c3, 16) : zero;
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += bks;
    let s = v128.load_splat<f32>(a);
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    s = v128.load_splat<f32>(a2);
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    s = v128.load_splat<f32>(a3);
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    a += aks;
    a1 += aks;
    a2 += aks;
    a3 += aks;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c1, c10);
  v128.store(c1, c11, 16);
  v128.store(c2, c20);
  v128.store(c2, c21, 16);
  v128.store(c3, c30);
  v128.store(c3, c31, 16);
}

/** Two rows of eight columns. */
export function tile2(
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  bks: usize,
  c: usize,
  crs: usize,
  K: i32,
  add: i32,
): void {
  let a1 = a + ars;
  const p = c + crs;
  const zero = f32x4.splat(0);
  let c00 = add ? v128.load(c) : zero;
  let c01 = add ? v128.load(c, 16) : zero;
  let c10 = add ? v128.load(p) : zero;
  let c11 = add ? v128.load(p, 16) : zero;
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += bks;
    let s = v128.load_splat<f32>(a);
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    a += aks;
    a1 += aks;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(p, c10);
  v128.store(p, c11, 16);
}

/** One row of eight columns. */
export function tile1(a: usize, aks: usize, b: usize, bks: usize, c: usize, K: i32, add: i32): void {
  const zero = f32x4.splat(0);
  let c0 = add ? v128.load(c) : zero;
  let c1 = add ? v128.load(c, 16) : zero;
  for (let k = 0; k < K; k++) {
    const s = v128.load_splat<f32>(a);
    c0 = fma(s, v128.load(b), c0);
    c1 = fma(s, v128.load(b, 16), c1);
    a += aks;
    b += bks;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** `rows` rows of one group of columns. The order of sums is the same for each row, whatever tile it is in. */
// @ts-ignore: decorator
@inline
export function tiles(
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  bks: usize,
  c: usize,
  crs: usize,
  rows: i32,
  K: i32,
  add: i32,
): void {
  // Eight rows at the end as four and four: tiles of two leave the processor waiting.
  const sixes = rows - (rows >= 8 && rows % 6 == 2 ? 8 : rows % 6);
  let i = 0;
  for (; i < sixes; i += 6) tile6(a + <usize>i * ars, ars, aks, b, bks, c + <usize>i * crs, crs, K, add);
  for (; i + 4 <= rows; i += 4) tile4(a + <usize>i * ars, ars, aks, b, bks, c + <usize>i * crs, crs, K, add);
  for (; i + 2 <= rows; i += 2) tile2(a + <usize>i * ars, ars, aks, b, bks, c + <usize>i * crs, crs, K, add);
  if (i < rows) tile1(a + <usize>i * ars, aks, b, bks, c + <usize>i * crs, K, add);
}

/** The last group of columns when only `columns` < 8 of them exist: by way of 32 bytes a row at `aside`. */
export function narrowTiles(
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  bks: usize,
  c: usize,
  crs: usize,
  rows: i32,
  K: i32,
  add: i32,
  columns: i32,
  aside: usize,
): void {
  for (let i = 0; i < rows; i += 6) {
    const r = min(6, rows - i);
    const to = c + <usize>i * crs;
    if (add) {
      for (let j = 0; j < r; j++) {
        for (let n = 0; n < columns; n++)
          store<f32>(aside + <usize>(8 * j + n) * 4, load<f32>(to + <usize>j * crs + <usize>n * 4));
      }
    }
    tiles(a + <usize>i * ars, ars, aks, b, bks, aside, 32, r, K, add);
    for (let j = 0; j < r; j++) {
      for (let n = 0; n < columns; n++)
        store<f32>(to + <usize>j * crs + <usize>n * 4, load<f32>(aside + <usize>(8 * j + n) * 4));
    }
  }
}

/** `rows` rows of all N columns, from groups of columns `bps` apart. `aside` has room for 192 bytes. */
export function rowsTimesPanels(
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  bks: usize,
  bps: usize,
  c: usize,
  crs: usize,
  rows: i32,
  N: i32,
  K: i32,
  add: i32,
  aside: usize,
): void {
  let n = 0;
  for (; n + 8 <= N; n += 8) {
    tiles(a, ars, aks, b, bks, c + <usize>n * 4, crs, rows, K, add);
    b += bps;
  }
  if (n < N) narrowTiles(a, ars, aks, b, bks, c + <usize>n * 4, crs, rows, K, add, N - n, aside);
}
