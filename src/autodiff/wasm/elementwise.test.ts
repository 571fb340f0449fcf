import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KernelPair } from "../../../test/helpers/kernelPair.ts";
import { testableBuilds } from "../../../test/helpers/relaxed.ts";
import { BINARY, type BinaryOp, type Extents, UNARY, type UnaryOp } from "../kernels.ts";
import { createWasmKernels } from "./kernels.ts";

const ULP = 2 ** -23;
const UNARIES = Object.keys(UNARY) as UnaryOp[];
const BINARIES = Object.keys(BINARY) as BinaryOp[];

/** Numbers of all sizes, and where functions bend. */
const SPECIAL = [0, -0, 1, -1, 0.625, -0.625, 88.7, -88, -103, 1e-38, -1e-40, 3e38, 1e4, -1e4];
const values = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SPECIAL),
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: -100, max: 100, noNaN: true }),
    ),
    { maxLength: 9 },
  )
  .map((list) => Float32Array.from(list));

/** Distance in units in the last place of float32 (of the smallest normal number at least). */
function ulps(got: number, want: number): number {
  if (Object.is(got, want) || got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const rounded = Math.fround(want);
  if (!Number.isFinite(rounded) || !Number.isFinite(got)) return got === rounded ? 0 : Infinity;
  const unit = 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(want) || 1e-45)) - 23);
  return Math.abs(got - want) / unit;
}

