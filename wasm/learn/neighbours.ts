// Windows of images and others of the image that are their candidates: distances to them, and weighted sums of
// them. Windows are read where they lie in the image, as `size` runs of numbers.
import { fma, transposeSum } from "../simd";

/** Written by TypeScript. */
@unmanaged
class Windows {
  height: i32;
  width: i32;
  channels: i32;
  size: i32;
  stride: i32;
  down: i32;
  across: i32;
  candidates: i32;
  /** 1 where each image has an index of its own. */
  own: i32;
  k: i32;
}

/** Lanes below n. */
// @ts-ignore: decorator
@inline
function first(n: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n));
}

/** Bytes from the start of an array of images to a window of image n. */
// @ts-ignore: decorator
@inline
function startOf(s: Windows, n: i32, window: i32): usize {
  const row = window / s.across;
  const column = window - row * s.across;
  return <usize>(((n * s.height + row * s.stride) * s.width + column * s.stride) * s.channels) * 4;
}

/** The candidates of a window of image n. */
// @ts-ignore: decorator
@inline
function candidatesOf(s: Windows, index: usize, n: i32, window: i32): usize {
  const row = s.own ? n * s.down * s.across + window : window;
  return index + <usize>(row * s.candidates) * 4;
}

/** Squared distances of a window to four others. */
function fourDistances(a: usize, b0: usize, b1: usize, b2: usize, b3: usize, size: i32, run: i32, step: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const bytes = <usize>(run & ~3) * 4;
  const mask = first(run & 3);
  for (let row = 0; row < size; row++) {
    let i: usize = 0;
    for (; i < bytes; i += 16) {
      const v = v128.load(a + i);
      const d0 = f32x4.sub(v, v128.load(b0 + i));
      const d1 = f32x4.sub(v, v128.load(b1 + i));
      const d2 = f32x4.sub(v, v128.load(b2 + i));
      const d3 = f32x4.sub(v, v128.load(b3 + i));
      s0 = fma(d0, d0, s0);
      s1 = fma(d1, d1, s1);
      s2 = fma(d2, d2, s2);
      s3 = fma(d3, d3, s3);
    }
    if (run & 3) {
      const v = v128.load(a + i);
      const d0 = v128.and(f32x4.sub(v, v128.load(b0 + i)), mask);
      const d1 = v128.and(f32x4.sub(v, v128.load(b1 + i)), mask);
      const d2 = v128.and(f32x4.sub(v, v128.load(b2 + i)), mask);
      const d3 = v128.and(f32x4.sub(v, v128.load(b3 + i)), mask);
      s0 = fma(d0, d0, s0);
      s1 = fma(d1, d1, s1);
      s2 = fma(d2, d2, s2);
      s3 = fma(d3, d3, s3);
    }
    a += step;
    b0 += step;
    b1 += step;
    b2 += step;
    b3 += step;
  }
  return transposeSum(s0, s1, s2, s3);
}

/** y[window, j]; items are windows of all images. */
export function neighborDistanceRows(
  _scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const windows = s.down * s.across;
  const count = s.candidates;
  const step = <usize>(s.width * s.channels) * 4;
  const run = s.size * s.channels;
  for (let q = begin; q < end; q++) {
    const n = q / windows;
    const window = q - n * windows;
    const a = x + startOf(s, n, window);
    const list = candidatesOf(s, index, n, window);
    const out = y + <usize>(q * count) * 4;
    for (let j = 0; j < count; j += 4) {
      const left = min(3, count - 1 - j);
      const at = list + <usize>j * 4;
      const b0 = x + startOf(s, n, <i32>load<f32>(at));
      const b1 = x + startOf(s, n, <i32>load<f32>(at + <usize>min(1, left) * 4));
      const b2 = x + startOf(s, n, <i32>load<f32>(at + <usize>min(2, left) * 4));
      const b3 = x + startOf(s, n, <i32>load<f32>(at + <usize>left * 4));
      const four = fourDistances(a, b0, b1, b2, b3, s.size, run, step);
      const to = out + <usize>j * 4;
      if (left == 3) v128.store(to, four);
      else {
        store<f32>(to, f32x4.extract_lane(four, 0));
        if (left > 0) store<f32>(to, f32x4.extract_lane(four, 1), 4);
        if (left > 1) store<f32>(to, f32x4.extract_lane(four, 2), 8);
      }
    }
  }
}

