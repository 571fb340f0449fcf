// Convolutions of 3 × 3 with stride 1 by Winograd's minimal filtering F(4 × 4, 3 × 3) (Lavin & Gray 2016): six by
// six numbers of the input make four by four of the output with 36 products instead of 144. Points 0, ±1, ±2, ∞.
// Channels are multiples of four. The order of sums depends on the shape alone.
import { fma } from "../simd";
import { Shape } from "./shape";
import { tiles } from "./tiles";

/** Tiles worked on together: so few that what they need of 64 channels stays in the second cache. */
const TILES: i32 = 12;

/** Bytes between the 36 planes, apart from a multiple of 4096, which would all want one place in the cache. */
// @ts-ignore: decorator
@inline
function planeBytes(rowBytes: usize): usize {
  return <usize>TILES * rowBytes + 64;
}

// @ts-ignore: decorator
@inline
function filter(a0: v128, a1: v128, a2: v128, to: usize, step: usize): void {
  const sum = f32x4.mul(f32x4.add(a0, a2), f32x4.splat(-1.0 / 6));
  const mid = f32x4.mul(a1, f32x4.splat(1.0 / 6));
  v128.store(to, f32x4.mul(a0, f32x4.splat(0.25)));
  v128.store(to + step, f32x4.sub(sum, mid));
  v128.store(to + 2 * step, f32x4.add(sum, mid));
  const far = fma(a0, f32x4.splat(1.0 / 24), f32x4.mul(a2, f32x4.splat(1.0 / 6)));
  const half = f32x4.mul(a1, f32x4.splat(1.0 / 12));
  v128.store(to + 3 * step, f32x4.add(far, half));
  v128.store(to + 4 * step, f32x4.sub(far, half));
  v128.store(to + 5 * step, a2);
}

/**
 * Weights [9][in][out] as 36 matrices of packed columns, for channels in begin … end. Columns past the last are
 * left alone: nobody reads what comes of them.
 */
