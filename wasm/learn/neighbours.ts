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
  /** The greatest common divisor of size and stride. */
  unit: i32;
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

/** Twelve numbers of four weighted sums of runs: `table` has the bytes from `offset` to where the runs begin, w their weights by fours. */
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

/**
 * Where a block's weights are put together: all windows that cover the block and have a candidate at the same
 * displacement read the same numbers for it, so that their weights add up first. A block is a square of `unit`
 * pixels, the greatest common divisor of size and stride: each window covers it whole or not at all.
 */
@unmanaged
class Mix {
  /** For each displacement its slot, or −1. */
  slots: usize;
  /** For each slot its displacement. */
  keys: usize;
  /** For each slot the bytes from an image's first number to the block, displaced. */
  places: usize;
  /** Weights by fours of steps: [k / 4, room, 4], zeros in lanes past k. */
  weights: usize;
  /** Slots that there is room for. */
  room: i32;
  /** What each weight is multiplied by: one over the number of windows that cover the block, for means. */
  share: f32;
}

/** Bytes of {@link Mix} and all it points to; TypeScript reckons the same. */
// @ts-ignore: decorator
@inline
function layMix(s: Windows, scratch: usize): Mix {
  const mix = changetype<Mix>(scratch);
  const map = (2 * s.down - 1) * (2 * s.across - 1);
  const deep = (s.size + s.stride - 1) / s.stride;
  mix.room = min(map, deep * deep * s.candidates);
  mix.slots = scratch + 64;
  mix.keys = mix.slots + <usize>map * 4;
  mix.places = mix.keys + <usize>mix.room * 4;
  mix.weights = mix.places + <usize>mix.room * 4;
  memory.fill(mix.slots, 0xff, <usize>map * 4);
  return mix;
}

// @ts-ignore: decorator
@inline
function mixEnd(s: Windows, mix: Mix): usize {
  return mix.weights + <usize>(((s.k + 3) & ~3) * mix.room) * 4;
}

// @ts-ignore: decorator
@inline
function firstOver(place: i32, s: Windows): i32 {
  return place < s.size ? 0 : (place - s.size) / s.stride + 1;
}

// @ts-ignore: decorator
@inline
function lastOver(place: i32, s: Windows, windows: i32): i32 {
  return min(windows - 1, place / s.stride);
}

/**
 * Weights of the windows over the block at a pixel of image n, put together: their mean over the windows, or their
 * sum. Returns the slots in use.
 */
function gatherMix(s: Windows, mix: Mix, index: usize, w: usize, n: i32, y: i32, x: i32, average: bool): i32 {
  const k = s.k;
  const lanes = (k + 3) & ~3;
  const count = s.candidates;
  const wide = 2 * s.across - 1;
  const zero = wide * (s.down - 1) + s.across - 1;
  const here = ((n * s.height + y) * s.width + x) * s.channels;
  const group = <usize>mix.room * 16;
  const step = <usize>count * 4;
  const lastRow = lastOver(y, s, s.down);
  const lastColumn = lastOver(x, s, s.across);
  const firstRow = firstOver(y, s);
  const firstColumn = firstOver(x, s);
  let used = 0;
  const over = average ? max(1, lastRow - firstRow + 1) * max(1, lastColumn - firstColumn + 1) : 1;
  mix.share = <f32>1 / <f32>over;
  const share = mix.share;
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const window = row * s.across + column;
      const list = candidatesOf(s, index, n, window);
      let from = w + <usize>((n * s.down * s.across + window) * k * count) * 4;
      for (let j = 0; j < count; j++) {
        const other = <i32>load<f32>(list + <usize>j * 4);
        const otherRow = other / s.across;
        const down = otherRow - row;
        const right = other - otherRow * s.across - column;
        const key = zero + down * wide + right;
        let slot = load<i32>(mix.slots + <usize>key * 4);
        if (slot < 0) {
          slot = used;
          used += 1;
          store<i32>(mix.slots + <usize>key * 4, slot);
          store<i32>(mix.keys + <usize>slot * 4, key);
          const place = here + (down * s.stride * s.width + right * s.stride) * s.channels;
          store<u32>(mix.places + <usize>slot * 4, <u32>place << 2);
          for (let r = 0; r < lanes; r += 4) {
            v128.store(mix.weights + <usize>(r >> 2) * group + <usize>slot * 16, f32x4.splat(0));
          }
        }
        let to = mix.weights + <usize>slot * 16;
        let p = from;
        for (let r = 0; r < k; r++) {
          store<f32>(to, load<f32>(to) + share * load<f32>(p));
          p += step;
          to += (r & 3) == 3 ? group - 12 : 4;
        }
        from += 4;
      }
    }
  }
  return used;
}

