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

test.each([0.5, 0.8, 0.9])(
  "the smallest efSearch that reaches %d is found within 8 per cent",
  async (target) => {
    const half = 50;
    const tuned = await tuneSearch(rising(half), target, base, { k: 100, sample: 20 });
    let least = 100;
    while (lowAt(half, least, 20) < target) least++;
    expect(tuned.reached).toBe(true);
    expect(tuned.low).toBeGreaterThanOrEqual(target);
    expect(tuned.params["efSearch"]).toBeGreaterThanOrEqual(least);
    expect(tuned.params["efSearch"]).toBeLessThanOrEqual(Math.ceil(least * 1.08) + 1);
  },
);

test("a target out of reach is given up where wider searches gain nothing, and it says so", async () => {
  const seen: { efSearch?: number }[] = [];
  const index = bruteIndex(base, { keep: (ef) => (ef < 20 ? 0.2 : 0.6), onSearch: (o) => seen.push(o!) });
  expect(await tuneSearch(index, 0.99, base, { sample: 5 })).toMatchObject({ reached: false });
  expect(Math.max(...seen.map((o) => o.efSearch!))).toBeLessThan(100);
});

test("every setting is asked of the same number of rows, for one neighbour more than k", async () => {
  const seen: { k?: number; efSearch?: number }[] = [];
  await tuneSearch(rising(30, seen), 0.9, base, { k: 7, sample: 12 });
  const asked = seen.map((o) => o.efSearch);
  for (const ef of new Set(asked)) expect(asked.filter((e) => e === ef)).toHaveLength(12);
  expect(new Set(seen.map((o) => o.k))).toEqual(new Set([8]));
});

test("an index that answers from worse copies of the rows is judged by the rows", async () => {
  const coarse = matrix(
    base.data.map((x) => Math.round(x * 4) / 4),
    2,
  );
  const index = bruteIndex(coarse, { keep: () => 1 });
  const tuned = await tuneSearch(index, 0.99, base, { sample: 50 });
  expect(tuned.reached).toBe(false);
  expect(tuned.recall).toBeLessThan(0.8);
});

test("keys of one's own are led back to rows", async () => {
  const index = bruteIndex(base, { keep: () => 1, keyOf: (r) => `k${r}` });
  const rowOf = (key: unknown): number => Number(String(key).slice(1));
  expect(await tuneSearch(index, 0.9, base, { sample: 30, rowOf })).toMatchObject({
    recall: 1,
    reached: true,
  });
});

test("the same seed gives the same answer", async () => {
  const once = await tuneSearch(rising(30), 0.9, base, { sample: 12, seed: 3 });
  expect(await tuneSearch(rising(30), 0.9, base, { sample: 12, seed: 3 })).toEqual(once);
});

test("an exact index keeps its one setting", async () => {
  expect(await tuneSearch(bruteIndex(base), 1, base, { sample: 5 })).toEqual({
    params: {},
    recall: 1,
    low: expect.closeTo(0.7, 0),
    high: 1,
    reached: true,
  });
});

test("an index of one row or none has nothing to miss", async () => {
  for (const rows of [0, 1]) {
    const raw = matrix(new Float32Array(rows * 2), 2);
    const few = bruteIndex(raw, { keep: () => 0 });
    expect(await tuneSearch(few, 1, raw)).toMatchObject({ recall: 1, reached: true });
  }
});

test.each([0, -1, 1.1, Number.NaN])("target %d is refused", async (target) => {
  await expect(tuneSearch(rising(1), target, base)).rejects.toMatchObject({ code: "OPTION_RANGE" });
});

test("an aborted search for a setting rejects with the reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(tuneSearch(rising(30), 0.9, base, { signal })).rejects.toThrow("enough");
});
