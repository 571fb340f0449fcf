import { expect, test } from "vitest";
import { bruteIndex, randomMatrix } from "../../test/support/brute.ts";
import { matrix } from "../core/index.ts";
import { recallInterval } from "../indexes/parts/confidence.ts";
import { tuneSearch } from "./tune.ts";

const base = randomMatrix(400, 2, 1);

/** An index that finds half of the neighbours with efSearch = half, and more with more. */
const rising = (half: number, seen: object[] = []) =>
  bruteIndex(base, { keep: (ef) => ef ** 2 / (half ** 2 + ef ** 2), onSearch: (o) => seen.push(o!) });

/** Lower end of the interval with that setting: every row finds round(101 · share), itself among them. */
function lowAt(half: number, ef: number, sample: number): number {
  const found = Math.round((101 * ef ** 2) / (half ** 2 + ef ** 2)) - 1;
  return recallInterval(new Float64Array(sample).fill(found / 100), 100).low;
}

test.each([0.5, 0.8, 0.9])("the smallest efSearch that reaches %d is found within 8 per cent", async (target) => {
  const half = 50;
  const tuned = await tuneSearch(rising(half), target, { k: 100, sample: 20 });
  let least = 100;
  while (lowAt(half, least, 20) < target) least++;
  expect(tuned.reached).toBe(true);
  expect(tuned.low).toBeGreaterThanOrEqual(target);
  expect(tuned.params["efSearch"]).toBeGreaterThanOrEqual(least);
  expect(tuned.params["efSearch"]).toBeLessThanOrEqual(Math.ceil(least * 1.08) + 1);
});

test("a target out of reach ends at the widest search and says so", async () => {
  const tuned = await tuneSearch(rising(1e6), 0.99, { sample: 5 });
  expect(tuned).toMatchObject({ reached: false, params: { efSearch: base.rows } });
});

test("the exact neighbours of each sampled row are looked up once", async () => {
  const seen: object[] = [];
  await tuneSearch(rising(30, seen), 0.9, { k: 7, sample: 12 });
  expect(seen.filter((o) => "exact" in o)).toHaveLength(12);
});

test("the same seed gives the same answer", async () => {
  const once = await tuneSearch(rising(30), 0.9, { sample: 12, seed: 3 });
  expect(await tuneSearch(rising(30), 0.9, { sample: 12, seed: 3 })).toEqual(once);
});

test("an exact index keeps its one setting", async () => {
  expect(await tuneSearch(bruteIndex(base), 1, { sample: 5 })).toEqual({
    params: {},
    recall: 1,
    low: expect.closeTo(0.7, 0),
    high: 1,
    reached: true,
  });
});

test("an index of one row or none has nothing to miss", async () => {
  for (const rows of [0, 1]) {
    const few = bruteIndex(matrix(new Float32Array(rows * 2), 2), { keep: () => 0 });
    expect(await tuneSearch(few, 1)).toMatchObject({ recall: 1, reached: true });
  }
});

test.each([0, -1, 1.1, Number.NaN])("target %d is refused", async (target) => {
  await expect(tuneSearch(rising(1), target)).rejects.toMatchObject({ code: "OPTION_RANGE" });
});

test("an aborted search for a setting rejects with the reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(tuneSearch(rising(30), 0.9, { signal })).rejects.toThrow("enough");
});
