import { describe, expect, test } from "vitest";
import { createRng, isVicinalError } from "../core/index.ts";
import { distance, l1, l2, linf } from "./index.ts";
import { minkowski } from "./minkowski.ts";

const rng = createRng(5, "minkowski");
const draw = (d: number): number[] => Array.from({ length: d }, () => rng.normal() * 3);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isVicinalError(error)) return error.code;
  }
  return "nothing";
}

describe("minkowski", () => {
  test("is l1, l2 and linf for the powers 1, 2 and infinity, and l2 unless told otherwise", () => {
    for (let trial = 0; trial < 50; trial++) {
      const [a, b] = [draw(7), draw(7)];
      expect(minkowski({ p: 1 })(a, b)).toBeCloseTo(l1(a, b), 10);
      expect(minkowski({ p: 2 })(a, b)).toBeCloseTo(l2(a, b), 10);
      expect(minkowski({ p: Number.POSITIVE_INFINITY })(a, b)).toBe(linf(a, b));
      expect(distance("minkowski", a, b)).toBeCloseTo(l2(a, b), 10);
    }
  });

  test("takes weights of powers, and the shorter way around periodic axes", () => {
    expect(minkowski({ p: 3, weights: [2, 0, 1] })([0, 5, 1], [1, 9, 3])).toBeCloseTo(10 ** (1 / 3), 12);
    expect(minkowski({ p: Number.POSITIVE_INFINITY, weights: [3, 1] })([0, 0], [2, 5])).toBe(6);
    expect(minkowski({ p: 1, boxSize: [10, 0] })([1, 1], [9, 9])).toBeCloseTo(2 + 8, 12);
    expect(minkowski({ p: 1, boxSize: 10 })([-19, 1], [9, 8])).toBeCloseTo(2 + 3, 12);
  });

  test("does not overflow for large powers", () => {
    expect(minkowski({ p: 900 })([1e30, 0], [0, 1e30])).toBeCloseTo(1e30 * 2 ** (1 / 900), -20);
  });

  test("refuses powers below 1, negative weights, lists of the wrong length, and numbers where none are taken", () => {
    for (const bad of [
      { p: 0.5 },
      { p: Number.NaN },
      { weights: [1, -1] },
      { weights: [1] },
      { boxSize: -1 },
    ]) {
      expect(codeOf(() => minkowski(bad)([1, 2], [3, 4]))).toBe("OPTION_RANGE");
    }
    expect(codeOf(() => minkowski({ q: 3 } as object)([1], [2]))).toBe("OPTION_UNKNOWN");
    expect(codeOf(() => distance("l2", [1], [2], { p: 3 }))).toBe("OPTION_RANGE");
    expect(codeOf(() => distance("mahalanobis", [1], [2]))).toBe("OPTION_RANGE");
  });
});