/** da += g (a − b), db −= g (a − b) for a window and another, whose gradients may overlap. */
function pairBack(a: usize, b: usize, da: usize, db: usize, g: f32, size: i32, run: i32, step: usize): void {
  const factor = f32x4.splat(g);
  const bytes = <usize>run * 4;
  for (let row = 0; row < size; row++) {
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const v = f32x4.mul(factor, f32x4.sub(v128.load(a + i), v128.load(b + i)));
      v128.store(da + i, f32x4.add(v128.load(da + i), v));
      v128.store(db + i, f32x4.sub(v128.load(db + i), v));
    }
    for (; i < bytes; i += 4) {
      const v = g * (load<f32>(a + i) - load<f32>(b + i));
      store<f32>(da + i, load<f32>(da + i) + v);
      store<f32>(db + i, load<f32>(db + i) - v);
    }
    a += step;
    b += step;
    da += step;
    db += step;
  }
}

/** dx +=; items are images. */
export function neighborDistanceBack(
  _scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  dy: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const windows = s.down * s.across;
  const count = s.candidates;
  const step = <usize>(s.width * s.channels) * 4;
  const run = s.size * s.channels;
  for (let n = begin; n < end; n++) {
    for (let window = 0; window < windows; window++) {
      const a = startOf(s, n, window);
      const list = candidatesOf(s, index, n, window);
      const from = dy + <usize>((n * windows + window) * count) * 4;
      for (let j = 0; j < count; j++) {
        const g = <f32>2 * load<f32>(from + <usize>j * 4);
        if (g == 0) continue;
        const b = startOf(s, n, <i32>load<f32>(list + <usize>j * 4));
        pairBack(x + a, x + b, dx + a, dx + b, g, s.size, run, step);
      }
    }
  }
}

