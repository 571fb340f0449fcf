// Windows of images, others of the image that are their candidates, and weights of pairs of them put together block
// by block. Windows are read where they lie in the image, as `size` runs of numbers.

/** Written by TypeScript. */
@unmanaged
export class Windows {
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

/** Bytes from the start of an array of images to a window of image n. */
// @ts-ignore: decorator
@inline
export function startOf(s: Windows, n: i32, window: i32): usize {
  const row = window / s.across;
  const column = window - row * s.across;
  return <usize>(((n * s.height + row * s.stride) * s.width + column * s.stride) * s.channels) * 4;
}

/** The candidates of a window of image n. */
// @ts-ignore: decorator
@inline
export function candidatesOf(s: Windows, index: usize, n: i32, window: i32): usize {
  const row = s.own ? n * s.down * s.across + window : window;
  return index + <usize>(row * s.candidates) * 4;
}

/**
 * Where a block's weights are put together: all windows that cover the block and have a candidate at the same
 * displacement read the same numbers for it, so that their weights add up first. A block is a square of `unit`
 * pixels, the greatest common divisor of size and stride: each window covers it whole or not at all.
 */
@unmanaged
export class Mix {
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
export function layMix(s: Windows, scratch: usize): Mix {
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
export function mixEnd(s: Windows, mix: Mix): usize {
  return mix.weights + <usize>(((s.k + 3) & ~3) * mix.room) * 4;
}

// @ts-ignore: decorator
@inline
export function firstOver(place: i32, s: Windows): i32 {
  return place < s.size ? 0 : (place - s.size) / s.stride + 1;
}

// @ts-ignore: decorator
@inline
export function lastOver(place: i32, s: Windows, windows: i32): i32 {
  return min(windows - 1, place / s.stride);
}

/**
 * Weights of the windows over the block at a pixel of image n, put together: their mean over the windows, or their
 * sum. Returns the slots in use.
 */
export function gatherMix(s: Windows, mix: Mix, index: usize, w: usize, n: i32, y: i32, x: i32, average: bool): i32 {
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
export function clearMix(mix: Mix, used: i32): void {
  for (let i = 0; i < used; i++) {
    store<i32>(mix.slots + <usize>load<i32>(mix.keys + <usize>i * 4) * 4, -1);
  }
}

// @ts-ignore: decorator
@inline
export function addNumbers(to: usize, from: usize, n: i32): void {
  const bytes = <usize>n * 4;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}

// @ts-ignore: decorator
@inline
export function copyNumbers(to: usize, from: usize, n: i32): void {
  const bytes = <usize>n * 4;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

/** Lanes below n. */
// @ts-ignore: decorator
@inline
export function first(n: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n));
}
