// Pooling, patches and their transposes. Images are [n, height, width, channels]; the struct is that of
// convolutions, the window being the kernel.
import { Shape } from "./shape";

/** Items are rows of output windows: image, then row. `at` gets where the largest lies, within its image. */
export function maxPoolRows(_scratch: usize, shape: usize, x: usize, y: usize, at: usize, begin: i32, end: i32): void {
  const s = changetype<Shape>(shape);
  const C = s.channels;
  const size = s.kernelHeight;
  for (let r = begin; r < end; r++) {
    const n = r / s.outHeight;
    const top = (r - n * s.outHeight) * s.stride - s.padTop;
    const image = x + <usize>n * <usize>(s.height * s.width * C) * 4;
    for (let ox = 0; ox < s.outWidth; ox++) {
      const left = ox * s.stride - s.padLeft;
      const to = <usize>(r * s.outWidth + ox) * <usize>C * 4;
      const y0 = max(top, 0);
      const y1 = min(top + size, s.height);
      const x0 = max(left, 0);
      const x1 = min(left + size, s.width);
      const fours = C & ~3;
      let first = true;
      for (let iy = y0; iy < y1; iy++) {
        for (let ix = x0; ix < x1; ix++) {
          const place = (iy * s.width + ix) * C;
          poolFours(image + <usize>place * 4, place, y + to, at + to, <usize>fours * 4, first);
          first = false;
        }
      }
      for (let c = fours; c < C; c++) {
        let best = -<f32>Infinity;
        let where = -1;
        for (let iy = y0; iy < y1; iy++) {
          for (let ix = x0; ix < x1; ix++) {
            const here = (iy * s.width + ix) * C + c;
            const value = load<f32>(image + <usize>here * 4);
            if (where < 0 || value > best) {
              best = value;
              where = here;
            }
          }
        }
        store<f32>(y + to + <usize>c * 4, best);
        store<f32>(at + to + <usize>c * 4, <f32>where);
      }
    }
  }
}

/** Takes a pixel's channels where they are larger than what there is so far, or there is none. */
function poolFours(pixel: usize, place: i32, y: usize, at: usize, bytes: usize, first: bool): void {
  let here = f32x4.convert_i32x4_s(i32x4.add(i32x4.splat(place), i32x4(0, 1, 2, 3)));
  const four = f32x4.splat(4);
  for (let c: usize = 0; c < bytes; c += 16) {
    const value = v128.load(pixel + c);
    if (first) {
      v128.store(y + c, value);
      v128.store(at + c, here);
    } else {
      const best = v128.load(y + c);
      const better = f32x4.gt(value, best);
      v128.store(y + c, v128.bitselect(value, best, better));
      v128.store(at + c, v128.bitselect(here, v128.load(at + c), better));
    }
    here = f32x4.add(here, four);
  }
}

/** dx[at] += dy; items are images. */
export function maxPoolBack(_scratch: usize, shape: usize, dy: usize, at: usize, dx: usize, begin: i32, end: i32): void {
  const s = changetype<Shape>(shape);
  const many = s.outHeight * s.outWidth * s.channels;
  for (let n = begin; n < end; n++) {
    const image = dx + <usize>n * <usize>(s.height * s.width * s.channels) * 4;
    const first = <usize>n * <usize>many * 4;
    for (let i: usize = 0; i < <usize>many * 4; i += 4) {
      const to = image + <usize>(<i32>load<f32>(at + first + i)) * 4;
      store<f32>(to, load<f32>(to) + load<f32>(dy + first + i));
    }
  }
}

