import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { wilcoxonSignedRank } from "./wilcoxon.ts";

interface Golden {
  a: number[];
  b: number[];
  statistic: number;
  pvalue: number;
}

test("sums and p agree with SciPy 1.10.1, counted without ties, and normal with and without", () => {
  const path = new URL("../../test/golden/wilcoxon.scipy-1.10.1.json", import.meta.url);
  const cases = JSON.parse(readFileSync(path, "utf8")) as Golden[];
  for (const { a, b, statistic, pvalue } of cases) {
    const { positive, negative, pValue, exact } = wilcoxonSignedRank(a, b);
    expect(Math.min(positive, negative)).toBe(statistic);
    expect(Math.abs(pValue / pvalue - 1), `${a.length} pairs`).toBeLessThan(1e-9);
    expect(exact).toBe(a.length <= 50);
  }
});

/** All 2ⁿ signs one after another. */
function enumerated(differences: readonly number[]): number {
  const some = differences.filter((value) => value !== 0).map(Math.abs);
  const ranks = some.map(
    (x) => some.filter((y) => y < x).length + (some.filter((y) => y === x).length + 1) / 2,
  );
  const middle = ranks.reduce((sum, rank) => sum + rank, 0) / 2;
  const away = (signs: readonly boolean[]): number =>
    Math.abs(ranks.reduce((sum, rank, i) => sum + (signs[i] ? rank : 0), 0) - middle);
  const seen = away(differences.filter((value) => value !== 0).map((value) => value > 0));
  let [as, all] = [0, 0];
  for (let code = 0; code < 2 ** ranks.length; code++, all++) {
    if (away(ranks.map((_, i) => ((code >> i) & 1) === 1)) >= seen) as++;
  }
  return as / all;
}

test("p is the share of all signs whose sums are as far apart, also with ties and pairs that are equal", () => {
  const values = fc.array(fc.integer({ min: -4, max: 6 }), { maxLength: 9 });
  fc.assert(
    fc.property(values, (differences) => {
      const zeros = differences.map(() => 0);
      const found = wilcoxonSignedRank(differences, zeros);
      expect(found.pValue).toBeCloseTo(enumerated(differences), 12);
      const turned = wilcoxonSignedRank(zeros, differences);
      expect([turned.positive, turned.pValue]).toEqual([found.negative, found.pValue]);
    }),
    { numRuns: 60 },
  );
});

test("lists of different lengths and values that are no numbers are refused", () => {
  expect(() => wilcoxonSignedRank([1, 2], [1])).toThrow(/as many/);
  expect(() => wilcoxonSignedRank([1, Number.NaN], [1, 2])).toThrow();
  expect(wilcoxonSignedRank([], []).pValue).toBe(1);
});
