import { describe, expect, test } from "vitest";
import { createRng } from "../core/rng.ts";
import { type CodeBounds, trainBounds } from "./exact-train.ts";

/** Mean squared distance of rows and their codes. */
function meanError(
  sample: ArrayLike<number>,
  count: number,
  d: number,
  { offsets, step }: CodeBounds,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < d; j++) {
      const t = sample[i * d + j]! - offsets[j]!;
      const code = Math.min(127, Math.max(0, Math.round(t / step)));
      sum += (t - step * code) ** 2;
    }
  }
  return sum / count;
}

describe("trainBounds", () => {
  const count = 600;
  const d = 10;
  const rng = createRng(9, "train");
  const normal = Float64Array.from({ length: count * d }, () => rng.normal());

  test("constant columns have no error and take no part in the step", () => {
    const wide = Float64Array.from({ length: count * 2 * d }, (_, at) => {
      const j = at % (2 * d);
      return j < d ? normal[Math.floor(at / (2 * d)) * d + j]! : 0.5 * j;
    });
    const alone = trainBounds(normal, count, d, d, 16);
    const both = trainBounds(wide, count, 2 * d, 2 * d, 24);
    expect(both.step).toBe(alone.step);
    const rounding = meanError(wide, count, 2 * d, both) - meanError(normal, count, d, alone);
    expect(Math.abs(rounding)).toBeLessThan(1e-9);
  });

  test("a few far-off rows do not coarsen the codes of the others", () => {
    const tails = normal.map((x, at) => (at < 5 * d ? 1000 * x : x));
    const { step, offsets } = trainBounds(tails, count, d, d, d);
    const error = meanError(tails.subarray(8 * d), count - 8, d, { step, offsets });
    expect(error).toBeLessThan(2 * meanError(normal, count, d, trainBounds(normal, count, d, d, d)));
  });

  test("half the step cuts off far more than it refines", () => {
    const bounds = trainBounds(normal, count, d, d, d);
    const error = meanError(normal, count, d, bounds);
    for (const factor of [0.5, 0.7, 1.4, 2]) {
      const step = bounds.step * factor;
      const middle = bounds.offsets.map((o) => o + 63.5 * bounds.step - 63.5 * step);
      expect(meanError(normal, count, d, { step, offsets: middle }), `${factor}`).toBeGreaterThan(
        0.8 * error,
      );
    }
  });

  test("the step is positive and everything finite for zeros, equal rows, and the largest floats", () => {
    for (const value of [0, 0.3, -1e-45, 3.4e38]) {
      const sample = new Float64Array(4 * d).fill(value);
      sample[0] = -value;
      const { step, offsets } = trainBounds(sample, 4, d, d, 16);
      expect(step).toBeGreaterThanOrEqual(2 ** -100);
      expect(Number.isFinite(step)).toBe(true);
      expect([...offsets].every(Number.isFinite)).toBe(true);
      expect([...offsets.subarray(d)]).toEqual(new Array(16 - d).fill(0));
    }
  });
});