// @ts-ignore: decorator
@inline
function addRun(to: usize, from: usize, run: usize): void {
  let i: usize = 0;
  for (; i + 16 <= run; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  for (; i < run; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}

/** Means over windows; items are rows of output windows. */
export function meanPoolRows(_scratch: usize, shape: usize, x: usize, y: usize, begin: i32, end: i32): void {
  const s = changetype<Shape>(shape);
  const bytes = <usize>s.channels * 4;
  const share = <f32>1 / <f32>(s.kernelHeight * s.kernelWidth);
  for (let r = begin; r < end; r++) {
    const n = r / s.outHeight;
    const top = (r - n * s.outHeight) * s.stride - s.padTop;
    const image = x + <usize>n * <usize>(s.height * s.width) * bytes;
    for (let ox = 0; ox < s.outWidth; ox++) {
      const left = ox * s.stride - s.padLeft;
      const to = y + <usize>(r * s.outWidth + ox) * bytes;
      memory.fill(to, 0, bytes);
      for (let iy = max(top, 0); iy < min(top + s.kernelHeight, s.height); iy++) {
        for (let ix = max(left, 0); ix < min(left + s.kernelWidth, s.width); ix++) {
          addRun(to, image + <usize>(iy * s.width + ix) * bytes, bytes);
        }
      }
      for (let c: usize = 0; c < bytes; c += 4) store<f32>(to + c, load<f32>(to + c) * share);
    }
  }
}

/** dx[window] += dy / size²; items are images. */
export function meanPoolBack(_scratch: usize, shape: usize, dy: usize, dx: usize, begin: i32, end: i32): void {
  const s = changetype<Shape>(shape);
  const bytes = <usize>s.channels * 4;
  const share = <f32>1 / <f32>(s.kernelHeight * s.kernelWidth);
  const four = f32x4.splat(share);
  for (let r = begin * s.outHeight; r < end * s.outHeight; r++) {
    const n = r / s.outHeight;
    const top = (r - n * s.outHeight) * s.stride - s.padTop;
    const image = dx + <usize>n * <usize>(s.height * s.width) * bytes;
    for (let ox = 0; ox < s.outWidth; ox++) {
      const left = ox * s.stride - s.padLeft;
      const from = dy + <usize>(r * s.outWidth + ox) * bytes;
      for (let iy = max(top, 0); iy < min(top + s.kernelHeight, s.height); iy++) {
        for (let ix = max(left, 0); ix < min(left + s.kernelWidth, s.width); ix++) {
          const to = image + <usize>(iy * s.width + ix) * bytes;
          let c: usize = 0;
          for (; c + 16 <= bytes; c += 16) {
            v128.store(to + c, f32x4.add(v128.load(to + c), f32x4.mul(v128.load(from + c), four)));
          }
          for (; c < bytes; c += 4) store<f32>(to + c, load<f32>(to + c) + load<f32>(from + c) * share);
        }
      }
    }
  }
}

/** x[window] += patch; items are images. */
export function overlapRows(_scratch: usize, shape: usize, y: usize, x: usize, begin: i32, end: i32): void {
  const s = changetype<Shape>(shape);
  const bytes = <usize>s.channels * 4;
  let from = y + <usize>(begin * s.outHeight * s.outWidth * s.kernelHeight * s.kernelWidth) * bytes;
  for (let r = begin * s.outHeight; r < end * s.outHeight; r++) {
    const n = r / s.outHeight;
    const top = (r - n * s.outHeight) * s.stride - s.padTop;
    const image = x + <usize>n * <usize>(s.height * s.width) * bytes;
    for (let ox = 0; ox < s.outWidth; ox++) {
      const left = ox * s.stride - s.padLeft;
      const x0 = max(left, 0);
      const x1 = min(left + s.kernelWidth, s.width);
      for (let iy = top; iy < top + s.kernelHeight; iy++) {
        if (iy >= 0 && iy < s.height && x0 < x1) {
          const to = image + <usize>(iy * s.width + x0) * bytes;
          addRun(to, from + <usize>(x0 - left) * bytes, <usize>(x1 - x0) * bytes);
        }
        from += <usize>s.kernelWidth * bytes;
      }
    }
  }
}
