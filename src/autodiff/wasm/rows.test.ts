import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KernelPair } from "../../../test/helpers/kernelPair.ts";
import { testableBuilds } from "../../../test/helpers/relaxed.ts";
import type { WindowShape } from "../kernels.ts";
import { createWasmKernels } from "./kernels.ts";

const ULP = 2 ** -23;
const extent = fc.oneof(fc.constantFrom(1, 4, 16, 17), fc.integer({ min: 1, max: 40 }));

describe.each(testableBuilds())("%s build", (build) => {
  const kernels = createWasmKernels({ build });
  const pair = new KernelPair(kernels);

  test("sums, spreads and maxima along any axis are those of the reference", () => {
    fc.assert(
      fc.property(fc.tuple(extent, extent, extent), fc.boolean(), fc.nat(), ([o, m, i], add, seed) => {
        pair.clear();
        const x = pair.random(o * m * i, seed);
        const [y, top, at] = [pair.random(o * i, seed + 1), pair.room(o * i), pair.room(o * i)];
        const dx = pair.random(o * m * i, seed + 2);
        const difference = pair.difference((k) => {
          k.sum(x, o, m, i, 0.5, y, add);
          k.spread(y, o, m, i, -0.25, dx);
          k.max(x, o, m, i, top, at);
          k.maxGradient(y, at, o, m, i, dx);
        });
        expect(difference).toBeLessThan(32 * ULP);
      }),
    );
  });

  test("a sum of a million numbers keeps seven digits", () => {
    const n = 1_000_003;
    pair.clear();
    const x = pair.put(Float32Array.from({ length: n }, (_, i) => 1 + (i % 7) / 8));
    const y = pair.room(1);
    expect(pair.difference((k) => k.sum(x, 1, n, 1, 1 / n, y, false))).toBeLessThan(4 * ULP);
  });

  const cell = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(-Infinity, 0, 1) },
  );
  const tables = fc
    .tuple(fc.integer({ min: 0, max: 4 }), extent)
    .chain(([rows, cols]) =>
      fc.tuple(
        fc.constant(rows),
        fc.constant(cols),
        fc.array(cell, { minLength: rows * cols, maxLength: rows * cols }),
        fc.boolean(),
      ),
    );

  test("softmax, its logarithm and logSumExp with their gradients are those of the reference", () => {
    fc.assert(
      fc.property(tables, fc.nat(), ([rows, cols, values, empty], seed) => {
        pair.clear();
        if (empty) values.fill(-Infinity, 0, cols);
        const n = rows * cols;
        const x = pair.put(values);
        const [s, l, e] = [pair.room(n), pair.room(n), pair.room(rows)];
        const [dy, de] = [pair.random(n, seed), pair.random(rows, seed + 1)];
        const [d1, d2, d3] = [pair.random(n, 1), pair.random(n, 2), pair.random(n, 3)];
        const difference = pair.difference((k) => {
          k.softmax(x, rows, cols, s);
          k.softmaxGradient(s, dy, rows, cols, d1);
          k.logSoftmax(x, rows, cols, l);
          k.logSoftmaxGradient(l, dy, rows, cols, d2);
          k.logSumExp(x, rows, cols, e);
          k.logSumExpGradient(x, e, de, rows, cols, d3);
        });
        expect(difference).toBeLessThan(64 * ULP);
      }),
    );
  });

  test("a NaN in a row makes all of its softmax NaN, and no other row's", () => {
    for (const [cols, at] of [
      [3, 1],
      [17, 16],
      [64, 0],
    ] as const) {
      for (const rest of [0.5, -Infinity]) {
        pair.clear();
        const row = Array.from({ length: cols }, (_, i) => (i === at ? Number.NaN : rest));
        const x = pair.put([...row, ...row.map((_, i) => i)]);
        const y = pair.room(2 * cols);
        kernels.softmax(x, 2, cols, y);
        const values = [...kernels.heap.subarray(y, y + 2 * cols)];
        expect(values.map((value) => Number.isNaN(value))).toEqual(values.map((_, i) => i < cols));
      }
    }
  });

  test("the k largest with ties, and their gradient, are those of the reference, for few and for many", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 90 }),
        fc.nat(),
        (rows, cols, seed) => {
          pair.clear();
          const k = 1 + (seed % cols);
          const x = pair.put(Float32Array.from({ length: rows * cols }, (_, i) => (i * seed * 31 + i) % 17));
          const [values, at] = [pair.room(rows * k), pair.room(rows * k)];
          const dx = pair.random(rows * cols, seed);
          const difference = pair.difference((each) => {
            each.topK(x, rows, cols, k, values, at);
            each.topKGradient(values, at, rows, cols, k, dx);
          });
          expect(difference).toBeLessThan(4 * ULP);
        },
      ),
    );
  });

  test("rows gathered and added back, and axes in another order, are those of the reference", () => {
    fc.assert(
      fc.property(
        fc.tuple(...[3, 4, 9, 3, 9].map((max) => fc.integer({ min: 1, max }))),
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        fc.boolean(),
        fc.nat(),
        (shape, order, add, seed) => {
          pair.clear();
          const n = shape.reduce((product, size) => product * size, 1);
          const steps = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
          const [x, y] = [pair.random(n, seed), pair.random(n, seed + 1)];
          const rows = shape[2]!;
          const cols = n / rows;
          const index = pair.put(Array.from({ length: 7 }, (_, i) => (seed + i * i) % rows));
          const gathered = pair.room(7 * cols);
          const difference = pair.difference((k) => {
            const extents = order.map((axis) => shape[axis]!);
            k.permute(
              x,
              order.map((axis) => steps[axis]!),
              y,
              extents,
              add,
            );
            k.gatherRows(x, cols, index, 7, gathered);
            k.scatterAddRows(gathered, cols, index, 7, x);
          });
          expect(difference).toBeLessThan(4 * ULP);
        },
      ),
    );
  });

  test("squared distances are the reference's to the sum's own rounding, and 0 between equal rows", () => {
    fc.assert(
      fc.property(extent, extent, fc.integer({ min: 0, max: 40 }), fc.nat(), (rowsA, rowsB, d, seed) => {
        pair.clear();
        const a = pair.random(rowsA * d, seed);
        const b = pair.random(rowsB * d, seed + 1);
        // Far from the origin, so that a way over dot products would show; one row of b is one of a.
        for (let i = 0; i < rowsA * d; i++) kernels.heap[a + i]! += 100;
        for (let i = 0; i < rowsB * d; i++) kernels.heap[b + i]! += 100;
        kernels.heap.copyWithin(b, a, a + d);
        pair.level();
        const y = pair.room(rowsA * rowsB);
        const difference = pair.difference((k) => k.squaredDistances(a, rowsA, b, rowsB, d, y));
        expect(difference).toBeLessThan((4 + d) * ULP);
        expect(kernels.heap[y]).toBe(0);
      }),
    );
    pair.clear();
    const [a, b, y] = [pair.random(5 * 600, 1), pair.random(13 * 600, 2), pair.room(65)];
    expect(pair.difference((k) => k.squaredDistances(a, 5, b, 13, 600, y))).toBeLessThan(200 * ULP);
  });

  test("batch normalisation and its gradient are those of the reference, also far from zero", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 2, max: 20 }), fc.constantFrom(64, 65, 200)),
        fc.integer({ min: 1, max: 13 }),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (rows, channels, relu, batch, seed) => {
          pair.clear();
          const n = rows * channels;
          const x = pair.random(n, seed);
          for (let i = 0; i < n; i++) kernels.heap[x + i]! += 50;
          pair.level();
          const [gain, shift] = [pair.random(channels, seed + 1), pair.random(channels, seed + 2)];
          const [mean, inverse, y] = [pair.room(channels), pair.room(channels), pair.room(n)];
          const [dy, dx] = [pair.random(n, seed + 3), pair.random(n, seed + 4)];
          const [dGain, dShift] = [pair.random(channels, 5), pair.random(channels, 6)];
          const statistics = pair.difference((k) =>
            k.channelStatistics(x, rows, channels, 1e-5, mean, inverse),
          );
          // The mean is rounded to float32, here to 4e-6 of a deviation about 0.5.
          expect(statistics).toBeLessThan(2e-5);
          pair.level();
          const scales = [gain, shift] as const;
          const forward = pair.difference((k) =>
            k.normalise(x, rows, channels, mean, inverse, ...scales, relu, y),
          );
          expect(forward).toBeLessThan(4e-5);
          pair.level();
          const back = pair.difference((k) =>
            k.normaliseGradient(
              ...([x, y, dy, rows, channels, mean, inverse, gain, relu, batch] as const),
              ...([dx, dGain, dShift] as const),
            ),
          );
          expect(back).toBeLessThan(1e-4);
        },
      ),
    );
  });

  const windows = fc
    .record({
      n: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 9 }),
      channels: fc.integer({ min: 1, max: 9 }),
      size: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 3 }),
      pad: fc.integer({ min: 0, max: 1 }),
    })
    .filter((s) => s.pad < s.size)
    .map((s): WindowShape => {
      const out = (side: number): number => Math.floor((side + 2 * s.pad - s.size) / s.stride) + 1;
      return { ...s, outHeight: out(s.height), outWidth: out(s.width) };
    })
    .filter((s) => s.outHeight > 0 && s.outWidth > 0);

  test("pooling, patches and their gradients are those of the reference", () => {
    fc.assert(
      fc.property(windows, fc.nat(), (s, seed) => {
        pair.clear();
        const pixels = s.n * s.height * s.width * s.channels;
        const places = s.n * s.outHeight * s.outWidth * s.channels;
        const x = pair.put(Float32Array.from({ length: pixels }, (_, i) => ((i * seed + i) % 13) - 6));
        const [y, at, mean, all] = [places, places, places, places * s.size ** 2].map((n) =>
          pair.room(n),
        ) as [number, number, number, number];
        const dy = pair.random(places, seed);
        const [d1, d2] = [pair.random(pixels, 1), pair.random(pixels, 2)];
        const difference = pair.difference((k) => {
          k.maxPool(x, s, y, at);
          k.maxPoolGradient(dy, at, s, d1);
          k.meanPool(x, s, mean);
          k.meanPoolGradient(dy, s, d2);
          k.patches(x, s, all);
          k.overlapAdd(all, s, d2);
        });
        expect(difference).toBeLessThan(16 * ULP);
      }),
    );
  });
});
