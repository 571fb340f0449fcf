// Softmax and its relatives along rows, and the largest of each row. Items are rows.
import { fma, hsum } from "../simd";
import { exp4, log4 } from "./functions";

/** The last n < 4 numbers from p on, `other` past them. */
// @ts-ignore: decorator
@inline
function few(p: usize, n: i32, other: f32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(other), 0, load<f32>(p));
  if (n > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

// @ts-ignore: decorator
@inline
function storeFew(p: usize, v: v128, n: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (n > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (n > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

/** The largest of what is a number; NaN where nothing but NaN stands beside −∞. */
// @ts-ignore: decorator
@inline
function highest(x: usize, n: i32): f32 {
  let high = f32x4.splat(-Infinity);
  let other = high;
  let p = x;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    high = f32x4.pmax(high, v128.load(p));
    other = f32x4.pmax(other, v128.load(p, 16));
    p += 32;
  }
  high = f32x4.pmax(high, other);
  let best = max(
    max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)),
    max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)),
  );
  for (; i < n; i++) {
    const value = load<f32>(p);
    if (value > best) best = value;
    p += 4;
  }
  if (best == -Infinity) {
    for (i = 0; i < n; i++) best = max(best, load<f32>(x + <usize>i * 4));
  }
  return best;
}

/** Σ e^(x − high) */
// @ts-ignore: decorator
@inline
function sumOfExp(x: usize, n: i32, high: f32): f32 {
  const top = f32x4.splat(high);
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(x), top)));
    x += 16;
  }
  if (i < n) sum = f32x4.add(sum, exp4(f32x4.sub(few(x, n - i, -Infinity), top)));
  return hsum(sum);
}

// @ts-ignore: decorator
@inline
function logOf(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

function logSumOf(x: usize, n: i32): f32 {
  const high = highest(x, n);
  return high == -Infinity ? high : high + logOf(sumOfExp(x, n, high));
}

export function softmaxRows(_scratch: usize, x: usize, cols: i32, y: usize, begin: i32, end: i32): void {
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * bytes;
    const to = y + <usize>r * bytes;
    const high = highest(from, cols);
    if (high == -Infinity) {
      memory.fill(to, 0, bytes);
      continue;
    }
    const top = f32x4.splat(high);
    let sum = f32x4.splat(0);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const e = exp4(f32x4.sub(v128.load(from + i), top));
      v128.store(to + i, e);
      sum = f32x4.add(sum, e);
    }
    const rest = <i32>(bytes - i) >> 2;
    if (rest) {
      const e = exp4(f32x4.sub(few(from + i, rest, -Infinity), top));
      storeFew(to + i, e, rest);
      sum = f32x4.add(sum, e);
    }
    const scale = f32x4.splat(<f32>1 / hsum(sum));
    for (i = 0; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.mul(v128.load(to + i), scale));
    if (rest) storeFew(to + i, f32x4.mul(few(to + i, rest, 0), scale), rest);
  }
}

/** dx += y (dy − Σ y dy) */
export function softmaxBack(_scratch: usize, y: usize, dy: usize, cols: i32, dx: usize, begin: i32, end: i32): void {
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const at = <usize>r * bytes;
    const py = y + at;
    const pg = dy + at;
    const px = dx + at;
    let sum = f32x4.splat(0);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) sum = fma(v128.load(py + i), v128.load(pg + i), sum);
    const rest = <i32>(bytes - i) >> 2;
    if (rest) sum = fma(few(py + i, rest, 0), few(pg + i, rest, 0), sum);
    const dot = f32x4.splat(hsum(sum));
    for (i = 0; i + 16 <= bytes; i += 16) {
      const g = f32x4.mul(v128.load(py + i), f32x4.sub(v128.load(pg + i), dot));
      v128.store(px + i, f32x4.add(v128.load(px + i), g));
    }
    if (rest) {
      const g = f32x4.mul(few(py + i, rest, 0), f32x4.sub(few(pg + i, rest, 0), dot));
      storeFew(px + i, f32x4.add(few(px + i, rest, 0), g), rest);
    }
  }
}