/** Twelve numbers of four weighted sums of runs: `table` has where the runs begin, w their weights by fours. */
function mixTwelve(table: usize, offset: usize, w: usize, count: i32, out: usize, outStep: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let c0 = a0;
  let c1 = a0;
  let c2 = a0;
  let d0 = a0;
  let d1 = a0;
  let d2 = a0;
  const last = table + <usize>count * 4;
  for (; table < last; table += 4) {
    const p = <usize>load<u32>(table) + offset;
    const x0 = v128.load(p);
    const x1 = v128.load(p, 16);
    const x2 = v128.load(p, 32);
    let f = v128.load_splat<f32>(w);
    a0 = fma(f, x0, a0);
    a1 = fma(f, x1, a1);
    a2 = fma(f, x2, a2);
    f = v128.load_splat<f32>(w, 4);
    b0 = fma(f, x0, b0);
    b1 = fma(f, x1, b1);
    b2 = fma(f, x2, b2);
    f = v128.load_splat<f32>(w, 8);
    c0 = fma(f, x0, c0);
    c1 = fma(f, x1, c1);
    c2 = fma(f, x2, c2);
    f = v128.load_splat<f32>(w, 12);
    d0 = fma(f, x0, d0);
    d1 = fma(f, x1, d1);
    d2 = fma(f, x2, d2);
    w += 16;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  out += outStep;
  v128.store(out, b0);
  v128.store(out, b1, 16);
  v128.store(out, b2, 32);
  out += outStep;
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  out += outStep;
  v128.store(out, d0);
  v128.store(out, d1, 16);
  v128.store(out, d2, 32);
}

/** The same for four numbers; those past the run are read and mean nothing. */
function mixFour(table: usize, offset: usize, w: usize, count: i32, out: usize, outStep: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const last = table + <usize>count * 4;
  for (; table < last; table += 4) {
    const x = v128.load(<usize>load<u32>(table) + offset);
    a = fma(v128.load_splat<f32>(w), x, a);
    b = fma(v128.load_splat<f32>(w, 4), x, b);
    c = fma(v128.load_splat<f32>(w, 8), x, c);
    d = fma(v128.load_splat<f32>(w, 12), x, d);
    w += 16;
  }
  v128.store(out, a);
  v128.store(out + outStep, b);
  v128.store(out + 2 * outStep, c);
  v128.store(out + 3 * outStep, d);
}

/** Windows that cover a place along one side of the image. */
// @ts-ignore: decorator
@inline
function covering(place: i32, size: i32, stride: i32, windows: i32): i32 {
  const from = place < size ? 0 : (place - size) / stride + 1;
  return max(0, min(windows - 1, place / stride) - from + 1);
}

/** Weights [k, count] of a window as [k / 4, count, 4], zeros in the last lanes. */
function packWeights(w: usize, k: i32, count: i32, to: usize): void {
  const lanes = (k + 3) & ~3;
  for (let r = 0; r < lanes; r++) {
    let out = to + <usize>((r >> 2) * count * 4 + (r & 3)) * 4;
    const from = w + <usize>(r * count) * 4;
    for (let j = 0; j < count; j++) {
      store<f32>(out, r < k ? load<f32>(from + <usize>j * 4) : 0);
      out += 16;
    }
  }
}

// @ts-ignore: decorator
@inline
function addNumbers(to: usize, from: usize, n: i32): void {
  const bytes = <usize>n * 4;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}

/** Rows `top` … `bottom` − 1 of a window, at byte address `to` of the first, mixed and added. */
function mixRows(
  s: Windows,
  table: usize,
  w: usize,
  sums: usize,
  top: i32,
  bottom: i32,
  to: usize,
): void {
  const k = s.k;
  const channels = s.channels;
  const run = s.size * channels;
  const sumStep = <usize>((run + 3) & ~3) * 4;
  const runBytes = <usize>run * 4;
  const rowBytes = <usize>(s.width * channels) * 4;
  const packed = <usize>s.candidates * 16;
  for (let row = top; row < bottom; row++) {
    const offset = <usize>row * rowBytes;
    for (let r = 0; r < k; r += 4) {
      const weights = w + <usize>(r >> 2) * packed;
      const out = sums + <usize>r * sumStep;
      let i: usize = 0;
      for (; i + 48 <= runBytes; i += 48) mixTwelve(table, offset + i, weights, s.candidates, out + i, sumStep);
      for (; i < runBytes; i += 16) mixFour(table, offset + i, weights, s.candidates, out + i, sumStep);
    }
    let place = to + <usize>(row - top) * rowBytes * <usize>k;
    for (let pixel = 0; pixel < s.size; pixel++) {
      for (let r = 0; r < k; r++) {
        addNumbers(place, sums + <usize>r * sumStep + <usize>(pixel * channels) * 4, channels);
        place += <usize>channels * 4;
      }
    }
  }
}

/** Divides rows of an image with k · channels numbers a pixel by the number of windows that cover each. */
function shareRows(s: Windows, y: usize, top: i32, bottom: i32): void {
  const n = <usize>(s.k * s.channels) * 4;
  for (let row = top; row < bottom; row++) {
    const down = covering(row, s.size, s.stride, s.down);
    for (let column = 0; column < s.width; column++) {
      const count = down * covering(column, s.size, s.stride, s.across);
      if (count > 1) {
        const share = <f32>1 / <f32>count;
        let i: usize = 0;
        for (; i + 16 <= n; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), f32x4.splat(share)));
        for (; i < n; i += 4) store<f32>(y + i, load<f32>(y + i) * share);
      }
      y += n;
    }
  }
}

/**
 * y[n, height, width, k, channels]; items are stripes of `stride` rows of images. Scratch: an address for each
 * candidate, k weights (padded to fours) for each, k padded runs.
 */
