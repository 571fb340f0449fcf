import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KernelPair } from "../../../test/helpers/kernelPair.ts";
import { testableBuilds } from "../../../test/helpers/relaxed.ts";
import { createRng } from "../../core/rng.ts";
import type { CandidateShape } from "../kernels.ts";
import { createWasmKernels } from "./kernels.ts";

const ULP = 2 ** -23;

describe.each(testableBuilds())("%s build", (build) => {
  const kernels = createWasmKernels({ build });
  const pair = new KernelPair(kernels);

  test("the relaxation and its gradient are those of the reference", () => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 1, max: 3 }),
          cols: fc.integer({ min: 1, max: 21 }),
          k: fc.integer({ min: 1, max: 5 }),
          alpha: fc.boolean(),
        }),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        fc.boolean(),
        fc.nat(),
        (shape, heat, masked, seed) => {
          pair.clear();
          const { rows, cols, k } = shape;
          const rng = createRng(seed);
          // Beyond all candidates a step weighs what is left of roundings.
          const steps = { ...shape, k: Math.min(k, Math.max(1, cols - 1)) };
          const d = pair.put(
            Float32Array.from({ length: rows * cols }, (_, i) =>
              masked && i === 1 ? Infinity : 2 * rng.next(),
            ),
          );
          const t = pair.put(Float32Array.from({ length: rows }, () => heat * (0.5 + rng.next())));
          const w = pair.room(rows * k * cols);
          const dw = pair.random(rows * k * cols, seed + 1);
          const [dd, dt] = [pair.random(rows * cols, 2), pair.random(rows, 3)];
          expect(pair.difference((each) => each.relax(d, t, steps, w))).toBeLessThan(512 * ULP);
          expect(pair.difference((each) => each.relaxGradient(d, t, steps, dw, dd, dt))).toBeLessThan(2e-3);
        },
      ),
    );
  });

  test("where the nearest is ahead by hundreds of temperatures the gradients are those of the reference, not NaN", () => {
    for (const alpha of [true, false]) {
      pair.clear();
      const shape = { rows: 1, cols: 4, k: 4, alpha };
      const d = pair.put(Float32Array.of(252.125, 3.25, 331.125, 368.875));
      const t = pair.put(Float32Array.of(1.125));
      const dw = pair.random(16, 1);
      const [dd, dt] = [pair.random(4, 2), pair.random(1, 3)];
      expect(pair.difference((each) => each.relaxGradient(d, t, shape, dw, dd, dt))).toBeLessThan(2e-3);
    }
  });

  const shapes = fc
    .record({
      n: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 1, max: 8 }),
      width: fc.integer({ min: 1, max: 9 }),
      channels: fc.integer({ min: 1, max: 5 }),
      size: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 3 }),
      candidates: fc.integer({ min: 1, max: 6 }),
      ownIndex: fc.boolean(),
    })
    .filter((s) => s.height >= s.size && s.width >= s.size)
    .map((s): CandidateShape => {
      const out = (side: number): number => Math.floor((side - s.size) / s.stride) + 1;
      return { ...s, pad: 0, outHeight: out(s.height), outWidth: out(s.width) };
    });

  test("distances of windows and their weighted means, with gradients, are those of the reference", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 6 }), fc.nat(), (s, k, seed) => {
        pair.clear();
        const rng = createRng(seed, "index");
        const windows = s.outHeight * s.outWidth;
        const pixels = s.n * s.height * s.width * s.channels;
        const pairs = s.n * windows * s.candidates;
        const x = pair.random(pixels, seed);
        const index = pair.put(
          Float32Array.from({ length: s.ownIndex ? pairs : windows * s.candidates }, () =>
            rng.below(windows),
          ),
        );
        const [d, dd] = [pair.room(pairs), pair.random(pairs, seed + 1)];
        const [w, dw] = [pair.random(pairs * k, seed + 2), pair.random(pairs * k, seed + 3)];
        const [y, dy] = [pair.random(pixels * k, seed + 4), pair.random(pixels * k, seed + 5)];
        const [dx, dx2] = [pair.random(pixels, seed + 6), pair.random(pixels, seed + 7)];
        const difference = pair.difference((each) => {
          each.neighborDistances(x, s, index, d);
          each.neighborDistancesGradient(x, s, index, dd, dx);
          each.neighborMeans(x, s, index, w, k, y);
          each.neighborMeansGradient(x, s, index, w, k, dy, dx2, dw);
        });
        expect(difference).toBeLessThan(128 * ULP);
      }),
    );
  });

  test("images with others appended, and the way back, are those of the reference", () => {
    const small = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        small,
        small,
        small,
        small,
        small,
        fc.boolean(),
        fc.nat(),
        (h, w, c, k, n, difference, seed) => {
          pair.clear();
          const s = {
            n,
            height: h,
            width: w,
            channels: c,
            k,
            tall: h + 2,
            wide: w + 1,
            top: 1,
            left: 1,
            difference,
          };
          const [x, dx] = [pair.random(n * h * w * c, seed), pair.random(n * h * w * c, 1)];
          const larger = n * (h + 2) * (w + 1) * k * c;
          const [parts, back] = [pair.random(larger, seed + 1), pair.random(larger, 2)];
          const y = pair.random(n * h * w * c * (k + 1), 3);
          expect(pair.difference((each) => each.append(x, parts, s, y))).toBeLessThan(2 * ULP);
          expect(pair.difference((each) => each.appendGradient(y, s, dx, back))).toBeLessThan(8 * ULP);
        },
      ),
    );
  });

  test("rows copied between strides, and added, are those of the reference", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.nat(),
        (rows, cols, add, seed) => {
          pair.clear();
          const [x, y] = [pair.random(rows * (cols + 3), seed), pair.random(rows * (cols + 1), seed + 1)];
          expect(
            pair.difference((each) => each.copyRows(x + 2, cols + 3, y + 1, cols + 1, rows, cols, add)),
          ).toBeLessThan(ULP);
        },
      ),
    );
  });
});
