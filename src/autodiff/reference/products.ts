import type { ConvShape, Kernels } from "../kernels.ts";
import type { Memory } from "./elementwise.ts";

/** Calls back with (x, w row, y row) for each pair of an input pixel and the output pixel it touches, per tap. */
function taps(s: ConvShape, visit: (pixel: number, tap: number, out: number) => void): void {
  for (let n = 0; n < s.n; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        for (let ky = 0; ky < s.kernelHeight; ky++) {
          const iy = oy * s.stride + ky - s.pad;
          if (iy < 0 || iy >= s.height) continue;
          for (let kx = 0; kx < s.kernelWidth; kx++) {
            const ix = ox * s.stride + kx - s.pad;
            if (ix < 0 || ix >= s.width) continue;
            visit(
              (n * s.height + iy) * s.width + ix,
              ky * s.kernelWidth + kx,
              (n * s.outHeight + oy) * s.outWidth + ox,
            );
          }
        }
      }
    }
  }
}

type Products =
  | "gemm"
  | "squaredDistances"
  | "permute"
  | "convolve"
  | "convolveInputGradient"
  | "convolveWeightGradient";

export function products(memory: Memory): Pick<Kernels, Products> {
  return {
    gemm(p) {
      const { heap } = memory;
      const aRow = p.transposeA ? 1 : p.lda;
      const aStep = p.transposeA ? p.lda : 1;
      const bStep = p.transposeB ? 1 : p.ldb;
      const bCol = p.transposeB ? p.ldb : 1;
      for (let batch = 0; batch < p.batch; batch++) {
        for (let i = 0; i < p.M; i++) {
          for (let j = 0; j < p.N; j++) {
            let x = p.a + batch * p.strideA + i * aRow;
            let w = p.b + batch * p.strideB + j * bCol;
            let total = 0;
            for (let k = 0; k < p.K; k++, x += aStep, w += bStep) total += heap[x]! * heap[w]!;
            const at = p.c + batch * p.strideC + i * p.ldc + j;
            heap[at] = p.add ? heap[at]! + total : total;
          }
        }
      }
    },
    squaredDistances(a, rowsA, b, rowsB, d, y) {
      const { heap } = memory;
      for (let i = 0; i < rowsA; i++) {
        for (let j = 0; j < rowsB; j++) {
          let total = 0;
          for (let c = 0; c < d; c++) total += (heap[a + i * d + c]! - heap[b + j * d + c]!) ** 2;
          heap[y + i * rowsB + j] = total;
        }
      }
    },
    permute(x, steps, y, extents, add) {
      const { heap } = memory;
      const visit = (axis: number, from: number, to: number, size: number): void => {
        if (axis === extents.length) {
          heap[to] = add ? heap[to]! + heap[from]! : heap[from]!;
          return;
        }
        const inner = size / extents[axis]!;
        for (let i = 0; i < extents[axis]!; i++)
          visit(axis + 1, from + i * steps[axis]!, to + i * inner, inner);
      };
      const size = extents.reduce((product, extent) => product * extent, 1);
      if (size > 0) visit(0, x, y, size);
    },
    convolve(x, w, bias, y, s) {
      const { heap } = memory;
      const [C, O] = [s.channelsIn, s.channelsOut];
      for (let row = 0; row < s.n * s.outHeight * s.outWidth; row++) {
        for (let o = 0; o < O; o++) heap[y + row * O + o] = bias === 0 ? 0 : heap[bias + o]!;
      }
      taps(s, (pixel, tap, out) => {
        for (let c = 0; c < C; c++) {
          const value = heap[x + pixel * C + c]!;
          for (let o = 0; o < O; o++) heap[y + out * O + o]! += value * heap[w + (tap * C + c) * O + o]!;
        }
      });
    },
    convolveInputGradient(dy, w, dx, s) {
      const { heap } = memory;
      const [C, O] = [s.channelsIn, s.channelsOut];
      taps(s, (pixel, tap, out) => {
        for (let c = 0; c < C; c++) {
          let total = 0;
          for (let o = 0; o < O; o++) total += heap[dy + out * O + o]! * heap[w + (tap * C + c) * O + o]!;
          heap[dx + pixel * C + c]! += total;
        }
      });
    },
    convolveWeightGradient(x, dy, dw, s) {
      const { heap } = memory;
      const [C, O] = [s.channelsIn, s.channelsOut];
      taps(s, (pixel, tap, out) => {
        for (let c = 0; c < C; c++) {
          const value = heap[x + pixel * C + c]!;
          for (let o = 0; o < O; o++) heap[dw + (tap * C + c) * O + o]! += value * heap[dy + out * O + o]!;
        }
      });
    },
  };
}
