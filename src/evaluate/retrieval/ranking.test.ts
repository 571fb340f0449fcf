import fc from "fast-check";
import { expect, test } from "vitest";
import { placeOf, scorePlaces, scoreRankings } from "./ranking.ts";

test("the place is that in the sorted list of what is ranked, halfway among equals", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 }),
      fc.nat(),
      fc.array(fc.nat(19), { maxLength: 8 }),
      (scores, pick, drop) => {
        const item = pick % scores.length;
        const out = drop.filter((i) => i < scores.length);
        const ranked = [...scores.keys()].filter((i) => i === item || !out.includes(i));
        const above = ranked.filter((i) => scores[i]! > scores[item]!).length;
        const equal = ranked.filter((i) => i !== item && scores[i] === scores[item]).length;
        expect(placeOf(scores, item, out)).toBe(1 + above + Math.ceil(equal / 2));
      },
    ),
    { numRuns: 100 },
  );
});

test("leave-one-out scores agree with rankings of one wanted item", () => {
  const places = [1, 3, 10, 11, Number.POSITIVE_INFINITY];
  const rankings = places.map((place) => Array.from({ length: 12 }, (_, i) => (i + 1 === place ? 99 : i)));
  const wanted = places.map(() => [99]);
  const scores = scorePlaces(places, 10);
  expect(scoreRankings(rankings, wanted, 10)).toEqual(scores);
  expect(scores.hitRate).toBeCloseTo(3 / 5, 12);
  expect(scores.recall).toBeCloseTo(3 / 5, 12);
  expect(scores.ndcg).toBeCloseTo((1 + 1 / 2 + 1 / Math.log2(11)) / 5, 12);
  expect(scores.mrr).toBeCloseTo((1 + 1 / 3 + 1 / 10) / 5, 12);
});

test("several wanted items are divided by what is possible among k", () => {
  const scores = scoreRankings(
    [
      [4, 1, 7],
      [1, 2, 3],
    ],
    [new Set([1, 7, 8, 9]), []],
    2,
  );
  expect(scores.queries).toBe(1);
  expect(scores.recall).toBeCloseTo(1 / 4, 12);
  expect(scores.ndcg).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 12);
  expect(scores.mrr).toBeCloseTo(1 / 2, 12);
  expect(scoreRankings([[7, 1]], [[1, 7, 8]], 2).ndcg).toBeCloseTo(1, 12);
});

test("misuse is refused", () => {
  expect(() => placeOf([1, Number.NaN], 0)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  expect(() => placeOf([1], 1)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  expect(() => placeOf([1, 2], 0, [5])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  expect(() => scorePlaces([0], 10)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  expect(() => scorePlaces([1], 0)).toThrow(expect.objectContaining({ code: "BAD_K" }));
  expect(() => scoreRankings([[1, 1]], [[1]], 5)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  expect(() => scoreRankings([[1]], [], 5)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
});