export function winogradFilter(
  scratch: usize,
  w: usize,
  channelsIn: i32,
  channelsOut: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const tap = <usize>channelsIn * <usize>channelsOut * 4;
  const plane = <usize>channelsIn * <usize>((channelsOut + 7) & ~7) * 4;
  for (let c = begin; c < end; c++) {
    for (let o = 0; o < channelsOut; o += 4) {
      const from = w + <usize>(c * channelsOut + o) * 4;
      for (let x: usize = 0; x < 3; x++) {
        const at = from + x * tap;
        filter(v128.load(at), v128.load(at + 3 * tap), v128.load(at + 6 * tap), scratch + 16 * x, 48);
      }
      let out = to + (<usize>(o >> 3) * <usize>channelsIn + <usize>c) * 32 + (<usize>o & 4) * 4;
      for (let r: usize = 0; r < 6; r++) {
        const at = scratch + r * 48;
        filter(v128.load(at), v128.load(at, 16), v128.load(at, 32), out, plane);
        out += 6 * plane;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function inputSix(from: usize, fromStep: usize, to: usize, step: usize): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const d3 = v128.load(from + 3 * fromStep);
  const d4 = v128.load(from + 4 * fromStep);
  const d5 = v128.load(from + 5 * fromStep);
  const four = f32x4.splat(4);
  const minus4 = f32x4.splat(-4);
  const minus5 = f32x4.splat(-5);
  v128.store(to, fma(d2, minus5, fma(d0, four, d4)));
  v128.store(to + 5 * step, fma(d3, minus5, fma(d1, four, d5)));
  const a = fma(d2, minus4, d4);
  const b = fma(d1, minus4, d3);
  v128.store(to + step, f32x4.add(a, b));
  v128.store(to + 2 * step, f32x4.sub(a, b));
  const c = f32x4.sub(d4, d2);
  const e = f32x4.sub(d3, d1);
  const two = f32x4.add(e, e);
  v128.store(to + 3 * step, f32x4.add(c, two));
  v128.store(to + 4 * step, f32x4.sub(c, two));
}

/** Six by six places from (top, left) on, as 36 rows of channels at `to`; zeros outside. */
function gatherTile(s: Shape, image: usize, top: i32, left: i32, to: usize): void {
  const bytes = <usize>s.channels * 4;
  for (let y = top; y < top + 6; y++) {
    for (let x = left; x < left + 6; x++) {
      if (y < 0 || y >= s.height || x < 0 || x >= s.width) memory.fill(to, 0, bytes);
      else memory.copy(to, image + <usize>(y * s.width + x) * bytes, bytes);
      to += bytes;
    }
  }
}

/** The input of tile number `tile`, transformed, as row `row` of 36 planes at `to`. */
export function inputTile(s: Shape, x: usize, tile: i32, row: i32, to: usize, patch: usize, aside: usize): void {
  const across = (s.outWidth + 3) >> 2;
  const tilesAnImage = across * ((s.outHeight + 3) >> 2);
  const bytes = <usize>s.channels * 4;
  const n = tile / tilesAnImage;
  const rest = tile - n * tilesAnImage;
  const ty = rest / across;
  const top = 4 * ty - s.padTop;
  const left = 4 * (rest - ty * across) - s.padLeft;
  const image = x + <usize>n * <usize>(s.height * s.width) * bytes;
  let from = image + <usize>(top * s.width + left) * bytes;
  let down = <usize>s.width * bytes;
  if (top < 0 || left < 0 || top + 6 > s.height || left + 6 > s.width) {
    gatherTile(s, image, top, left, patch);
    from = patch;
    down = 6 * bytes;
  }
  const plane = planeBytes(bytes);
  let out = to + <usize>row * bytes;
  for (let c: usize = 0; c < bytes; c += 16) {
    for (let k: usize = 0; k < 6; k++) inputSix(from + c + k * bytes, down, aside + 16 * k, 96);
    for (let k: usize = 0; k < 6; k++) inputSix(aside + 96 * k, 16, out + c + 6 * k * plane, plane);
  }
}

/** Four numbers of the output from six, the sum first. */
// @ts-ignore: decorator
@inline
function outputFour(from: usize, fromStep: usize, to: usize, step: usize): void {
  const m0 = v128.load(from);
  const m1 = v128.load(from + fromStep);
  const m2 = v128.load(from + 2 * fromStep);
  const m3 = v128.load(from + 3 * fromStep);
  const m4 = v128.load(from + 4 * fromStep);
  const m5 = v128.load(from + 5 * fromStep);
  const a = f32x4.add(m1, m2);
  const b = f32x4.sub(m1, m2);
  const c = f32x4.add(m3, m4);
  const d = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(m0, f32x4.add(a, c)));
  v128.store(to + step, fma(d, f32x4.splat(2), b));
  v128.store(to + 2 * step, fma(c, f32x4.splat(4), a));
  v128.store(to + 3 * step, f32x4.add(m5, fma(d, f32x4.splat(8), b)));
}

/** Row `row` of 36 planes, transformed back into four by four places of y, those that exist. */
export function outputTile(
  s: Shape,
  from: usize,
  row: i32,
  plane: usize,
  rowBytes: usize,
  bias: usize,
  y: usize,
  add: i32,
  tile: i32,
  aside: usize,
): void {
  const across = (s.outWidth + 3) >> 2;
  const tilesAnImage = across * ((s.outHeight + 3) >> 2);
  const bytes = <usize>s.channelsOut * 4;
  const n = tile / tilesAnImage;
  const rest = tile - n * tilesAnImage;
  const ty = rest / across;
  const tx = rest - ty * across;
  const rows = min(4, s.outHeight - 4 * ty);
  const columns = min(4, s.outWidth - 4 * tx);
  const to = y + <usize>((n * s.outHeight + 4 * ty) * s.outWidth + 4 * tx) * bytes;
  const down = <usize>s.outWidth * bytes;
  const start = from + <usize>row * rowBytes;
  for (let c: usize = 0; c < bytes; c += 16) {
    for (let k: usize = 0; k < 6; k++) outputFour(start + c + k * plane, 6 * plane, aside + 16 * k, 96);
    const shift = bias ? v128.load(bias + c) : f32x4.splat(0);
    for (let k = 0; k < rows; k++) {
      const at = aside + 96 * <usize>k;
      outputFour(at, 16, at, 16);
      let out = to + c + <usize>k * down;
      for (let j = 0; j < columns; j++) {
        const value = f32x4.add(v128.load(at + 16 * <usize>j), shift);
        v128.store(out, add ? f32x4.add(v128.load(out), value) : value);
        out += bytes;
      }
    }
  }
}

/** Bytes of scratch that {@link winogradTiles} and {@link winogradWeights} want. */
export function winogradBytes(channels: i32, channelsOut: i32): usize {
  const in4 = <usize>channels * 4;
  const out4 = <usize>((channelsOut + 7) & ~7) * 4;
  return 1024 + 36 * in4 + 36 * (planeBytes(in4) + planeBytes(out4));
}

/** Tiles begin … end of y (+)= x ∗ w (+ bias), w transformed by {@link winogradFilter}. */
export function winogradTiles(
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
  const C = s.channels;
  const bytes = <usize>C * 4;
  const wide = <usize>((s.channelsOut + 7) & ~7) * 4;
  const plane = planeBytes(bytes);
  const outPlane = planeBytes(wide);
  const matrix = <usize>C * wide;
  const patch = scratch + 1024;
  const inputs = patch + 36 * bytes;
  const outputs = inputs + 36 * plane;
  for (let first = begin; first < end; first += TILES) {
    const count = min(TILES, end - first);
    for (let i = 0; i < count; i++) inputTile(s, x, first + i, i, inputs, patch, scratch);
    for (let p: usize = 0; p < 36; p++) {
      let columns = w + p * matrix;
      for (let n: usize = 0; n < wide; n += 32) {
        tiles(inputs + p * plane, bytes, 4, columns, 32, outputs + p * outPlane + n, wide, count, C, 0);
        columns += bytes * 8;
      }
    }
    for (let i = 0; i < count; i++) {
      outputTile(s, outputs, i, outPlane, wide, bias, y, add, first + i, scratch);
    }
  }
}

/** Six numbers from four of an output gradient: the transpose of {@link outputFour}. */
// @ts-ignore: decorator
@inline
function spreadFour(d0: v128, d1: v128, d2: v128, d3: v128, to: usize, step: usize): void {
  v128.store(to, d0);
  const even = f32x4.add(d0, d2);
  const odd = f32x4.add(d1, d3);
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  const even2 = fma(d2, f32x4.splat(4), d0);
  const odd2 = fma(d3, f32x4.splat(8), f32x4.add(d1, d1));
  v128.store(to + 3 * step, f32x4.add(even2, odd2));
  v128.store(to + 4 * step, f32x4.sub(even2, odd2));
  v128.store(to + 5 * step, d3);
}

/** The output gradient of a tile, transformed, as row `row` of 36 planes at `to`; zeros past the last channel. */
export function gradientTile(
  s: Shape,
  dy: usize,
  tile: i32,
  row: i32,
  plane: usize,
  rowBytes: usize,
  to: usize,
  aside: usize,
): void {
  const across = (s.outWidth + 3) >> 2;
  const tilesAnImage = across * ((s.outHeight + 3) >> 2);
  const bytes = <usize>s.channelsOut * 4;
  const n = tile / tilesAnImage;
  const rest = tile - n * tilesAnImage;
  const ty = rest / across;
  const tx = rest - ty * across;
  const rows = min(4, s.outHeight - 4 * ty);
  const columns = min(4, s.outWidth - 4 * tx);
  const from = dy + <usize>((n * s.outHeight + 4 * ty) * s.outWidth + 4 * tx) * bytes;
  const down = <usize>s.outWidth * bytes;
  const zero = f32x4.splat(0);
  const start = to + <usize>row * rowBytes;
  for (let c: usize = 0; c < bytes; c += 16) {
    for (let k: usize = 0; k < 4; k++) {
      const at = from + c + k * bytes;
      const there = <i32>k < columns;
      spreadFour(
        there ? v128.load(at) : zero,
        there && rows > 1 ? v128.load(at + down) : zero,
        there && rows > 2 ? v128.load(at + 2 * down) : zero,
        there && rows > 3 ? v128.load(at + 3 * down) : zero,
        aside + 16 * k,
        64,
      );
    }
    for (let k: usize = 0; k < 6; k++) {
      const at = aside + 64 * k;
      spreadFour(
        v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48), start + c + 6 * k * plane, plane,
      );
    }
  }
  if (rowBytes > bytes) {
    for (let p: usize = 0; p < 36; p++) v128.store(start + p * plane + bytes, zero);
  }
}

/** Groups begin … end of `size` tiles: the transformed weight gradient of each, 36 × in × out, out to eights. */
export function winogradWeights(
  scratch: usize,
  shape: usize,
  x: usize,
  dy: usize,
  to: usize,
  tilesInAll: i32,
  size: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Shape>(shape);
  const C = s.channels;
  const bytes = <usize>C * 4;
  const wide = <usize>((s.channelsOut + 7) & ~7) * 4;
  const plane = planeBytes(bytes);
  const outPlane = planeBytes(wide);
  const matrix = <usize>C * wide;
  const patch = scratch + 1024;
  const inputs = patch + 36 * bytes;
  const gradients = inputs + 36 * plane;
  for (let g = begin; g < end; g++) {
    const sums = to + <usize>g * 36 * matrix;
    const last = min(tilesInAll, (g + 1) * size);
    for (let first = g * size; first < last; first += TILES) {
      const count = min(TILES, last - first);
      for (let i = 0; i < count; i++) {
        inputTile(s, x, first + i, i, inputs, patch, scratch);
        gradientTile(s, dy, first + i, i, outPlane, wide, gradients, scratch);
      }
      const add = i32(first > g * size);
      for (let p: usize = 0; p < 36; p++) {
        for (let n: usize = 0; n < wide; n += 32) {
          tiles(
            inputs + p * plane, 4, bytes, gradients + p * outPlane + n, wide, sums + p * matrix + n, wide, C, count,
            add,
          );
        }
      }
    }
  }
}

/** Three numbers of the filter's gradient from six. */
// @ts-ignore: decorator
@inline
function filterBack(from: usize, fromStep: usize, to: usize, step: usize): void {
  const m0 = v128.load(from);
  const m1 = v128.load(from + fromStep);
  const m2 = v128.load(from + 2 * fromStep);
  const m3 = v128.load(from + 3 * fromStep);
  const m4 = v128.load(from + 4 * fromStep);
  const m5 = v128.load(from + 5 * fromStep);
  const near = f32x4.mul(f32x4.add(m1, m2), f32x4.splat(1.0 / 6));
  const far = f32x4.add(m3, m4);
  v128.store(to, f32x4.sub(fma(m0, f32x4.splat(0.25), f32x4.mul(far, f32x4.splat(1.0 / 24))), near));
  const tilt = f32x4.mul(f32x4.sub(m2, m1), f32x4.splat(1.0 / 6));
  v128.store(to + step, fma(f32x4.sub(m3, m4), f32x4.splat(1.0 / 12), tilt));
  v128.store(to + 2 * step, f32x4.sub(fma(far, f32x4.splat(1.0 / 6), m5), near));
}

/** dw [9][in][out] += what the groups of {@link winogradWeights} made, for channels in begin … end. */
export function winogradFilterBack(
  scratch: usize,
  from: usize,
  groups: i32,
  channelsIn: i32,
  channelsOut: i32,
  dw: usize,
  begin: i32,
  end: i32,
): void {
  const wide = <usize>((channelsOut + 7) & ~7) * 4;
  const plane = <usize>channelsIn * wide;
  const tap = <usize>channelsIn * <usize>channelsOut * 4;
  const sums = scratch;
  const rows = scratch + 576;
  for (let c = begin; c < end; c++) {
    for (let o: usize = 0; o < <usize>channelsOut * 4; o += 16) {
      const at = from + <usize>c * wide + o;
      for (let p: usize = 0; p < 36; p++) {
        let sum = v128.load(at + p * plane);
        for (let g = 1; g < groups; g++) sum = f32x4.add(sum, v128.load(at + (<usize>g * 36 + p) * plane));
        v128.store(sums + 16 * p, sum);
      }
      for (let k: usize = 0; k < 6; k++) filterBack(sums + 16 * k, 96, rows + 16 * k, 96);
      for (let r: usize = 0; r < 3; r++) {
        filterBack(rows + 96 * r, 16, sums, 16);
        const to = dw + <usize>c * <usize>channelsOut * 4 + o + 3 * r * tap;
        for (let k: usize = 0; k < 3; k++) {
          v128.store(to + k * tap, f32x4.add(v128.load(to + k * tap), v128.load(sums + 16 * k)));
        }
      }
    }
  }
}
