import { describe, expect, test } from "vitest";
import { createRng, type Matrix, matrix } from "../../core/index.ts";
import { clusterRatio, sampledClusterRatio } from "../index.ts";

const exactly = { permutations: 0, bootstrap: 0 };
const KINDS = ["micro", "macro"] as const;

/** Rows around the centres of their values, which have 40, 20, 20, 8 and 3 rows; some rows have none. */
function planted(seed: number): { rows: Matrix<Float64Array>; values: (string | null)[] } {
  const rng = createRng(seed, "sampled ratio test");
  const names = ["a", "b", "c", "d", "e"].flatMap((name, i) =>
    new Array<string>([40, 20, 20, 8, 3][i]!).fill(name),
  );
  const values = Array.from({ length: 100 }, (_, i) => names[(i * 37) % 100] ?? null);
  const data = values.flatMap((value) =>
    Array.from({ length: 4 }, (_, c) => (c === "abcd".indexOf(value ?? "") ? 1.5 : 0) + rng.normal()),
  );
  return { rows: matrix(Float64Array.from(data), 4), values };
}

describe.each(["unit", "cosine", "euclidean"] as const)("distance %s", (distance) => {
  test("the interval holds the exact ratio in 19 of 20 samples, and their mean is the exact ratio", () => {
    const { rows, values } = planted(5);
    const exact = clusterRatio(rows, { p: values }, { ...exactly, distance }).properties.p;
    const samples = Array.from(
      { length: 200 },
      (_, seed) => sampledClusterRatio(rows, { p: values }, { distance, pairs: 400, seed }).properties.p,
    );
    for (const kind of KINDS) {
      const { ratio } = exact[kind];
      const holding = samples.filter(
        ({ [kind]: { interval } }) => interval[0] <= ratio && ratio <= interval[1],
      );
      // Binomial of 200 and 0.95: below 180 or above 199 once in 500.
      expect(holding.length).toBeGreaterThan(179);
      expect(holding.length).toBeLessThan(200);
      const mean = samples.reduce((sum, one) => sum + one[kind].ratio, 0) / samples.length;
      const error = samples[0]![kind].standardError / Math.sqrt(samples.length);
      expect(Math.abs(mean - ratio)).toBeLessThan(4 * error);
    }
    expect([samples[0]!.rows, samples[0]!.values]).toEqual([exact.rows, exact.values]);
  });
});

test("where a value has no more pairs than would be drawn, the mean within values is exact", () => {
  const { rows, values } = planted(2);
  const exact = clusterRatio(rows, { p: values }, exactly).properties.p;
  const sampled = sampledClusterRatio(rows, { p: values }, { pairs: 8 * 780 }).properties.p;
  for (const kind of KINDS) expect(sampled[kind].same).toBeCloseTo(exact[kind].same, 12);
  expect(sampled.pairs).toBe(780 + 190 + 190 + 28 + 4 * 780);
});

test("four times the pairs halve the standard error", () => {
  const { rows, values } = planted(3);
  const error = (pairs: number): number =>
    sampledClusterRatio(rows, { p: values }, { pairs }).properties.p.micro.standardError;
  // 1,100 and 4,400 pairs of value a alone are more than its 780: only those across values are drawn.
  expect(error(64_000) / error(256_000)).toBeCloseTo(2, 1);
});

test("more rows than all pairs can be taken of: two far heaps give the ratio of their width to their distance", () => {
  const n = 20_000;
  const rng = createRng(1, "heaps");
  const rows = matrix(
    Float32Array.from({ length: n }, (_, i) => (i % 2) * 100 + rng.next()),
    1,
  );
  const heap = Array.from({ length: n }, (_, i) => i % 2);
  const plain = { distance: "euclidean" } as const;
  expect(() => clusterRatio(rows, { heap }, { ...exactly, ...plain })).toThrow("sampledClusterRatio");
  const { macro, micro } = sampledClusterRatio(rows, { heap }, { ...plain, pairs: 100_000 }).properties.heap;
  // Mean distance of two uniform numbers is 1/3.
  for (const { ratio, standardError } of [macro, micro]) {
    expect(Math.abs(ratio - 1 / 300)).toBeLessThan(5 * standardError);
    expect(standardError).toBeLessThan(2e-5);
  }
});

test("the same seed gives the same numbers; equal rows have ratio 1; bad input is refused as by the exact form", () => {
  const { rows, values } = planted(4);
  const run = (seed: number): unknown => sampledClusterRatio(rows, { p: values }, { pairs: 400, seed });
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
  const equal = matrix(new Float32Array(rows.rows).fill(1), 1);
  expect(sampledClusterRatio(equal, { p: values }).macro.geometric).toBe(1);
  const code = (name: string): unknown => expect.objectContaining({ code: name });
  expect(() => sampledClusterRatio(rows, { p: values.slice(1) })).toThrow(code("BAD_INPUT"));
  expect(() => sampledClusterRatio(rows, {})).toThrow(code("BAD_INPUT"));
  expect(() => sampledClusterRatio(rows, { p: values }, { pairs: 0 })).toThrow(code("OPTION_RANGE"));
  expect(() => sampledClusterRatio(rows, { p: values.map(() => "x") })).toThrow(code("BAD_INPUT"));
});
