import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KernelPair } from "../../../test/helpers/kernelPair.ts";
import { testableBuilds } from "../../../test/helpers/relaxed.ts";
import type { ConvShape } from "../kernels.ts";
import { createWasmKernels } from "./kernels.ts";

/** Sums of n products of numbers up to 1 in float32 are that close to those in float64. */
const tolerance = (n: number): number => 2 ** -23 * (4 + n / 4);

const size = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(0, 1, 6, 8, 9), fc.integer({ min: 0, max }));

describe.each(testableBuilds())("%s build", (build) => {
  const pair = new KernelPair(createWasmKernels({ build }));

  test("matrix products of any shape, stride, transposition and batch are those of the reference", () => {
    fc.assert(
      fc.property(
        fc.record({
          M: size(60),
          N: size(60),
          K: size(60),
          batch: fc.constantFrom(0, 1, 1, 3),
          transposeA: fc.boolean(),
          transposeB: fc.boolean(),
          add: fc.boolean(),
          extra: fc.constantFrom(0, 3),
          share: fc.constantFrom("", "a", "b"),
          seed: fc.nat(),
        }),
        ({ M, N, K, batch, transposeA, transposeB, add, extra, share, seed }) => {
          pair.clear();
          const lda = (transposeA ? M : K) + extra;
          const ldb = (transposeB ? K : N) + extra;
          const ldc = N + extra;
          const strideA = share === "a" ? 0 : lda * (transposeA ? K : M);
          const strideB = share === "b" ? 0 : ldb * (transposeB ? N : K);
          const strideC = ldc * M;
          const a = pair.random(lda * (transposeA ? K : M) * Math.max(1, batch), seed);
          const b = pair.random(ldb * (transposeB ? N : K) * Math.max(1, batch), seed + 1);
          const c = pair.random(strideC * batch, seed + 2);
          const product = { M, N, K, a, lda, transposeA, b, ldb, transposeB, c, ldc, add, batch };
          const strides = { strideA, strideB, strideC };
          expect(pair.difference((k) => k.gemm({ ...product, ...strides }))).toBeLessThan(tolerance(K));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("long products and such of more columns than are packed at once are those of the reference", () => {
    for (const [M, N, K] of [
      [13, 17, 1200],
      [97, 9, 300],
      [2, 2100, 1500],
    ] as const) {
      pair.clear();
      const [a, b, c] = [pair.random(M * K, M), pair.random(K * N, N), pair.room(M * N)];
      const plain = { transposeA: false, transposeB: false, add: false, batch: 1 };
      const strides = { lda: K, ldb: N, ldc: N, strideA: 0, strideB: 0, strideC: 0 };
      const difference = pair.difference((k) => k.gemm({ M, N, K, a, b, c, ...plain, ...strides }));
      expect(difference).toBeLessThan(tolerance(K));
    }
  });

  const shapes = fc
    .record({
      n: fc.constantFrom(1, 2, 3),
      height: fc.integer({ min: 1, max: 14 }),
      width: fc.integer({ min: 1, max: 14 }),
      channelsIn: fc.constantFrom(1, 2, 3, 4, 8, 12, 16, 20),
      channelsOut: fc.constantFrom(1, 1, 2, 5, 8, 12),
      kernelHeight: fc.constantFrom(1, 2, 3, 3, 5),
      kernelWidth: fc.constantFrom(1, 2, 3, 3, 5),
      stride: fc.constantFrom(1, 1, 2, 3),
      pad: fc.constantFrom(0, 1, 1, 2),
    })
    .map((s): ConvShape => {
      const out = (extent: number, kernel: number): number =>
        Math.floor((extent + 2 * s.pad - kernel) / s.stride) + 1;
      return { ...s, outHeight: out(s.height, s.kernelHeight), outWidth: out(s.width, s.kernelWidth) };
    })
    .filter((s) => s.outHeight > 0 && s.outWidth > 0);

  const convolution = (s: ConvShape, seed: number, withBias: boolean): number => {
    pair.clear();
    const taps = s.kernelHeight * s.kernelWidth;
    const x = pair.random(s.n * s.height * s.width * s.channelsIn, seed);
    const w = pair.random(taps * s.channelsIn * s.channelsOut, seed + 1);
    const bias = withBias ? pair.random(s.channelsOut, seed + 2) : 0;
    const y = pair.room(s.n * s.outHeight * s.outWidth * s.channelsOut);
    const dy = pair.random(s.n * s.outHeight * s.outWidth * s.channelsOut, seed + 3);
    const dx = pair.random(s.n * s.height * s.width * s.channelsIn, seed + 4);
    const dw = pair.random(taps * s.channelsIn * s.channelsOut, seed + 5);
    return pair.difference((k) => {
      k.convolve(x, w, bias, y, s);
      k.convolveInputGradient(dy, w, dx, s);
      k.convolveWeightGradient(x, dy, dw, s);
    });
  };

  test("convolutions and both gradients are those of the reference", () => {
    fc.assert(
      fc.property(shapes, fc.nat(), fc.boolean(), (s, seed, bias) => {
        const sums = Math.max(
          s.kernelHeight * s.kernelWidth * Math.max(s.channelsIn, s.channelsOut),
          s.n * s.outHeight * s.outWidth,
        );
        // Winograd's filtering loses up to three bits more.
        expect(convolution(s, seed, bias)).toBeLessThan(8 * tolerance(sums));
      }),
      { numRuns: 300 },
    );
  });
});
