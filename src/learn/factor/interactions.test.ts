import fc from "fast-check";
import { expect, test } from "vitest";
import { checkInteractions, holds, interactions, rowOf, type Triple, transposed } from "./interactions.ts";
import { learnWeights, WEIGHTINGS, weighted, weightOf } from "./weighting.ts";

const entries = fc.array(fc.tuple(fc.nat(6), fc.nat(9), fc.integer({ min: 1, max: 5 })), { maxLength: 60 });

test("triples in any order come to the sums of a dense table, each item once a row and ascending", () => {
  fc.assert(
    fc.property(entries, (triples) => {
      const x = checkInteractions(interactions(triples as Triple[], { users: 7, items: 10 }));
      const dense = Array.from({ length: 7 }, () => new Float64Array(10));
      for (const [u, i, v] of triples) dense[u]![i]! += v;
      for (let u = 0; u < 7; u++) {
        const { items, values } = rowOf(x, u);
        const back = new Float64Array(10);
        items.forEach((item, e) => {
          back[item] = values[e]!;
        });
        expect(back).toEqual(dense[u]);
        for (let i = 0; i < 10; i++) expect(holds(x, u, i)).toBe(dense[u]![i]! > 0);
      }
      expect(transposed(transposed(x))).toEqual(x);
    }),
    { numRuns: 60 },
  );
});

test("columns with values left out count 1 each, and sizes follow from the largest numbers", () => {
  const x = interactions({ users: [2, 0], items: new Uint16Array([4, 1]) });
  expect([x.users, x.items]).toEqual([3, 5]);
  expect([...x.values]).toEqual([1, 1]);
});

test.each([
  ["a fraction for a user", () => interactions([[0.5, 1]])],
  ["a negative item", () => interactions([[0, -1]])],
  ["a value of zero", () => interactions([[0, 1, 0]])],
  ["NaN", () => interactions([[0, 1, Number.NaN]])],
  ["a value beyond float32", () => interactions([[0, 1, 1e39]])],
  ["an item beyond those there are", () => interactions([[0, 7]], { items: 5 })],
  ["columns of unequal length", () => interactions({ users: [1, 2], items: [1] })],
  ["values of unequal length", () => interactions({ users: [1, 2], items: [1, 2], values: [1] })],
  ["a number", () => interactions(7 as never)],
  ["entries that are no triples", () => interactions([3 as never])],
  ["an object of another shape", () => checkInteractions({} as never)],
])("%s is refused with BAD_INPUT", (_, make) => {
  expect(make).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
});

test("weights are those of their definitions", () => {
  const x = interactions([
    [0, 0, 3],
    [0, 1, 8],
    [1, 1, 4],
    [2, 2, 1],
  ]);
  const idf = (count: number): number => Math.max(1e-3, Math.log(3) - Math.log(1 + count));
  const of = (how: (typeof WEIGHTINGS)[number]): number[] => [...weighted(x, how).values];
  const close = (got: number[], want: number[]): void =>
    got.forEach((v, i) => {
      expect(v).toBeCloseTo(want[i]!, 5);
    });
  close(of("none"), [3, 8, 4, 1]);
  close(of("binary"), [1, 1, 1, 1]);
  close(of("log"), [3, 8, 4, 1].map(Math.log1p));
  close(of("sqrt"), [3, 8, 4, 1].map(Math.sqrt));
  close(of("tfidf"), [Math.sqrt(3) * idf(2), Math.sqrt(8) * idf(2), 2 * idf(1), idf(1)]);
  close(of("relative"), [Math.log1p(3 / 5.5), Math.log1p(8 / 5.5), Math.log1p(1), Math.log1p(1)]);
  const mean = 16 / 3;
  const bm25 = (v: number, sum: number, count: number): number =>
    ((v * 101) / (100 * (0.2 + (0.8 * sum) / mean) + v)) * idf(count);
  close(of("bm25"), [bm25(3, 3, 2), bm25(8, 12, 2), bm25(4, 12, 1), bm25(1, 1, 1)]);
  for (const how of WEIGHTINGS)
    expect(weightOf(learnWeights(x, how), 1, { count: 2, mean: 5.5 }, 8)).toBeCloseTo(of(how)[1]!, 5);
});
