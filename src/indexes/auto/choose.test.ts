import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError, type Metric } from "../../core/index.ts";
import { bytesOf } from "../bytes.ts";
import { create } from "../create.ts";
import { type AutoCase, chooseIndex } from "./choose.ts";

const usual: AutoCase = { n: 100_000, dimension: 128, metric: "l2", dtype: "f32", targetRecall: 0.95 };
const first = (changes: Partial<AutoCase>): string => chooseIndex({ ...usual, ...changes }).ladder[0]!.spec;

describe("chooseIndex", () => {
  test("takes exact search for few rows and for a recall of 1, a graph over codes for many", () => {
    expect(first({ n: 10_000 })).toBe("Flat");
    expect(first({ targetRecall: 1 })).toBe("Flat");
    expect(first({})).toBe("HNSW16,SQ7,Refine");
    expect(first({ metric: "l1" })).toBe("HNSW16");
    expect(first({ metric: "hamming", dtype: "bits" })).toBe("HNSW16");
  });

  test("takes an exact tree in few dimensions", () => {
    expect(first({ dimension: 6 })).toBe("KDTree");
    expect(first({ dimension: 7 })).toBe("HNSW16");
    expect(first({ dimension: 7, targetRecall: 1 })).toBe("KDTree");
    expect(first({ dimension: 2, metric: "haversine" })).toBe("BallTree");
    expect(first({ dimension: 3, n: 100 })).toBe("Flat");
    expect(first({ dimension: 3, metric: "ip" })).toBe("HNSW16");
    expect(first({ dimension: 11 })).toBe("HNSW16");
  });

  test("leaves the vectors out when memory is short, and says what would have taken too much", () => {
    const whole = bytesOf("HNSW16,SQ7,Refine", usual).total;
    const { ladder } = chooseIndex({ ...usual, memoryBudget: whole / 2 });
    expect(ladder).toHaveLength(1);
    expect(ladder[0]!.spec).toBe("HNSW16,SQ7");
    expect(ladder[0]!.why).toMatch(/HNSW16,SQ7,Refine would take 7\d\.\d MB of the 3\d\.\d MB allowed/);
  });

  test("keeps to the budget, offers what create() can make, and ends in exact search without one", () => {
    const metrics: readonly Metric[] = ["l2", "l2sq", "cosine", "ip", "l1", "linf"];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.constantFrom(...metrics),
        fc.constantFrom(0.5, 0.95, 0.99, 1),
        fc.option(fc.double({ min: 0.01, max: 2, noNaN: true }), { nil: undefined }),
        (n, dimension, metric, targetRecall, share) => {
          const shape = { n, dimension, metric, dtype: "f32" } as const;
          const memoryBudget = share && share * bytesOf("Flat", shape).total;
          let chosen: ReturnType<typeof chooseIndex>;
          try {
            chosen = chooseIndex({ ...shape, targetRecall, memoryBudget });
          } catch (error) {
            expect(isVicinalError(error, "OPTION_RANGE")).toBe(true);
            expect(memoryBudget).toBeLessThan(bytesOf("Flat", shape).total);
            return;
          }
          const { ladder, alternatives } = chosen;
          for (const { spec } of ladder) {
            create(spec, { dimension, metric }).close();
            if (memoryBudget !== undefined) {
              expect(bytesOf(spec, shape).total).toBeLessThanOrEqual(memoryBudget);
            }
            expect(alternatives.find((other) => other.spec === spec)?.fits).toBe(true);
          }
          if (memoryBudget === undefined)
            expect(["Flat", "KDTree", "BallTree"]).toContain(ladder.at(-1)!.spec);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("refuses a budget that nothing fits, and says what would", () => {
    try {
      chooseIndex({ ...usual, memoryBudget: 1000 });
      expect.unreachable();
    } catch (error) {
      expect(isVicinalError(error, "OPTION_RANGE") && error.params).toMatchObject({
        option: "memoryBudget",
        got: 1000,
      });
      expect(String(error)).toMatch(/at least \d+ bytes, which \S+ takes for 100000 rows/);
    }
  });
});
