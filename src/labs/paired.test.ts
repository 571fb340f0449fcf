import { expect, test } from "vitest";
import { paired } from "./paired.ts";

test("a paired difference has the interval of Student's t", () => {
  const { mean, interval } = paired([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]);
  expect(mean).toBe(3);
  expect(interval![1] - 3).toBeCloseTo((2.776 * Math.sqrt(2.5)) / Math.sqrt(5), 12);
  expect(paired([1], [3])).toEqual({ mean: -2, interval: null });
});

test("beyond the table of Student's t the points are those of the textbook, to three digits", () => {
  for (const [n, t] of [
    [12, 2.201],
    [31, 2.042],
    [68, 1.996],
  ] as const) {
    const values = Array.from({ length: n }, (_, i) => i);
    const nothing = values.map(() => 0);
    const { mean, interval } = paired(values, nothing);
    const deviation = Math.sqrt((n * (n + 1)) / 12);
    expect((interval![1] - mean) * (Math.sqrt(n) / deviation)).toBeCloseTo(t, 2);
  }
});
