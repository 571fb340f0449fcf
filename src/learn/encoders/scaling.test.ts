import { expect, test } from "vitest";
import { inputScaling } from "./scaling.ts";

test("each channel has its own mean and deviation, innermost first; one that never changes is divided by 1", () => {
  const rows = [
    [1, 10, 7, 3, 20, 7],
    [5, 30, 7, 7, 40, 7],
  ];
  const { mean, deviation } = inputScaling(rows, 3);
  expect(mean).toEqual([4, 25, 7]);
  // Values 1, 3, 5, 7 and 10, 20, 30, 40 about their means.
  expect(deviation[0]).toBeCloseTo(Math.sqrt((9 + 1 + 1 + 9) / 4), 12);
  expect(deviation[1]).toBeCloseTo(Math.sqrt((225 + 25 + 25 + 225) / 4), 12);
  expect(deviation[2]).toBe(1);
});

test("images of one channel are scaled as a whole", () => {
  const { mean, deviation } = inputScaling(
    [
      [0, 2],
      [4, 6],
    ].map((row) => Float32Array.from(row)),
  );
  expect(mean).toEqual([3]);
  expect(deviation[0]).toBeCloseTo(Math.sqrt(5), 12);
});