export function logSoftmaxRows(_scratch: usize, x: usize, cols: i32, y: usize, begin: i32, end: i32): void {
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * bytes;
    const to = y + <usize>r * bytes;
    const high = highest(from, cols);
    const low = high == -Infinity;
    const top = f32x4.splat(high);
    const shift = f32x4.splat(low ? 0 : logOf(sumOfExp(from, cols, high)));
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const v = v128.load(from + i);
      v128.store(to + i, low ? v : f32x4.sub(f32x4.sub(v, top), shift));
    }
    const rest = <i32>(bytes - i) >> 2;
    if (rest) {
      const v = few(from + i, rest, 0);
      storeFew(to + i, low ? v : f32x4.sub(f32x4.sub(v, top), shift), rest);
    }
  }
}

/** dx += dy − e^y Σ dy */
export function logSoftmaxBack(_scratch: usize, y: usize, dy: usize, cols: i32, dx: usize, begin: i32, end: i32): void {
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const at = <usize>r * bytes;
    const py = y + at;
    const pg = dy + at;
    const px = dx + at;
    let sum = f32x4.splat(0);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) sum = f32x4.add(sum, v128.load(pg + i));
    const rest = <i32>(bytes - i) >> 2;
    if (rest) sum = f32x4.add(sum, few(pg + i, rest, 0));
    const total = f32x4.splat(hsum(sum));
    for (i = 0; i + 16 <= bytes; i += 16) {
      const g = f32x4.sub(v128.load(pg + i), f32x4.mul(exp4(v128.load(py + i)), total));
      v128.store(px + i, f32x4.add(v128.load(px + i), g));
    }
    if (rest) {
      const g = f32x4.sub(few(pg + i, rest, 0), f32x4.mul(exp4(few(py + i, rest, 0)), total));
      storeFew(px + i, f32x4.add(few(px + i, rest, 0), g), rest);
    }
  }
}

export function logSumExpRows(_scratch: usize, x: usize, cols: i32, y: usize, begin: i32, end: i32): void {
  for (let r = begin; r < end; r++) {
    store<f32>(y + <usize>r * 4, logSumOf(x + <usize>r * <usize>cols * 4, cols));
  }
}

/** dx += e^(x − y) dy */
export function logSumExpBack(
  _scratch: usize,
  x: usize,
  y: usize,
  dy: usize,
  cols: i32,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const total = load<f32>(y + <usize>r * 4);
    if (total == -Infinity) continue;
    const shift = f32x4.splat(total);
    const scale = v128.load_splat<f32>(dy + <usize>r * 4);
    const from = x + <usize>r * bytes;
    const to = dx + <usize>r * bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const e = exp4(f32x4.sub(v128.load(from + i), shift));
      v128.store(to + i, fma(e, scale, v128.load(to + i)));
    }
    const rest = <i32>(bytes - i) >> 2;
    if (rest) {
      const e = exp4(f32x4.sub(few(from + i, rest, 0), shift));
      storeFew(to + i, fma(e, scale, few(to + i, rest, 0)), rest);
    }
  }
}

/** The k largest of each row, largest first, the lower column first among equals; by insertion, for small k. */
export function topKRows(
  _scratch: usize,
  x: usize,
  cols: i32,
  k: i32,
  values: usize,
  at: usize,
  begin: i32,
  end: i32,
): void {
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * <usize>cols * 4;
    const best = values + <usize>r * <usize>k * 4;
    const where = at + <usize>r * <usize>k * 4;
    let have = 0;
    for (let j = 0; j < cols; j++) {
      const value = load<f32>(row + <usize>j * 4);
      if (have == k && !(value > load<f32>(best + <usize>(k - 1) * 4))) continue;
      let i = have < k ? have++ : k - 1;
      for (; i > 0; i--) {
        const above = load<f32>(best + <usize>(i - 1) * 4);
        if (!(value > above)) break;
        store<f32>(best + <usize>i * 4, above);
        store<f32>(where + <usize>i * 4, load<f32>(where + <usize>(i - 1) * 4));
      }
      store<f32>(best + <usize>i * 4, value);
      store<f32>(where + <usize>i * 4, <f32>j);
    }
  }
}

/** dx[r, at[r, j]] += dy[r, j] for j < k */
export function topKBack(
  _scratch: usize,
  dy: usize,
  at: usize,
  cols: i32,
  k: i32,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  for (let r = begin; r < end; r++) {
    const row = dx + <usize>r * <usize>cols * 4;
    for (let j = 0; j < k; j++) {
      const from = <usize>(r * k + j) * 4;
      const to = row + <usize>(<i32>load<f32>(at + from)) * 4;
      store<f32>(to, load<f32>(to) + load<f32>(dy + from));
    }
  }
}