export function neighborMeanStripes(
  scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  w: usize,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const k = s.k;
  const count = s.candidates;
  const table = scratch;
  const weights = table + <usize>((count + 3) & ~3) * 4;
  const sums = weights + <usize>(((k + 3) & ~3) * count) * 4;
  const stripes = (s.height + s.stride - 1) / s.stride;
  const pixelBytes = <usize>(k * s.channels) * 4;
  for (let item = begin; item < end; item++) {
    const n = item / stripes;
    const top = (item - n * stripes) * s.stride;
    const bottom = min(top + s.stride, s.height);
    const image = y + <usize>(n * s.height * s.width) * pixelBytes;
    const to = image + <usize>(top * s.width) * pixelBytes;
    memory.fill(to, 0, <usize>((bottom - top) * s.width) * pixelBytes);
    const from = top < s.size ? 0 : (top - s.size) / s.stride + 1;
    for (let row = from; row < min(s.down, (bottom - 1) / s.stride + 1); row++) {
      const upper = max(top, row * s.stride);
      const lower = min(bottom, row * s.stride + s.size);
      for (let column = 0; column < s.across; column++) {
        const window = row * s.across + column;
        const list = candidatesOf(s, index, n, window);
        for (let j = 0; j < count; j++) {
          const at = <usize>j * 4;
          store<u32>(table + at, <u32>(x + startOf(s, n, <i32>load<f32>(list + at))));
        }
        packWeights(w + <usize>((n * s.down * s.across + window) * k * count) * 4, k, count, weights);
        const place = image + <usize>(upper * s.width + column * s.stride) * pixelBytes;
        mixRows(s, table, weights, sums, upper - row * s.stride, lower - row * s.stride, place);
      }
    }
    shareRows(s, to, top, bottom);
  }
}

/** The gradient of a window, shared out, as [size, k in fours, padded run], zeros in the padding. */
function gatherBack(s: Windows, dy: usize, n: i32, window: i32, to: usize): void {
  const k = s.k;
  const channels = s.channels;
  const fours = (k + 3) & ~3;
  const step = <usize>((s.size * channels + 3) & ~3) * 4;
  const top = (window / s.across) * s.stride;
  const left = (window % s.across) * s.stride;
  memory.fill(to, 0, <usize>(s.size * fours) * step);
  for (let row = 0; row < s.size; row++) {
    const down = covering(top + row, s.size, s.stride, s.down);
    let from = dy + <usize>(((n * s.height + top + row) * s.width + left) * k * channels) * 4;
    for (let pixel = 0; pixel < s.size; pixel++) {
      const share = <f32>1 / <f32>(down * covering(left + pixel, s.size, s.stride, s.across));
      for (let r = 0; r < k; r++) {
        let out = to + <usize>(row * fours + r) * step + <usize>(pixel * channels) * 4;
        for (let c = 0; c < channels; c++) {
          store<f32>(out, load<f32>(from) * share);
          out += 4;
          from += 4;
        }
      }
    }
  }
}

/** Products of a window with four rows of a gathered gradient, g, whose image rows lie gStep apart. */
function fourDots(b: usize, g: usize, size: i32, run: i32, step: usize, gStep: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const bytes = <usize>(run & ~3) * 4;
  const mask = first(run & 3);
  const next = <usize>((run + 3) & ~3) * 4;
  for (let row = 0; row < size; row++) {
    let i: usize = 0;
    for (; i < bytes; i += 16) {
      const v = v128.load(b + i);
      const p = g + i;
      s0 = fma(v, v128.load(p), s0);
      s1 = fma(v, v128.load(p + next), s1);
      s2 = fma(v, v128.load(p + 2 * next), s2);
      s3 = fma(v, v128.load(p + 3 * next), s3);
    }
    if (run & 3) {
      const v = v128.and(v128.load(b + i), mask);
      const p = g + i;
      s0 = fma(v, v128.load(p), s0);
      s1 = fma(v, v128.load(p + next), s1);
      s2 = fma(v, v128.load(p + 2 * next), s2);
      s3 = fma(v, v128.load(p + 3 * next), s3);
    }
    b += step;
    g += gStep;
  }
  return transposeSum(s0, s1, s2, s3);
}

