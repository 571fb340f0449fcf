import { expect, test } from "vitest";
import { bruteIndex, randomMatrix } from "../../test/support/brute.ts";
import type { AuditOptions, AuditReport } from "../indexes/contract.ts";
import { tuneSearch } from "./tune.ts";

const base = randomMatrix(2000, 2, 1);

/** An index whose recall on its own rows rises with efSearch as 1 − half/(half + ef). */
function rising(half: number, seen: AuditOptions[] = []) {
  const audit = (options: AuditOptions): AuditReport => {
    seen.push(options);
    const recall = 1 - half / (half + options.efSearch! ** 2);
    return { recall, low: recall - 0.01, high: recall + 0.01, sample: 500, k: 10, params: {} };
  };
  return bruteIndex(base, { keep: () => 1, audit });
}

test.each([0.5, 0.9, 0.95, 0.98])(
  "the smallest efSearch whose interval reaches %d is found within 6 %%",
  async (target) => {
    const half = 2000;
    const tuned = await tuneSearch(rising(half), target);
    const least = Math.max(10, Math.sqrt(half / (1 - target - 0.01) - half));
    expect(tuned.reached).toBe(true);
    expect(tuned.params.efSearch).toBeGreaterThanOrEqual(Math.floor(least));
    expect(tuned.params.efSearch).toBeLessThanOrEqual(Math.ceil(least * 1.07) + 1);
    expect(tuned.low).toBeGreaterThanOrEqual(target);
  },
);

test("a target out of reach ends at the widest search and says so", async () => {
  const tuned = await tuneSearch(rising(1e9), 0.99);
  expect(tuned).toMatchObject({ reached: false, params: { efSearch: base.rows } });
});

test("every audit asks for the same k, sample and seed", async () => {
  const seen: AuditOptions[] = [];
  await tuneSearch(rising(2000, seen), 0.9, { k: 7, sample: 50, seed: 3 });
  expect(new Set(seen.map((o) => `${o.k} ${o.sample} ${o.seed}`))).toEqual(new Set(["7 50 3"]));
  expect(seen.length).toBeLessThan(20);
});

test("an exact index keeps its one setting", async () => {
  const audit = (): AuditReport => ({ recall: 1, low: 0.99, high: 1, sample: 500, k: 10, params: {} });
  expect(await tuneSearch(bruteIndex(base, { audit }), 1)).toMatchObject({ params: {}, reached: true });
});

test.each([0, -1, 1.1, Number.NaN])("target %d is refused", async (target) => {
  await expect(tuneSearch(rising(1), target)).rejects.toMatchObject({ code: "OPTION_RANGE" });
});
