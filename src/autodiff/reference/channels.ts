import type { Kernels, WindowShape } from "../kernels.ts";
import type { Memory } from "./elementwise.ts";

export function normalisation(
  memory: Memory,
): Pick<Kernels, "channelStatistics" | "normalise" | "normaliseGradient"> {
  return {
    channelStatistics(x, rows, channels, epsilon, mean, inverse) {
      const { heap } = memory;
      for (let c = 0; c < channels; c++) {
        let total = 0;
        for (let r = 0; r < rows; r++) total += heap[x + r * channels + c]!;
        const centre = total / rows;
        let spread = 0;
        for (let r = 0; r < rows; r++) spread += (heap[x + r * channels + c]! - centre) ** 2;
        heap[mean + c] = centre;
        heap[inverse + c] = 1 / Math.sqrt(spread / rows + epsilon);
      }
    },
    normalise(x, rows, channels, mean, inverse, gain, shift, relu, y) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < channels; c++) {
          const at = r * channels + c;
          const unit = (heap[x + at]! - heap[mean + c]!) * heap[inverse + c]!;
          const value = unit * heap[gain + c]! + heap[shift + c]!;
          heap[y + at] = relu && !(value > 0) ? 0 : value;
        }
      }
    },
    normaliseGradient(x, y, dy, rows, channels, mean, inverse, gain, relu, batch, dx, dGain, dShift) {
      const { heap } = memory;
      const passed = (at: number): number => (relu && !(heap[y + at]! > 0) ? 0 : heap[dy + at]!);
      for (let c = 0; c < channels; c++) {
        const unit = (at: number): number => (heap[x + at]! - heap[mean + c]!) * heap[inverse + c]!;
        let byShift = 0;
        let byGain = 0;
        for (let at = c; at < rows * channels; at += channels) {
          byShift += passed(at);
          byGain += passed(at) * unit(at);
        }
        const scale = heap[gain + c]! * heap[inverse + c]!;
        for (let at = c; at < rows * channels; at += channels) {
          const common = batch ? (byShift + unit(at) * byGain) / rows : 0;
          heap[dx + at]! += scale * (passed(at) - common);
        }
        heap[dGain + c]! += byGain;
        heap[dShift + c]! += byShift;
      }
    },
  };
}

/** Calls back with the pixel of the image, the place in the window, and the window, for all within the image. */
function windows(s: WindowShape, visit: (pixel: number, place: number, window: number) => void): void {
  for (let n = 0; n < s.n; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        for (let place = 0; place < s.size * s.size; place++) {
          const iy = oy * s.stride - s.pad + Math.floor(place / s.size);
          const ix = ox * s.stride - s.pad + (place % s.size);
          if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
          visit((n * s.height + iy) * s.width + ix, place, (n * s.outHeight + oy) * s.outWidth + ox);
        }
      }
    }
  }
}

type Windows = "maxPool" | "maxPoolGradient" | "meanPool" | "meanPoolGradient" | "patches" | "overlapAdd";

export function windowed(memory: Memory): Pick<Kernels, Windows> {
  const outSize = (s: WindowShape): number => s.n * s.outHeight * s.outWidth * s.channels;
  const imageSize = (s: WindowShape): number => s.height * s.width * s.channels;
  return {
    maxPool(x, s, y, at) {
      const { heap } = memory;
      const C = s.channels;
      heap.fill(-Infinity, y, y + outSize(s));
      heap.fill(-1, at, at + outSize(s));
      windows(s, (pixel, _, window) => {
        for (let c = 0; c < C; c++) {
          const to = window * C + c;
          const value = heap[x + pixel * C + c]!;
          if (heap[at + to] === -1 || value > heap[y + to]!) {
            heap[y + to] = value;
            heap[at + to] = (pixel * C + c) % imageSize(s);
          }
        }
      });
    },
    maxPoolGradient(dy, at, s, dx) {
      const { heap } = memory;
      const perImage = s.outHeight * s.outWidth * s.channels;
      for (let i = 0; i < outSize(s); i++) {
        heap[dx + Math.floor(i / perImage) * imageSize(s) + heap[at + i]!]! += heap[dy + i]!;
      }
    },
    meanPool(x, s, y) {
      const { heap } = memory;
      const C = s.channels;
      heap.fill(0, y, y + outSize(s));
      windows(s, (pixel, _, window) => {
        for (let c = 0; c < C; c++) heap[y + window * C + c]! += heap[x + pixel * C + c]! / s.size ** 2;
      });
    },
    meanPoolGradient(dy, s, dx) {
      const { heap } = memory;
      const C = s.channels;
      windows(s, (pixel, _, window) => {
        for (let c = 0; c < C; c++) heap[dx + pixel * C + c]! += heap[dy + window * C + c]! / s.size ** 2;
      });
    },
    patches(x, s, y) {
      const { heap } = memory;
      const C = s.channels;
      const length = s.size * s.size * C;
      heap.fill(0, y, y + s.n * s.outHeight * s.outWidth * length);
      windows(s, (pixel, place, window) => {
        heap.copyWithin(y + window * length + place * C, x + pixel * C, x + (pixel + 1) * C);
      });
    },
    overlapAdd(y, s, x) {
      const { heap } = memory;
      const C = s.channels;
      const length = s.size * s.size * C;
      windows(s, (pixel, place, window) => {
        for (let c = 0; c < C; c++) heap[x + pixel * C + c]! += heap[y + window * length + place * C + c]!;
      });
    },
  };
}