/** db += the four rows of a gathered gradient, weighted by w. */
function fourBack(db: usize, g: usize, w: usize, size: i32, run: i32, step: usize, gStep: usize): void {
  const w0 = v128.load_splat<f32>(w);
  const w1 = v128.load_splat<f32>(w, 4);
  const w2 = v128.load_splat<f32>(w, 8);
  const w3 = v128.load_splat<f32>(w, 12);
  const bytes = <usize>run * 4;
  const next = <usize>((run + 3) & ~3) * 4;
  for (let row = 0; row < size; row++) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const p = g + i;
      let v = f32x4.mul(w0, v128.load(p));
      v = fma(w1, v128.load(p + next), v);
      v = fma(w2, v128.load(p + 2 * next), v);
      v = fma(w3, v128.load(p + 3 * next), v);
      const to = db + i;
      if (i + 16 <= bytes) v128.store(to, f32x4.add(v128.load(to), v));
      else {
        store<f32>(to, load<f32>(to) + f32x4.extract_lane(v, 0));
        if (bytes - i > 4) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(v, 1), 4);
        if (bytes - i > 8) store<f32>(to, load<f32>(to, 8) + f32x4.extract_lane(v, 2), 8);
      }
    }
    db += step;
    g += gStep;
  }
}

/** dx, dw +=; items are images. Scratch: k weights (padded to fours) for each candidate, and size · k padded runs. */
export function neighborMeanBack(
  scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  w: usize,
  dy: usize,
  dx: usize,
  dw: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const k = s.k;
  const count = s.candidates;
  const windows = s.down * s.across;
  const run = s.size * s.channels;
  const runStep = <usize>((run + 3) & ~3) * 4;
  const gStep = <usize>((k + 3) & ~3) * runStep;
  const step = <usize>(s.width * s.channels) * 4;
  const weights = scratch;
  const gathered = weights + <usize>(((k + 3) & ~3) * count) * 4;
  for (let n = begin; n < end; n++) {
    for (let window = 0; window < windows; window++) {
      const list = candidatesOf(s, index, n, window);
      const row = <usize>((n * windows + window) * k * count) * 4;
      packWeights(w + row, k, count, weights);
      gatherBack(s, dy, n, window, gathered);
      for (let j = 0; j < count; j++) {
        const b = startOf(s, n, <i32>load<f32>(list + <usize>j * 4));
        for (let r = 0; r < k; r += 4) {
          const g = gathered + <usize>r * runStep;
          const dots = fourDots(x + b, g, s.size, run, step, gStep);
          fourBack(dx + b, g, weights + <usize>((r >> 2) * count + j) * 16, s.size, run, step, gStep);
          const out = dw + row + <usize>(r * count + j) * 4;
          const next = <usize>count * 4;
          store<f32>(out, load<f32>(out) + f32x4.extract_lane(dots, 0));
          if (r + 1 < k) store<f32>(out + next, load<f32>(out + next) + f32x4.extract_lane(dots, 1));
          if (r + 2 < k) store<f32>(out + 2 * next, load<f32>(out + 2 * next) + f32x4.extract_lane(dots, 2));
          if (r + 3 < k) store<f32>(out + 3 * next, load<f32>(out + 3 * next) + f32x4.extract_lane(dots, 3));
        }
      }
    }
  }
}

/** y[r] (+)= x[r], rows of `bytes` bytes that begin xStep and yStep bytes apart. */
export function copyRows(
  _scratch: usize,
  x: usize,
  xStep: i32,
  y: usize,
  yStep: i32,
  bytes: i32,
  add: i32,
  begin: i32,
  end: i32,
): void {
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * <usize>xStep;
    const to = y + <usize>r * <usize>yStep;
    if (add) addNumbers(to, from, bytes >> 2);
    else memory.copy(to, from, <usize>bytes);
  }
}