describe.each(testableBuilds())("%s build", (build) => {
  const kernels = createWasmKernels({ build });
  const pair = new KernelPair(kernels);
  const slice = (at: number, n: number): Float32Array => Float32Array.from(kernels.heap.subarray(at, at + n));

  /** f of float32 numbers as the kernel has it. */
  const evaluate = (op: UnaryOp, x: Float32Array): Float32Array => {
    pair.clear();
    const [from, to] = [pair.put(x), pair.room(x.length)];
    kernels.unary(op, from, to, x.length);
    return slice(to, x.length);
  };

  test("exp, log, tanh, sigmoid and softplus are within 4 units in the last place of float64's, everywhere", () => {
    const truths: [UnaryOp, (x: number) => number][] = [
      ["exp", Math.exp],
      ["log", Math.log],
      ["tanh", Math.tanh],
      ["sigmoid", (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))],
      ["softplus", (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
    ];
    const grid = [
      ...Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 90),
      ...Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 9e3),
      ...Array.from({ length: 2_000 }, (_, i) => 2 ** (i / 8 - 149) * 1.003),
      ...[0, -0, Infinity, -Infinity, Number.NaN, -1e-45, 1e-45, 88.72283, 88.73, -103.9, -104.1],
    ];
    const x = Float32Array.from(grid);
    for (const [op, truth] of truths) {
      const got = evaluate(op, x);
      let worst = 0;
      let where = 0;
      x.forEach((value, i) => {
        const error = ulps(got[i]!, truth(value));
        if (error > worst || Number.isNaN(error)) [worst, where] = [error, value];
      });
      expect(worst, `${op} at ${where}`).toBeLessThanOrEqual(4);
    }
  });

  test.each(UNARIES)("%s and its gradient are those of the reference", (op) => {
    fc.assert(
      fc.property(values, fc.nat(), (x, seed) => {
        pair.clear();
        const domain = ["log", "sqrt"].includes(op) ? x.map(Math.abs) : x;
        const [from, to] = [pair.put(domain), pair.room(x.length)];
        const dy = pair.random(x.length, seed);
        const dx = pair.random(x.length, seed + 1);
        pair.difference((k) => k.unary(op, from, to, x.length));
        const y = slice(to, x.length);
        const huge = [...domain, ...y].some((v) => Math.abs(v) > 1e15 || (v !== 0 && Math.abs(v) < 1e-15));
        if (!huge) {
          pair.level();
          const gradient = pair.difference((k) => k.unaryGradient(op, from, to, dy, dx, x.length));
          expect(gradient).toBeLessThan(64 * ULP);
        }
      }),
    );
    const x = Float32Array.from({ length: 37 }, (_, i) => (i + (op === "log" ? 0.5 : -18)) / 7);
    const got = evaluate(op, x);
    pair.clear();
    const [from, to] = [pair.put(x), pair.room(x.length)];
    expect(pair.difference((k) => k.unary(op, from, to, x.length))).toBeLessThan(8 * ULP);
    expect(slice(to, x.length)).toEqual(got);
  });

  /** Extents and steps of two dense operands that are broadcast. */
  const layouts = fc
    .record({
      extents: fc.tuple(...[2, 3, 3, 9].map((max) => fc.integer({ min: 1, max }))),
      repeatA: fc.tuple(...[0, 0, 0, 0].map(() => fc.boolean())),
      repeatB: fc.tuple(...[0, 0, 0, 0].map(() => fc.boolean())),
    })
    .map(({ extents, repeatA, repeatB }) => {
      const dense = (repeat: boolean[]): { steps: Extents; size: number } => {
        const steps = [0, 0, 0, 0];
        let size = 1;
        for (let i = 3; i >= 0; i--) {
          if (repeat[i] || extents[i] === 1) continue;
          steps[i] = size;
          size *= extents[i]!;
        }
        return { steps: steps as unknown as Extents, size };
      };
      return { extents: extents as unknown as Extents, a: dense(repeatA), b: dense(repeatB) };
    });

  test.each(BINARIES)("%s and its gradients are those of the reference, however operands repeat", (op) => {
    fc.assert(
      fc.property(layouts, fc.nat(), ({ extents, a, b }, seed) => {
        pair.clear();
        const positive = (n: number, at: number): number =>
          pair.put(Float32Array.from({ length: n }, (_, i) => 0.5 + ((i * 7 + at) % 11) / 8));
        const [x, z] = [positive(a.size, seed), positive(b.size, seed + 3)];
        const n = extents.reduce((product, extent) => product * extent, 1);
        const y = pair.room(n);
        const dy = pair.random(n, seed);
        const [dx, dz] = [pair.random(a.size, seed + 1), pair.random(b.size, seed + 2)];
        const difference = pair.difference((k) => {
          k.binary(op, x, a.steps, z, b.steps, y, extents);
          k.binaryGradient(op, "a", x, a.steps, z, b.steps, dy, dx, extents);
          k.binaryGradient(op, "b", x, a.steps, z, b.steps, dy, dz, extents);
        });
        expect(difference).toBeLessThan(64 * ULP);
      }),
      { numRuns: 150 },
    );
  });

  test("arrays longer than a call, with a scalar on either side, are those of the reference", () => {
    const n = 200_003;
    pair.clear();
    const [x, one, y, out] = [pair.random(n, 1), pair.random(1, 2), pair.room(n), pair.room(1)];
    const extents = [1, 1, 1, n] as const;
    const [all, same] = [[0, 0, 0, 1] as const, [0, 0, 0, 0] as const];
    const difference = pair.difference((k) => {
      k.binary("mul", x, all, one, same, y, extents);
      k.binary("sub", one, same, y, all, y, extents);
      k.unary("tanh", y, y, n);
      k.axpy(0.5, x, y, n);
      k.binaryGradient("mul", "b", x, all, one, same, y, out, extents);
    });
    expect(difference).toBeLessThan(1e-4);
  });

  test("sums of squares are exact to float64 and finite finds what is not", () => {
    for (const n of [0, 1, 3, 4, 7, 1001]) {
      pair.clear();
      const x = pair.random(n, n);
      const want = slice(x, n).reduce((sum, value) => sum + value * value, 0);
      expect(Math.abs(kernels.sumOfSquares(x, n) - want)).toBeLessThan(1e-4);
      expect(kernels.finite(x, n)).toBe(true);
      for (const at of [0, n - 1].filter((i) => i >= 0 && i < n)) {
        for (const bad of [Number.NaN, Infinity, -Infinity]) {
          const kept = kernels.heap[x + at]!;
          kernels.heap[x + at] = bad;
          expect(kernels.finite(x, n)).toBe(false);
          kernels.heap[x + at] = kept;
        }
      }
    }
  });

  test("steps of Adam, AdamW and gradient descent are those of the reference", () => {
    for (const n of [0, 1, 5, 64, 70_001]) {
      for (const [l2, decay, nesterov] of [
        [0, 0, false],
        [0.01, 0.1, true],
      ] as const) {
        pair.clear();
        const [parameter, gradient] = [pair.random(n, 1), pair.random(n, 2)];
        const [firstMoment, secondMoment] = [pair.room(n), pair.room(n)];
        const velocity = pair.random(n, 3);
        const common = { parameter, gradient, n, learningRate: 0.01, l2 };
        const moments = { firstMoment, secondMoment, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay };
        const difference = pair.difference((k) => {
          for (let t = 1; t <= 3; t++) k.adam({ ...common, ...moments, t });
          k.sgd({ ...common, velocity, momentum: 0.9, nesterov });
        });
        expect(difference).toBeLessThan(16 * ULP);
      }
    }
  });
});
