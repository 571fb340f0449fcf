import { describe, expect, test } from "vitest";
import { bruteIndex, randomMatrix } from "../../test/support/brute.ts";
import { type Matrix, matrix, type Scalars } from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import { create } from "../indexes/index.ts";
import { createJudge } from "./recall.ts";
import { groundTruth } from "./truth.ts";
import { type Interval, smallestPassing, tuneSearch } from "./tune.ts";

describe("the smallest passing value", () => {
  /** Recall rising as value² / (half² + value²), known to 0.01. */
  const rising =
    (half: number, seen: number[] = []) =>
    async (value: number): Promise<Interval> => {
      seen.push(value);
      const recall = value ** 2 / (half ** 2 + value ** 2);
      return { recall, low: recall - 0.01, high: recall + 0.01 };
    };

  test.each([0.3, 0.5, 0.8, 0.9, 0.98])("is found within 7 per cent for target %d", async (target) => {
    const seen: number[] = [];
    const { value, found } = await smallestPassing(rising(50, seen), { target, from: 10, most: 4096 });
    const least = Math.ceil(50 * Math.sqrt((target + 0.01) / (1 - target - 0.01)));
    expect(found.low).toBeGreaterThanOrEqual(target);
    expect(value).toBeGreaterThanOrEqual(least);
    expect(value).toBeLessThanOrEqual(Math.ceil(least * 1.07) + 1);
    expect(seen.length).toBeLessThan(20);
  });

  test("is the first when that passes already", async () => {
    expect(await smallestPassing(rising(1), { target: 0.5, from: 10, most: 4096 })).toMatchObject({
      value: 10,
    });
  });

  test("is the widest when none passes", async () => {
    expect((await smallestPassing(rising(2000), { target: 0.9, from: 200, most: 4096 })).value).toBe(4096);
  });

  test("is not looked for beyond the point where wider searches gain nothing", async () => {
    const seen: number[] = [];
    const flat = async (value: number): Promise<Interval> => {
      seen.push(value);
      return { recall: value < 20 ? 0.2 : 0.6, low: 0, high: 1 };
    };
    await smallestPassing(flat, { target: 0.9, from: 10, most: 4096 });
    expect(Math.max(...seen)).toBeLessThan(100);
  });

  test("may have a low interval when nothing was missed", async () => {
    const perfect = async (value: number): Promise<Interval> => ({
      recall: value < 30 ? 0.9 + value / 1000 : 1,
      low: 0.8,
      high: 1,
    });
    const { value } = await smallestPassing(perfect, { target: 0.99, from: 10, most: 4096 });
    expect(value).toBeGreaterThanOrEqual(30);
    expect(value).toBeLessThanOrEqual(33);
  });
});

const base = randomMatrix(4000, 8, 1);
const fresh = randomMatrix(300, 8, 2);

async function graph(rows: Matrix<Scalars> = base): Promise<Index> {
  const index = create("HNSW6", { dimension: 8, metric: "l2", seed: 1 });
  await index.addAsync(rows);
  return index;
}

/** Recall on queries that neither the index nor the tuning has seen. */
async function freshRecall(index: Index, efSearch: number): Promise<number> {
  const truth = await groundTruth(base, fresh, { metric: "l2", k: 10, cache: false });
  const answers = Array.from(
    { length: fresh.rows },
    (_, q) => index.search(fresh.data.subarray(q * 8, q * 8 + 8), { k: 10, efSearch }).keys(0) as number[],
  );
  return createJudge(base, fresh, truth, { metric: "l2", k: 10, epsilon: 1e-6 }).score(answers).recall;
}

test.each([0.8, 0.9, 0.97])("queries never seen reach a target of %d, and not by far", async (target) => {
  const index = await graph();
  const tuned = await tuneSearch(index, target, base, { sample: 400, seed: 3, rebuild: graph });
  expect(tuned.reached).toBe(true);
  expect(tuned.low).toBeGreaterThanOrEqual(target);
  const recall = await freshRecall(index, tuned.params["efSearch"]!);
  expect(recall).toBeGreaterThan(target - 0.02);
  expect(recall).toBeLessThan(target + (1 - target) * 0.9);
  index.close();
});

test("the index is left as it was", async () => {
  const index = await graph();
  const before = index.toBytes();
  await tuneSearch(index, 0.9, base, { rebuild: graph });
  expect(index.toBytes()).toEqual(before);
  index.close();
});

test("the same seed gives the same answer", async () => {
  const index = await graph();
  const once = await tuneSearch(index, 0.9, base, { seed: 3, rebuild: graph });
  expect(await tuneSearch(index, 0.9, base, { seed: 3, rebuild: graph })).toEqual(once);
  index.close();
});

test("codes are judged by the vectors they stand for", async () => {
  const [lo, hi] = [-1000, 1000];
  // Two far outliers leave few of the 8-bit steps to the rest, whose order codes cannot tell.
  const wide: Matrix<Float32Array> = matrix(base.data.slice(), 8);
  wide.data.fill(lo, 0, 8).fill(hi, 8, 16);
  const coded = async (rows: Matrix<Scalars>): Promise<Index> => {
    const made = create("HNSW6,SQ8", { dimension: 8, metric: "l2" });
    await made.addAsync(rows);
    return made;
  };
  const index = await coded(wide);
  const exact = await groundTruth(wide, fresh, { metric: "l2", k: 10, cache: false });
  const answers = Array.from(
    { length: fresh.rows },
    (_, q) => index.search(fresh.data.subarray(q * 8, q * 8 + 8), { k: 10, exact: true }).keys(0) as number[],
  );
  const best = createJudge(wide, fresh, exact, { metric: "l2", k: 10, epsilon: 1e-6 }).score(answers).recall;
  const tuned = await tuneSearch(index, 0.99, wide, { rebuild: coded });
  if (best < 0.9) expect(tuned).toMatchObject({ reached: false });
  expect(tuned.recall).toBeLessThan(best + 0.05);
  index.close();
});

test("an exact index, and one too small to hold rows out of, keep their one setting", async () => {
  const perfect = { recall: 1, low: 1, high: 1, reached: true };
  expect(await tuneSearch(bruteIndex(base), 1, base, { rebuild: graph })).toEqual({ params: {}, ...perfect });
  const few = randomMatrix(9, 8, 1);
  const index = create("HNSW6", { dimension: 8 });
  index.add(few);
  expect(await tuneSearch(index, 1, few, { rebuild: graph })).toEqual({ params: index.defaults, ...perfect });
});

test.each([0, -1, 1.1, Number.NaN])("target %d is refused", async (target) => {
  await expect(tuneSearch(bruteIndex(base), target, base, { rebuild: graph })).rejects.toMatchObject({
    code: "OPTION_RANGE",
  });
});

test("an aborted search for a setting rejects with the reason", async () => {
  const index = await graph();
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(tuneSearch(index, 0.9, base, { signal, rebuild: graph })).rejects.toThrow("enough");
  index.close();
});
