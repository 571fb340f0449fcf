import { describe, expect, test } from "vitest";
import type { AuditReport } from "./contract.ts";
import { smallestPassing } from "./smallestPassing.ts";

/** Drives the search with a recall curve; answers what was found and what was asked. */
function find(curve: (ef: number) => Pick<AuditReport, "recall" | "low">, target: number, k: number) {
  const seen: number[] = [];
  const search = smallestPassing(target, k, 1e6);
  let step = search.next();
  while (!step.done) {
    const efSearch = step.value;
    seen.push(efSearch);
    step = search.next({ ...curve(efSearch), high: 1, sample: 500, k, params: { efSearch } });
  }
  return { ...step.value, seen };
}

/** Recall rising as ef² / (half² + ef²), known to 0.01. */
const rising = (half: number) => (ef: number) => {
  const recall = ef ** 2 / (half ** 2 + ef ** 2);
  return { recall, low: recall - 0.01 };
};

describe("the smallest passing efSearch", () => {
  test.each([0.3, 0.5, 0.8, 0.9, 0.98])("is found within 7 per cent for target %d", (target) => {
    const { efSearch, report, seen } = find(rising(50), target, 10);
    const least = Math.ceil(50 * Math.sqrt((target + 0.01) / (1 - target - 0.01)));
    expect(report.low).toBeGreaterThanOrEqual(target);
    expect(efSearch).toBeGreaterThanOrEqual(least);
    expect(efSearch).toBeLessThanOrEqual(Math.ceil(least * 1.07) + 1);
    expect(seen.length).toBeLessThan(20);
  });

  test("is the first when that passes already", () => {
    expect(find(rising(1), 0.5, 10)).toMatchObject({ efSearch: 10, seen: [10] });
  });

  test("is the widest tried when none passes", () => {
    expect(find(rising(20_000), 0.9, 200).efSearch).toBe(4096);
  });

  test("may have a low interval when nothing was missed", () => {
    const perfect = (ef: number) => ({ recall: ef < 30 ? 0.9 + ef / 1000 : 1, low: 0.8 });
    const { efSearch } = find(perfect, 0.99, 10);
    expect(efSearch).toBeGreaterThanOrEqual(30);
    expect(efSearch).toBeLessThanOrEqual(33);
  });
});
