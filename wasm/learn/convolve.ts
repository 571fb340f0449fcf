// Convolutions by patches: each output place is a row of kernelHeight · kernelWidth · channels numbers, times the
// packed weights. Images are [n, height, width, channels].
import { packPanel } from "./gemm";
import { Shape } from "./shape";
import { rowsTimesPanels } from "./tiles";

/** Rows of patches made at a time. */
const ROWS: i32 = 48;
const KC: i32 = 288;

/** The patches of output places begin … end, one after another. */
function patchRows(s: Shape, x: usize, begin: i32, end: i32, to: usize): void {
  const bytes = <usize>s.channels * 4;
  const run = <usize>s.kernelWidth * bytes;
  const places = s.outHeight * s.outWidth;
  let image = begin / places;
  let rest = begin - image * places;
  let oy = rest / s.outWidth;
  let ox = rest - oy * s.outWidth;
  for (let p = begin; p < end; p++) {
    const top = oy * s.stride - s.padTop;
    const left = ox * s.stride - s.padLeft;
    const x0 = x + <usize>image * <usize>s.height * <usize>s.width * bytes;
    const inside = left >= 0 && left + s.kernelWidth <= s.width;
    for (let ky = 0; ky < s.kernelHeight; ky++) {
      const y = top + ky;
      if (y < 0 || y >= s.height) clear(to, run);
      else {
        const row = x0 + <usize>y * <usize>s.width * bytes;
        if (inside) move(to, row + <usize>left * bytes, run);
        else {
          for (let kx = 0; kx < s.kernelWidth; kx++) {
            const at = to + <usize>kx * bytes;
            if (left + kx < 0 || left + kx >= s.width) clear(at, bytes);
            else move(at, row + <usize>(left + kx) * bytes, bytes);
          }
        }
      }
      to += run;
    }
    if (++ox == s.outWidth) {
      ox = 0;
      if (++oy == s.outHeight) {
        oy = 0;
        image++;
      }
    }
  }
}

/** y = the windows of x; items are windows. */
export function windowPatches(_scratch: usize, shape: usize, x: usize, y: usize, begin: i32, end: i32): void {
  const s = changetype<Shape>(shape);
  const bytes = <usize>(s.kernelHeight * s.kernelWidth * s.channels) * 4;
  patchRows(s, x, begin, end, y + <usize>begin * bytes);
}

// @ts-ignore: decorator
@inline
function move(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

// @ts-ignore: decorator
@inline
function clear(to: usize, bytes: usize): void {
  let i: usize = 0;
  const zero = f32x4.splat(0);
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, zero);
  for (; i < bytes; i += 4) store<f32>(to + i, 0);
}

/** Output places begin … end of y (+)= patches · weights, which are packed; `bias` 0 is none. */
export function convolveRows(
  scratch: usize,
  shape: usize,
  x: usize,
  w: usize,
  bias: usize,
  y: usize,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Shape>(shape);
  const K = s.kernelHeight * s.kernelWidth * s.channels;
  const N = s.channelsOut;
  const crs = <usize>N * 4;
  const patches = scratch + 256;
  for (let p = begin; p < end; p += ROWS) {
    const rows = min(ROWS, end - p);
    patchRows(s, x, p, p + rows, patches);
    const to = y + <usize>p * crs;
    if (bias) {
      for (let i = 0; i < rows; i++) move(to + <usize>i * crs, bias, crs);
    }
    for (let k = 0; k < K; k += KC) {
      rowsTimesPanels(
        patches + <usize>k * 4, <usize>K * 4, 4, w + <usize>k * 32, 32, <usize>K * 32, to, crs, rows, N,
        min(KC, K - k), add | i32(bias != 0 || k > 0), scratch,
      );
    }
  }
}

/**
 * Groups begin … end of output places, `size` a group: the weight gradient of each, K × N, at `to`, one after
 * another. They are summed by {@link addGroups}, so that the sums do not depend on who worked where.
 */
export function convolveWeights(
  scratch: usize,
  shape: usize,
  x: usize,
  dy: usize,
  to: usize,
  places: i32,
  size: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Shape>(shape);
  const K = s.kernelHeight * s.kernelWidth * s.channels;
  const N = s.channelsOut;
  const rs = <usize>N * 4;
  const panels = scratch + 256;
  const patches = panels + <usize>ROWS * <usize>((N + 7) & ~7) * 4;
  for (let g = begin; g < end; g++) {
    const dw = to + <usize>g * <usize>K * rs;
    const last = min(places, (g + 1) * size);
    for (let p = g * size; p < last; p += ROWS) {
      const rows = min(ROWS, last - p);
      patchRows(s, x, p, p + rows, patches);
      const from = dy + <usize>p * rs;
      for (let n = 0; n < N; n += 8) {
        packPanel(from + <usize>n * 4, rs, 4, rows, min(8, N - n), panels + <usize>n * <usize>rows * 4);
      }
      rowsTimesPanels(
        patches, 4, <usize>K * 4, panels, 32, <usize>rows * 32, dw, rs, K, N, rows, i32(p > g * size), scratch,
      );
    }
  }
}