/** Forgets the slots in use. */
// @ts-ignore: decorator
@inline
function clearMix(mix: Mix, used: i32): void {
  for (let i = 0; i < used; i++) {
    store<i32>(mix.slots + <usize>load<i32>(mix.keys + <usize>i * 4) * 4, -1);
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

// @ts-ignore: decorator
@inline
function copyNumbers(to: usize, from: usize, n: i32): void {
  const bytes = <usize>n * 4;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

/**
 * dx +=; items are images. Scratch: a {@link Mix} of k = 1, for differences of blocks that several windows share
 * count once.
 */
export function neighborDistanceBack(
  scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  dy: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const unit = s.unit;
  const run = unit * s.channels;
  const step = <usize>(s.width * s.channels) * 4;
  const mix = layMix(s, scratch);
  const tall = (s.down - 1) * s.stride + s.size;
  const wide = (s.across - 1) * s.stride + s.size;
  for (let n = begin; n < end; n++) {
    for (let y = 0; y < tall; y += unit) {
      for (let left = 0; left < wide; left += unit) {
        const used = gatherMix(s, mix, index, dy, n, y, left, false);
        const a = <usize>(((n * s.height + y) * s.width + left) * s.channels) * 4;
        for (let slot = 0; slot < used; slot++) {
          const g = <f32>2 * load<f32>(mix.weights + <usize>slot * 16);
          const b = <usize>load<u32>(mix.places + <usize>slot * 4);
          if (g != 0) pairBack(x + a, x + b, dx + a, dx + b, g, unit, run, step);
        }
        clearMix(mix, used);
      }
    }
  }
}

/** Rows of a block from what was put together, as k · channels numbers a pixel. */
function mixRows(s: Windows, mix: Mix, used: i32, x: usize, sums: usize, rows: i32, columns: i32, y: usize): void {
  const k = s.k;
  const channels = s.channels;
  const sumStep = <usize>((s.unit * channels + 3) & ~3) * 4;
  const runBytes = <usize>(columns * channels) * 4;
  const rowBytes = <usize>(s.width * channels) * 4;
  const group = <usize>mix.room * 16;
  for (let row = 0; row < rows; row++) {
    const offset = x + <usize>row * rowBytes;
    for (let r = 0; r < k; r += 4) {
      const weights = mix.weights + <usize>(r >> 2) * group;
      const out = sums + <usize>r * sumStep;
      let i: usize = 0;
      for (; i + 48 <= runBytes; i += 48) mixTwelve(mix.places, offset + i, weights, used, out + i, sumStep);
      for (; i < runBytes; i += 16) mixFour(mix.places, offset + i, weights, used, out + i, sumStep);
    }
    let place = y + <usize>row * rowBytes * <usize>k;
    for (let pixel = 0; pixel < columns; pixel++) {
      for (let r = 0; r < k; r++) {
        copyNumbers(place, sums + <usize>r * sumStep + <usize>(pixel * channels) * 4, channels);
        place += <usize>channels * 4;
      }
    }
  }
}

/**
 * y[n, height, width, k, channels]; items are stripes of `unit` rows of images. Scratch: a {@link Mix} and k runs of
 * a block, padded.
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
  const unit = s.unit;
  const mix = layMix(s, scratch);
  const sums = mixEnd(s, mix);
  const stripes = (s.height + unit - 1) / unit;
  const pixelBytes = <usize>(s.k * s.channels) * 4;
  for (let item = begin; item < end; item++) {
    const n = item / stripes;
    const top = (item - n * stripes) * unit;
    const rows = min(unit, s.height - top);
    const stripe = y + <usize>((n * s.height + top) * s.width) * pixelBytes;
    for (let left = 0; left < s.width; left += unit) {
      // Blocks that no window covers have no slots and become 0.
      const used = gatherMix(s, mix, index, w, n, top, left, true);
      const to = stripe + <usize>left * pixelBytes;
      mixRows(s, mix, used, x, sums, rows, min(unit, s.width - left), to);
      clearMix(mix, used);
    }
  }
}

/** The gradient of a block as [unit, k in fours, padded run], zeros in the padding. */
function gatherBack(s: Windows, dy: usize, n: i32, y: i32, x: i32, to: usize): void {
  const k = s.k;
  const channels = s.channels;
  const fours = (k + 3) & ~3;
  const step = <usize>((s.unit * channels + 3) & ~3) * 4;
  memory.fill(to, 0, <usize>(s.unit * fours) * step);
  for (let row = 0; row < s.unit; row++) {
    let from = dy + <usize>(((n * s.height + y + row) * s.width + x) * k * channels) * 4;
    for (let pixel = 0; pixel < s.unit; pixel++) {
      for (let r = 0; r < k; r++) {
        copyNumbers(to + <usize>(row * fours + r) * step + <usize>(pixel * channels) * 4, from, channels);
        from += <usize>channels * 4;
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

/** Gradients of the weights of a block's slots go to those that were put together. */
function shareMix(s: Windows, mix: Mix, slopes: usize, index: usize, dw: usize, n: i32, y: i32, x: i32): void {
  const k = s.k;
  const count = s.candidates;
  const wide = 2 * s.across - 1;
  const zero = wide * (s.down - 1) + s.across - 1;
  const group = <usize>mix.room * 16;
  const step = <usize>count * 4;
  const share = mix.share;
  for (let row = firstOver(y, s); row <= lastOver(y, s, s.down); row++) {
    for (let column = firstOver(x, s); column <= lastOver(x, s, s.across); column++) {
      const window = row * s.across + column;
      const list = candidatesOf(s, index, n, window);
      let to = dw + <usize>((n * s.down * s.across + window) * k * count) * 4;
      for (let j = 0; j < count; j++) {
        const other = <i32>load<f32>(list + <usize>j * 4);
        const otherRow = other / s.across;
        const key = zero + (otherRow - row) * wide + (other - otherRow * s.across - column);
        let from = slopes + <usize>load<i32>(mix.slots + <usize>key * 4) * 16;
        let p = to;
        for (let r = 0; r < k; r++) {
          store<f32>(p, load<f32>(p) + share * load<f32>(from));
          p += step;
          from += (r & 3) == 3 ? group - 12 : 4;
        }
        to += 4;
      }
    }
  }
}

/** dx, dw +=; items are images. Scratch: a {@link Mix}, its weights once more, and unit · k runs of a block, padded. */
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
  const unit = s.unit;
  const run = unit * s.channels;
  const runStep = <usize>((run + 3) & ~3) * 4;
  const gStep = <usize>((k + 3) & ~3) * runStep;
  const step = <usize>(s.width * s.channels) * 4;
  const mix = layMix(s, scratch);
  const group = <usize>mix.room * 16;
  const slopes = mixEnd(s, mix);
  const gathered = slopes + <usize>((k + 3) >> 2) * group;
  const tall = (s.down - 1) * s.stride + s.size;
  const wide = (s.across - 1) * s.stride + s.size;
  for (let n = begin; n < end; n++) {
    for (let y = 0; y < tall; y += unit) {
      for (let left = 0; left < wide; left += unit) {
        const used = gatherMix(s, mix, index, w, n, y, left, true);
        if (used == 0) continue;
        gatherBack(s, dy, n, y, left, gathered);
        for (let slot = 0; slot < used; slot++) {
          const place = <usize>load<u32>(mix.places + <usize>slot * 4);
          for (let r = 0; r < k; r += 4) {
            const g = gathered + <usize>r * runStep;
            const at = <usize>(r >> 2) * group + <usize>slot * 16;
            v128.store(slopes + at, fourDots(x + place, g, unit, run, step, gStep));
            fourBack(dx + place, g, mix.weights + at, unit, run, step, gStep);
          }
        }
        shareMix(s, mix, slopes, index, dw, n, y, left);
        clearMix(mix, used);
      }
    }
  }
}

/** Images beside k like them in larger ones; written by TypeScript. */
@unmanaged
class Append {
  height: i32;
  width: i32;
  channels: i32;
  k: i32;
  tall: i32;
  wide: i32;
  top: i32;
  left: i32;
  difference: i32;
}

/** Where row `item` of all images has its first pixel in the larger images, in bytes. */
// @ts-ignore: decorator
@inline
function partOf(s: Append, item: i32): usize {
  const n = item / s.height;
  const row = item - n * s.height + s.top;
  return <usize>(((n * s.tall + row) * s.wide + s.left) * s.k * s.channels) * 4;
}

/** y = x, then each of the k or its difference from x; items are rows of images. */
export function appendRows(
  _scratch: usize,
  shape: usize,
  x: usize,
  parts: usize,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Append>(shape);
  const bytes = <usize>s.channels * 4;
  for (let item = begin; item < end; item++) {
    let part = parts + partOf(s, item);
    let from = x + <usize>(item * s.width) * bytes;
    let to = y + <usize>(item * s.width * (s.k + 1)) * bytes;
    for (let pixel = 0; pixel < s.width; pixel++) {
      copyNumbers(to, from, s.channels);
      to += bytes;
      for (let r = 0; r < s.k; r++) {
        if (!s.difference) copyNumbers(to, part, s.channels);
        else {
          let i: usize = 0;
          for (; i + 16 <= bytes; i += 16) {
            v128.store(to + i, f32x4.sub(v128.load(part + i), v128.load(from + i)));
          }
          for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(part + i) - load<f32>(from + i));
        }
        to += bytes;
        part += bytes;
      }
      from += bytes;
    }
  }
}

/** dx, dParts +=; items are rows of images. */
export function appendBack(
  _scratch: usize,
  shape: usize,
  dy: usize,
  dx: usize,
  dParts: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Append>(shape);
  const bytes = <usize>s.channels * 4;
  for (let item = begin; item < end; item++) {
    let part = dParts + partOf(s, item);
    let to = dx + <usize>(item * s.width) * bytes;
    let from = dy + <usize>(item * s.width * (s.k + 1)) * bytes;
    for (let pixel = 0; pixel < s.width; pixel++) {
      addNumbers(to, from, s.channels);
      from += bytes;
      for (let r = 0; r < s.k; r++) {
        addNumbers(part, from, s.channels);
        if (s.difference) {
          let i: usize = 0;
          for (; i + 16 <= bytes; i += 16) {
            v128.store(to + i, f32x4.sub(v128.load(to + i), v128.load(from + i)));
          }
          for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) - load<f32>(from + i));
        }
        from += bytes;
        part += bytes;
      }
      to += bytes;
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
