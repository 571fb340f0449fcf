import type { Kernels } from "../kernels.ts";
import type { Memory } from "./elementwise.ts";

type Reductions = "sum" | "spread" | "max" | "maxGradient";

export function reductions(memory: Memory): Pick<Kernels, Reductions> {
  return {
    sum(x, outer, mid, inner, scale, y, add) {
      const { heap } = memory;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let total = 0;
          for (let m = 0; m < mid; m++) total += heap[x + (o * mid + m) * inner + i]!;
          const at = y + o * inner + i;
          heap[at] = scale * total + (add ? heap[at]! : 0);
        }
      }
    },
    spread(dy, outer, mid, inner, scale, dx) {
      const { heap } = memory;
      for (let o = 0; o < outer; o++) {
        for (let m = 0; m < mid; m++) {
          for (let i = 0; i < inner; i++)
            heap[dx + (o * mid + m) * inner + i]! += scale * heap[dy + o * inner + i]!;
        }
      }
    },
    max(x, outer, mid, inner, y, at) {
      const { heap } = memory;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let best = 0;
          const value = (m: number): number => heap[x + (o * mid + m) * inner + i]!;
          for (let m = 1; m < mid; m++) if (value(m) > value(best)) best = m;
          heap[y + o * inner + i] = value(best);
          heap[at + o * inner + i] = best;
        }
      }
    },
    maxGradient(dy, at, outer, mid, inner, dx) {
      const { heap } = memory;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const m = heap[at + o * inner + i]!;
          heap[dx + (o * mid + m) * inner + i]! += heap[dy + o * inner + i]!;
        }
      }
    },
  };
}

type Rows =
  | "softmax"
  | "softmaxGradient"
  | "logSoftmax"
  | "logSoftmaxGradient"
  | "logSumExp"
  | "logSumExpGradient"
  | "topK"
  | "topKGradient"
  | "gatherRows"
  | "scatterAddRows";

/** log Σ exp of a row; −∞ for a row of −∞. */
function logSumExp(heap: Float32Array | Float64Array, x: number, cols: number): number {
  let high = -Infinity;
  for (let j = 0; j < cols; j++) high = Math.max(high, heap[x + j]!);
  if (high === -Infinity) return high;
  let total = 0;
  for (let j = 0; j < cols; j++) total += Math.exp(heap[x + j]! - high);
  return high + Math.log(total);
}

export function rowwise(memory: Memory): Pick<Kernels, Rows> {
  return {
    softmax(x, rows, cols, y) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        const total = logSumExp(heap, x + r * cols, cols);
        for (let j = r * cols; j < (r + 1) * cols; j++)
          heap[y + j] = total === -Infinity ? 0 : Math.exp(heap[x + j]! - total);
      }
    },
    softmaxGradient(y, dy, rows, cols, dx) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        let dot = 0;
        for (let j = r * cols; j < (r + 1) * cols; j++) dot += heap[y + j]! * heap[dy + j]!;
        for (let j = r * cols; j < (r + 1) * cols; j++) heap[dx + j]! += heap[y + j]! * (heap[dy + j]! - dot);
      }
    },
    logSoftmax(x, rows, cols, y) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        const total = logSumExp(heap, x + r * cols, cols);
        for (let j = r * cols; j < (r + 1) * cols; j++)
          heap[y + j] = total === -Infinity ? total : heap[x + j]! - total;
      }
    },
    logSoftmaxGradient(y, dy, rows, cols, dx) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        let total = 0;
        for (let j = r * cols; j < (r + 1) * cols; j++) total += heap[dy + j]!;
        for (let j = r * cols; j < (r + 1) * cols; j++)
          heap[dx + j]! += heap[dy + j]! - Math.exp(heap[y + j]!) * total;
      }
    },
    logSumExp(x, rows, cols, y) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) heap[y + r] = logSumExp(heap, x + r * cols, cols);
    },
    logSumExpGradient(x, y, dy, rows, cols, dx) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        const total = heap[y + r]!;
        if (total === -Infinity) continue;
        for (let j = r * cols; j < (r + 1) * cols; j++)
          heap[dx + j]! += Math.exp(heap[x + j]! - total) * heap[dy + r]!;
      }
    },
    topK(x, rows, cols, k, values, at) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        const row = heap.slice(x + r * cols, x + (r + 1) * cols);
        const order = Array.from(row.keys()).sort((i, j) => row[j]! - row[i]! || i - j);
        for (let j = 0; j < k; j++) {
          heap[values + r * k + j] = row[order[j]!]!;
          heap[at + r * k + j] = order[j]!;
        }
      }
    },
    topKGradient(dy, at, rows, cols, k, dx) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        for (let j = r * k; j < (r + 1) * k; j++) heap[dx + r * cols + heap[at + j]!]! += heap[dy + j]!;
      }
    },
    gatherRows(x, cols, index, rows, y) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        const from = x + heap[index + r]! * cols;
        heap.copyWithin(y + r * cols, from, from + cols);
      }
    },
    scatterAddRows(y, cols, index, rows, x) {
      const { heap } = memory;
      for (let r = 0; r < rows; r++) {
        const to = x + heap[index + r]! * cols;
        for (let j = 0; j < cols; j++) heap[to + j]! += heap[y + r * cols + j]!;
      }
    },
  };
}
