// Rows copied between strides, and images with others appended to their channels.
import { addNumbers, copyNumbers } from "./candidates";

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

/** y = a − b, over `bytes` bytes of float32; y may be a. */
// @ts-ignore: decorator
@inline
function subtractNumbers(y: usize, a: usize, b: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.sub(v128.load(a + i), v128.load(b + i)));
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(a + i) - load<f32>(b + i));
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
        else subtractNumbers(to, part, from, bytes);
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
        if (s.difference) subtractNumbers(to, to, from, bytes);
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
