import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, runSync } from "../../core/index.ts";
import { identity, multiply, multiplyTransposed, zeros } from "./dense.ts";
import { lbfgs } from "./lbfgs.ts";
import { choleskySolve } from "./solve.ts";

const rosenbrock = (x: Float64Array, g: Float64Array): number => {
  g.fill(0);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const a = x[i + 1]! - x[i]! ** 2;
    const b = 1 - x[i]!;
    value += 100 * a * a + b * b;
    g[i]! += -400 * a * x[i]! - 2 * b;
    g[i + 1]! += 200 * a;
  }
  return value;
};

describe("lbfgs", () => {
  test("finds the minimum of Rosenbrock's function, which is all ones", () => {
    for (const n of [2, 12]) {
      const start = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
      const found = runSync(lbfgs(rosenbrock, start, { gradientTolerance: 1e-9, valueTolerance: 0 }));
      for (const value of found.x) expect(Math.abs(value - 1)).toBeLessThan(1e-7);
      expect(found.evaluations).toBeLessThan(200);
    }
  });

  test("solves what choleskySolve solves: half xᵀAx − bᵀx", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer(), (n, seed) => {
        const rng = createRng(seed);
        const half = zeros(n, n);
        for (let i = 0; i < half.data.length; i++) half.data[i] = rng.normal();
        const a = multiplyTransposed(half, half);
        for (let i = 0; i < n; i++) a.data[i * n + i]! += 1;
        const b = zeros(n, 1);
        for (let i = 0; i < n; i++) b.data[i] = rng.normal();
        const want = choleskySolve(a, b);
        const quadratic = (x: Float64Array, g: Float64Array): number => {
          let value = 0;
          for (let i = 0; i < n; i++) {
            let sum = 0;
            for (let j = 0; j < n; j++) sum += a.data[i * n + j]! * x[j]!;
            g[i] = sum - b.data[i]!;
            value += x[i]! * (sum / 2 - b.data[i]!);
          }
          return value;
        };
        const start = new Float64Array(n);
        const found = runSync(lbfgs(quadratic, start, { gradientTolerance: 1e-9, valueTolerance: 0 }));
        for (let i = 0; i < n; i++) expect(Math.abs(found.x[i]! - want.data[i]!)).toBeLessThan(1e-6);
      }),
      { numRuns: 40 },
    );
  });

  test("steps back from where the function is not finite, and ends at a kink", () => {
    const barrier = (x: Float64Array, g: Float64Array): number => {
      g[0] = 1 - 0.001 / x[0]!;
      return x[0]! <= 0 ? Number.NaN : x[0]! - 0.001 * Math.log(x[0]!);
    };
    const found = runSync(lbfgs(barrier, Float64Array.of(5)));
    expect(Math.abs(found.x[0]! - 0.001)).toBeLessThan(1e-6);
    const kink = (x: Float64Array, g: Float64Array): number => {
      g[0] = Math.sign(x[0]!) || 1;
      return Math.abs(x[0]!);
    };
    expect(runSync(lbfgs(kink, Float64Array.of(0.7))).value).toBeLessThan(1e-6);
  });

  test("refuses a start where the function is not finite", () => {
    expect(() => runSync(lbfgs(() => Number.NaN, Float64Array.of(1)))).toThrow(
      expect.objectContaining({ code: "BAD_INPUT" }),
    );
  });
});

describe("choleskySolve", () => {
  test("gives the inverse for the identity, and refuses singular matrices", () => {
    const a = zeros(3, 3);
    a.data.set([4, 2, 0, 2, 5, 1, 0, 1, 3]);
    const product = multiply(a, choleskySolve(a, identity(3)));
    for (let i = 0; i < 9; i++)
      expect(Math.abs(product.data[i]! - (i % 4 === 0 ? 1 : 0))).toBeLessThan(1e-14);
    a.data.set([1, 1, 0, 1, 1, 0, 0, 0, 1]);
    expect(() => choleskySolve(a, identity(3))).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
});
