// Weighted sums of windows laid where their queries are, averaged where those overlap, and the way back.
import { fma, transposeSum } from "../simd";
import {
  candidatesOf,
  clearMix,
  copyNumbers,
  first,
  firstOver,
  gatherMix,
  lastOver,
  layMix,
  Mix,
  mixEnd,
  Windows,
} from "./candidates";

/**
 * Twelve numbers of four weighted sums of runs: `table` has the bytes from `offset` to where the runs begin, w their
 * weights by fours.
 */
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
