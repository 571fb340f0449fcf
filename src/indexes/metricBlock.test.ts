import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, type MetricOptions } from "../core/index.ts";
import { distance } from "../metrics/index.ts";
import { create, open } from "./index.ts";

const INFINITE = Number.POSITIVE_INFINITY;

/** Numbers of a Minkowski metric that take each of the kernel's ways. */
const OPTIONS: readonly MetricOptions[] = [
  ...[{}, { p: 1 }, { p: 2 }, { p: INFINITE }, { p: 3 }, { p: 1.5 }, { p: 40 }],
  ...[1, 2, INFINITE, 2.5].map((p) => ({ p, weights: [2, 0, 0.25, 1, 7] })),
  ...[1, 2, INFINITE, 4].map((p) => ({ p, boxSize: [3, 0, 2, 1e-3, 50], weights: [1, 2, 3, 4, 5] })),
];

function make(n: number, seed: string): Float32Array[] {
  const rng = createRng(11, seed);
  return Array.from({ length: n }, () => Float32Array.from({ length: 5 }, () => rng.normal() * 4));
}

describe("Flat under minkowski", () => {
  test("answers what the definition says, for every power, weighted and periodic", () => {
    const rows = make(90, "rows");
    const queries = make(6, "queries");
    for (const metricOptions of OPTIONS) {
      const index = create("Flat", { dimension: 5, metric: "minkowski", metricOptions });
      index.add(rows);
      for (const query of queries) {
        const truth = rows
          .map((row) => distance("minkowski", query, row, metricOptions))
          .sort((a, b) => a - b);
        const found = index.search(query, { k: rows.length }).row(0);
        expect(new Set(found.ids).size).toBe(rows.length);
        for (let i = 0; i < rows.length; i++) {
          const claimed = found.distances[i]!;
          expect(Math.abs(claimed - truth[i]!)).toBeLessThanOrEqual(1e-6 * truth[i]!);
          const really = distance("minkowski", query, rows[found.ids[i]!]!, metricOptions);
          expect(Math.abs(claimed - really)).toBeLessThanOrEqual(1e-6 * really);
        }
      }
      index.close();
    }
  });

  test("keeps the metric's numbers in files", async () => {
    const rows = make(30, "rows");
    for (const metricOptions of OPTIONS) {
      const index = create("Flat", { dimension: 5, metric: "minkowski", metricOptions });
      index.add(rows);
      const bytes = index.toBytes();
      const again = await open(bytes);
      expect(again.metricOptions).toEqual(index.metricOptions);
      expect(again.search(rows, { k: 5 }).distances).toEqual(index.search(rows, { k: 5 }).distances);
      expect(again.toBytes()).toEqual(bytes);
    }
  });

  test("refuses numbers of the metric that are out of range, or for a metric that takes none", () => {
    const codeOf = (metric: "minkowski" | "l2", metricOptions: MetricOptions): string => {
      try {
        create("Flat", { dimension: 5, metric, metricOptions });
      } catch (error) {
        if (isVicinalError(error)) return error.code;
      }
      return "nothing";
    };
    expect(codeOf("minkowski", { p: 0.9 })).toBe("OPTION_RANGE");
    expect(codeOf("minkowski", { weights: [1, 2] })).toBe("OPTION_RANGE");
    expect(codeOf("minkowski", { matrix: [[1]] })).toBe("OPTION_UNKNOWN");
    expect(codeOf("l2", { p: 2 })).toBe("OPTION_RANGE");
  });
});
