// Sums and largest values along the middle of [outer, mid, inner]. Sums are taken in blocks, so that errors
// grow with the root of the length rather than with the length.
import { fma, hsum } from "../simd";

const BLOCK: i32 = 256;

/** Σ of n numbers: blocks in float32, the sum of blocks in float64. */
// @ts-ignore: decorator
@inline
function total(x: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let first = 0; first < n; first += BLOCK) {
    const last = min(n, first + BLOCK);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let i = first;
    for (; i + 8 <= last; i += 8) {
      a = f32x4.add(a, v128.load(x));
      b = f32x4.add(b, v128.load(x, 16));
      x += 32;
    }
    let part = hsum(f32x4.add(a, b));
    for (; i < last; i++) {
      part += load<f32>(x);
      x += 4;
    }
    sum += <f64>part;
  }
  return sum;
}

/** y[o] (+)= scale · Σ x[o, ·] for rows begin … end of n numbers. */
export function sumRows(_scratch: usize, x: usize, n: i32, scale: f32, y: usize, add: i32, begin: i32, end: i32): void {
  for (let o = begin; o < end; o++) {
    const sum = <f32>(<f64>scale * total(x + <usize>o * <usize>n * 4, n));
    const at = y + <usize>o * 4;
    store<f32>(at, add ? load<f32>(at) + sum : sum);
  }
}

// @ts-ignore: decorator
@inline
function put(at: usize, scale: v128, sum: v128, add: i32): void {
  const value = f32x4.mul(scale, sum);
  v128.store(at, add ? f32x4.add(v128.load(at), value) : value);
}

/** y[o, i] (+)= scale · Σ_m x[o, m, i]: item g is columns 16 g … 16 g + 15 of one o. */
export function sumColumns(
  _scratch: usize,
  x: usize,
  mid: i32,
  inner: i32,
  scale: f32,
  y: usize,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const groups = (inner + 15) >> 4;
  const step = <usize>inner * 4;
  const s = f32x4.splat(scale);
  for (let g = begin; g < end; g++) {
    const o = g / groups;
    const i = 16 * (g - o * groups);
    const from = x + (<usize>o * <usize>mid * <usize>inner + <usize>i) * 4;
    const to = y + (<usize>o * <usize>inner + <usize>i) * 4;
    if (i + 16 > inner) {
      for (let j: usize = 0; j < <usize>(inner - i) * 4; j += 4) {
        let sum: f64 = 0;
        let p = from + j;
        for (let m = 0; m < mid; m++) {
          sum += <f64>load<f32>(p);
          p += step;
        }
        const value = <f32>(<f64>scale * sum);
        store<f32>(to + j, add ? load<f32>(to + j) + value : value);
      }
      continue;
    }
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let p = from;
    for (let first = 0; first < mid; first += BLOCK) {
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      for (let m = min(BLOCK, mid - first); m > 0; m--) {
        a0 = f32x4.add(a0, v128.load(p));
        a1 = f32x4.add(a1, v128.load(p, 16));
        a2 = f32x4.add(a2, v128.load(p, 32));
        a3 = f32x4.add(a3, v128.load(p, 48));
        p += step;
      }
      s0 = f32x4.add(s0, a0);
      s1 = f32x4.add(s1, a1);
      s2 = f32x4.add(s2, a2);
      s3 = f32x4.add(s3, a3);
    }
    put(to, s, s0, add);
    put(to + 16, s, s1, add);
    put(to + 32, s, s2, add);
    put(to + 48, s, s3, add);
  }
}

/** dx[r, i] += scale · dy[r / mid, i] for rows begin … end of `inner` numbers. */
export function spreadColumns(
  _scratch: usize,
  dy: usize,
  mid: i32,
  inner: i32,
  scale: f32,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const s = f32x4.splat(scale);
  const bytes = <usize>inner * 4;
  for (let r = begin; r < end; r++) {
    const from = dy + <usize>(r / mid) * bytes;
    const to = dx + <usize>r * bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, fma(s, v128.load(from + i), v128.load(to + i)));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + scale * load<f32>(from + i));
  }
}

/** dx[o, ·] += scale · dy[o] for rows begin … end of n numbers. */
export function spreadRows(_scratch: usize, dy: usize, n: i32, scale: f32, dx: usize, begin: i32, end: i32): void {
  for (let o = begin; o < end; o++) {
    const value = scale * load<f32>(dy + <usize>o * 4);
    const four = f32x4.splat(value);
    let to = dx + <usize>o * <usize>n * 4;
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      v128.store(to, f32x4.add(v128.load(to), four));
      to += 16;
    }
    for (; i < n; i++) {
      store<f32>(to, load<f32>(to) + value);
      to += 4;
    }
  }
}

/** Largest along the middle, and the first place that has it; items are o. */
export function maxMiddle(
  _scratch: usize,
  x: usize,
  mid: i32,
  inner: i32,
  y: usize,
  at: usize,
  begin: i32,
  end: i32,
): void {
  const step = <usize>inner * 4;
  for (let o = begin; o < end; o++) {
    for (let i = 0; i < inner; i++) {
      let p = x + (<usize>o * <usize>mid * <usize>inner + <usize>i) * 4;
      let best = load<f32>(p);
      let where = 0;
      for (let m = 1; m < mid; m++) {
        p += step;
        const value = load<f32>(p);
        if (value > best) {
          best = value;
          where = m;
        }
      }
      const to = (<usize>o * <usize>inner + <usize>i) * 4;
      store<f32>(y + to, best);
      store<f32>(at + to, <f32>where);
    }
  }
}

/** dx[o, at[o, i], i] += dy[o, i]; items are o. */
export function maxMiddleGradient(
  _scratch: usize,
  dy: usize,
  at: usize,
  mid: i32,
  inner: i32,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  for (let o = begin; o < end; o++) {
    for (let i = 0; i < inner; i++) {
      const from = (<usize>o * <usize>inner + <usize>i) * 4;
      const m = <i32>load<f32>(at + from);
      const to = dx + ((<usize>o * <usize>mid + <usize>m) * <usize>inner + <usize>i) * 4;
      store<f32>(to, load<f32>(to) + load<f32>(dy + from));
    }
  }
}