/** y += the sum of `groups` arrays of n numbers that lie one after another, elements 4 · begin … 4 · end. */
export function addGroups(_scratch: usize, from: usize, groups: i32, n: i32, y: usize, begin: i32, end: i32): void {
  const last = min(n, 4 * end);
  const step = <usize>n * 4;
  let i = 4 * begin;
  for (; i + 4 <= last; i += 4) {
    const at = <usize>i * 4;
    let sum = v128.load(y + at);
    for (let g = 0; g < groups; g++) sum = f32x4.add(sum, v128.load(from + <usize>g * step + at));
    v128.store(y + at, sum);
  }
  for (; i < last; i++) {
    const at = <usize>i * 4;
    let sum = load<f32>(y + at);
    for (let g = 0; g < groups; g++) sum += load<f32>(from + <usize>g * step + at);
    store<f32>(y + at, sum);
  }
}

/** Weights [kernel places][in][out] turned round: [places backwards][out][in], rows begin … end of places. */
export function flipWeights(
  _scratch: usize,
  w: usize,
  places: i32,
  channelsIn: i32,
  channelsOut: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const size = <usize>channelsIn * <usize>channelsOut * 4;
  for (let p = begin; p < end; p++) {
    const from = w + <usize>p * size;
    const at = to + <usize>(places - 1 - p) * size;
    for (let i = 0; i < channelsIn; i++) {
      for (let o = 0; o < channelsOut; o++)
        store<f32>(
          at + <usize>(o * channelsIn + i) * 4,
          load<f32>(from + <usize>(i * channelsOut + o) * 4),
        );
    }
  }
}

/**
 * Output rows begin … end (image, then row) of y (+)= Σ over taps of what each tap made of the pixel it sees:
 * `parts` has for each pixel of the input taps × channels out.
 */
export function sumTaps(
  _scratch: usize,
  shape: usize,
  parts: usize,
  bias: usize,
  y: usize,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Shape>(shape);
  const O = s.channelsOut;
  const pixel = <usize>(s.kernelHeight * s.kernelWidth * O) * 4;
  for (let r = begin; r < end; r++) {
    const n = r / s.outHeight;
    const top = r - n * s.outHeight - s.padTop;
    const image = parts + <usize>n * <usize>(s.height * s.width) * pixel;
    for (let o = 0; o < O; o++) {
      const first: f32 = bias ? load<f32>(bias + <usize>o * 4) : 0;
      const row = y + <usize>(r * s.outWidth * O + o) * 4;
      if (!add) {
        for (let x = 0; x < s.outWidth; x++) store<f32>(row + <usize>(x * O) * 4, first);
      }
      for (let ky = max(0, -top); ky < min(s.kernelHeight, s.height - top); ky++) {
        for (let kx = 0; kx < s.kernelWidth; kx++) {
          const shift = kx - s.padLeft;
          const from = max(0, -shift);
          const to = min(s.outWidth, s.width - shift);
          let p = image + <usize>((top + ky) * s.width + from + shift) * pixel;
          p += <usize>((ky * s.kernelWidth + kx) * O + o) * 4;
          let q = row + <usize>(from * O) * 4;
          for (let x = from; x < to; x++) {
            store<f32>(q, load<f32>(q) + load<f32>(p));
            p += pixel;
            q += <usize>O * 4;
          }
        }
      }
    }
  }
}

/** dw [taps][in][out] += the sum of groups of [taps backwards][out][in]; items are taps. */
export function addTurned(
  _scratch: usize,
  from: usize,
  groups: i32,
  taps: i32,
  channelsIn: i32,
  channelsOut: i32,
  dw: usize,
  begin: i32,
  end: i32,
): void {
  const size = channelsIn * channelsOut;
  const step = <usize>(taps * size) * 4;
  for (let t = begin; t < end; t++) {
    for (let o = 0; o < channelsOut; o++) {
      for (let c = 0; c < channelsIn; c++) {
        let at = from + <usize>((taps - 1 - t) * size + o * channelsIn + c) * 4;
        let sum: f32 = 0;
        for (let g = 0; g < groups; g++) {
          sum += load<f32>(at);
          at += step;
        }
        const to = dw + <usize>(t * size + c * channelsOut + o) * 4;
        store<f32>(to, load<f32>(to) + sum);
      }
    }
  }
}
