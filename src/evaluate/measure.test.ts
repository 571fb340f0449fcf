import { expect, test } from "vitest";
import { bruteForce, bruteIndex, randomMatrix } from "../../test/support/brute.ts";
import { matrix } from "../core/index.ts";
import { measureSearch, percentile } from "./measure.ts";

const base = randomMatrix(30, 3, 1);
const queries = randomMatrix(7, 3, 2);

test("answers are what the index returned, row by row", async () => {
  const { answers } = await measureSearch(bruteIndex(base), queries, { k: 4, rounds: 2 });
  for (let q = 0; q < queries.rows; q++) {
    expect(answers[q]).toEqual(bruteForce(base, queries, q, "l2", 4).map((r) => r.id));
  }
});

test("every search is given k and the parameters, one query at a time", async () => {
  const seen = new Set<string>();
  const index = bruteIndex(base, { keep: () => 1, onSearch: (o) => seen.add(JSON.stringify(o)) });
  await measureSearch(index, queries, { k: 4, params: { efSearch: 9 }, rounds: 1 });
  expect([...seen]).toEqual([JSON.stringify({ efSearch: 9, k: 4 })]);
});

test("no pass starts once the budget is spent, and the first always runs", async () => {
  expect((await measureSearch(bruteIndex(base), queries, { rounds: 50, budgetMs: 0 })).rounds).toBe(1);
  expect((await measureSearch(bruteIndex(base), queries, { rounds: 3, budgetMs: 60_000 })).rounds).toBe(3);
});

test("the best pass is at least as fast as the median, and quantiles ascend", async () => {
  const m = await measureSearch(bruteIndex(base), queries, { rounds: 5 });
  expect(m.qps).toBeGreaterThanOrEqual(m.qpsMedian);
  expect(m.p50Ms).toBeLessThanOrEqual(m.p95Ms);
  expect(m.p95Ms).toBeLessThanOrEqual(m.p99Ms);
});

test("batch speed is reported only when threads are asked for", async () => {
  expect(await measureSearch(bruteIndex(base), queries, { rounds: 1 })).not.toHaveProperty("batchQps");
  expect(
    (await measureSearch(bruteIndex(base), queries, { rounds: 1, threads: 2 })).batchQps,
  ).toBeGreaterThan(0);
});

test("keys that are not row numbers are refused", async () => {
  const index = bruteIndex(base, { keyOf: (row) => `row ${row}` });
  await expect(measureSearch(index, queries)).rejects.toMatchObject({ code: "BAD_INPUT" });
});

test("without a query there is nothing to measure", async () => {
  const none = matrix(new Float32Array(0), 3);
  await expect(measureSearch(bruteIndex(base), none)).rejects.toMatchObject({ code: "BAD_INPUT" });
  await expect(measureSearch(bruteIndex(base), queries, { k: 0 })).rejects.toMatchObject({ code: "BAD_K" });
});

test("an aborted measurement rejects with the reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(measureSearch(bruteIndex(base), queries, { signal })).rejects.toThrow("enough");
});

test("a percentile is the smallest value that enough values do not exceed", () => {
  const values = Float64Array.of(1, 2, 3, 4);
  expect([0, 0.25, 0.26, 0.5, 0.99, 1].map((p) => percentile(values, p))).toEqual([1, 1, 2, 2, 4, 4]);
});
