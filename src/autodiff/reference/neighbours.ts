import type { AppendShape, CandidateShape, Kernels } from "../kernels.ts";
import type { Memory } from "./elementwise.ts";

type Neighbours =
  | "neighborDistances"
  | "neighborDistancesGradient"
  | "neighborMeans"
  | "neighborMeansGradient"
  | "append"
  | "appendGradient"
  | "copyRows";

/** How many windows cover a pixel at this place along one side. */
export function covering(place: number, { size, stride }: CandidateShape, windows: number): number {
  const first = Math.max(0, Math.ceil((place - size + 1) / stride));
  return Math.max(0, Math.min(windows - 1, Math.floor(place / stride)) - first + 1);
}

/** Calls back with places in x, in the output, in the parts, and which of the 1 + k it is. */
function appended(s: AppendShape, visit: (from: number, to: number, part: number, r: number) => void): void {
  const { n, height, width, channels, k } = s;
  for (let pixel = 0; pixel < n * height * width; pixel++) {
    const image = Math.floor(pixel / (height * width));
    const row = (Math.floor(pixel / width) % height) + s.top;
    const larger = (image * s.tall + row) * s.wide + (pixel % width) + s.left;
    for (let r = 0; r <= k; r++) {
      for (let c = 0; c < channels; c++) {
        visit(
          pixel * channels + c,
          (pixel * (k + 1) + r) * channels + c,
          (larger * k + r - 1) * channels + c,
          r,
        );
      }
    }
  }
}

/** Kernels over windows of images and, for each, others that are its candidates. */
export function neighbouring(memory: Memory): Pick<Kernels, Neighbours> {
  /** The first number of a window, from that of its array. */
  const start = (s: CandidateShape, n: number, window: number): number => {
    const top = Math.floor(window / s.outWidth) * s.stride;
    return ((n * s.height + top) * s.width + (window % s.outWidth) * s.stride) * s.channels;
  };
  /** Calls back with each window and each of its candidates: window counted over all images. */
  const pairs = (
    s: CandidateShape,
    index: number,
    visit: (n: number, window: number, other: number, pair: number) => void,
  ): void => {
    const windows = s.outHeight * s.outWidth;
    for (let n = 0; n < s.n; n++) {
      for (let window = 0; window < windows; window++) {
        for (let j = 0; j < s.candidates; j++) {
          const at = ((s.ownIndex ? n * windows : 0) + window) * s.candidates + j;
          visit(n, window, memory.heap[index + at]!, (n * windows + window) * s.candidates + j);
        }
      }
    }
  };
  /** Numbers of a window, from its first. */
  const offsets = (s: CandidateShape): number[] =>
    Array.from({ length: s.size * s.size * s.channels }, (_, i) => {
      const run = s.size * s.channels;
      return Math.floor(i / run) * s.width * s.channels + (i % run);
    });
  /** The same for windows of k images at each pixel, and one over the number of windows that cover it. */
  const shares = (s: CandidateShape, window: number): number[] => {
    const top = Math.floor(window / s.outWidth) * s.stride;
    const left = (window % s.outWidth) * s.stride;
    return Array.from({ length: s.size * s.size * s.channels }, (_, i) => {
      const pixel = Math.floor(i / s.channels);
      const down = covering(top + Math.floor(pixel / s.size), s, s.outHeight);
      return 1 / (down * covering(left + (pixel % s.size), s, s.outWidth));
    });
  };
  /** The place in an image with k · channels numbers a pixel, of step r. */
  const spread = (s: CandidateShape, at: number, k: number, r: number): number => {
    const pixel = Math.floor(at / s.channels);
    return (pixel * k + r) * s.channels + (at % s.channels);
  };
  return {
    neighborDistances(x, s, index, y) {
      const { heap } = memory;
      const within = offsets(s);
      pairs(s, index, (n, window, other, pair) => {
        const [a, b] = [x + start(s, n, window), x + start(s, n, other)];
        heap[y + pair] = within.reduce((sum, i) => sum + (heap[a + i]! - heap[b + i]!) ** 2, 0);
      });
    },
    neighborDistancesGradient(x, s, index, dy, dx) {
      const { heap } = memory;
      const within = offsets(s);
      pairs(s, index, (n, window, other, pair) => {
        const [a, b] = [start(s, n, window), start(s, n, other)];
        for (const i of within) {
          const g = 2 * heap[dy + pair]! * (heap[x + a + i]! - heap[x + b + i]!);
          heap[dx + a + i]! += g;
          heap[dx + b + i]! -= g;
        }
      });
    },
    neighborMeans(x, s, index, w, k, y) {
      const { heap } = memory;
      const within = offsets(s);
      heap.fill(0, y, y + s.n * s.height * s.width * s.channels * k);
      pairs(s, index, (n, window, other, pair) => {
        const [a, b] = [start(s, n, window), start(s, n, other)];
        const share = shares(s, window);
        const row = Math.floor(pair / s.candidates);
        const j = pair % s.candidates;
        for (let r = 0; r < k; r++) {
          const weight = heap[w + (row * k + r) * s.candidates + j]!;
          within.forEach((i, e) => {
            heap[y + spread(s, a + i, k, r)]! += weight * share[e]! * heap[x + b + i]!;
          });
        }
      });
    },
    neighborMeansGradient(x, s, index, w, k, dy, dx, dw) {
      const { heap } = memory;
      const within = offsets(s);
      pairs(s, index, (n, window, other, pair) => {
        const [a, b] = [start(s, n, window), start(s, n, other)];
        const share = shares(s, window);
        const row = Math.floor(pair / s.candidates);
        const j = pair % s.candidates;
        for (let r = 0; r < k; r++) {
          const at = (row * k + r) * s.candidates + j;
          let sum = 0;
          within.forEach((i, e) => {
            const g = share[e]! * heap[dy + spread(s, a + i, k, r)]!;
            sum += g * heap[x + b + i]!;
            heap[dx + b + i]! += heap[w + at]! * g;
          });
          heap[dw + at]! += sum;
        }
      });
    },
    append(x, parts, s, y) {
      const { heap } = memory;
      appended(s, (from, to, part, r) => {
        if (r === 0) heap[y + to] = heap[x + from]!;
        else heap[y + to] = heap[parts + part]! - (s.difference ? heap[x + from]! : 0);
      });
    },
    appendGradient(dy, s, dx, dParts) {
      const { heap } = memory;
      appended(s, (from, to, part, r) => {
        if (r > 0) heap[dParts + part]! += heap[dy + to]!;
        if (r === 0) heap[dx + from]! += heap[dy + to]!;
        else if (s.difference) heap[dx + from]! -= heap[dy + to]!;
      });
    },
    copyRows(x, xStep, y, yStep, rows, cols, add) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < cols; j++) {
          const at = y + r * yStep + j;
          heap[at] = heap[x + r * xStep + j]! + (add ? heap[at]! : 0);
        }
      }
    },
  };
}
