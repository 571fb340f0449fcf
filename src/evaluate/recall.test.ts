import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bruteForce, randomMatrix } from "../../test/support/brute.ts";
import { type Matrix, type Metric, matrix } from "../core/index.ts";
import { createJudge, recallAtK, type Truth } from "./recall.ts";

const line = (...xs: number[]): Matrix<Float32Array> => matrix(Float32Array.from(xs), 1);

function truthOf(base: Matrix, queries: Matrix, metric: Metric, k: number): Truth {
  const rows = Array.from({ length: queries.rows }, (_, q) => bruteForce(base, queries, q, metric, k));
  return {
    ids: Uint32Array.from(rows.flat(), (r) => r.id),
    queries: queries.rows,
    k: Math.min(k, base.rows),
  };
}

describe("on a line with rows at 1, 2, 2, 3, 9 and a query at 0", () => {
  const base = line(1, 2, 2, 3, 9);
  const query = line(0);
  const truth = truthOf(base, query, "l2", 5);
  const recall = (answer: number[], k: number, epsilon?: number): number =>
    recallAtK(base, query, truth, [answer], { metric: "l2", k, epsilon });

  test("either of two rows at the k-th distance counts", () => {
    expect(recall([0, 1], 2)).toBe(1);
    expect(recall([0, 2], 2)).toBe(1);
  });
  test("a row beyond the k-th distance does not count", () => {
    expect(recall([0, 3], 2)).toBe(0.5);
  });
  test("a missing answer is a miss", () => {
    expect(recall([0], 2)).toBe(0.5);
    expect(recall([], 2)).toBe(0);
  });
  test("order does not matter, and answers beyond the k-th are not looked at", () => {
    expect(recall([2, 0], 2)).toBe(1);
    expect(recall([4, 3, 0, 1], 2)).toBe(0);
  });
  test("slack is inclusive", () => {
    expect(recall([0, 3], 2, 1)).toBe(1);
    expect(recall([0, 3], 2, 0.999)).toBe(0.5);
  });
  test("with fewer rows than k the count is divided by the rows", () => {
    expect(recall([0, 1, 2, 3, 4], 10)).toBe(1);
    expect(recall([0, 1, 2, 3], 10)).toBe(0.8);
  });
  test("a row returned twice is refused", () => {
    expect(() => recall([0, 0], 2)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
  test.each([[5], [-1], [0.5], [Number.NaN]])("row %d, which does not exist, is refused", (id) => {
    expect(() => recall([id], 2)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
  test("relative error compares the sums at the ranks returned", () => {
    const score = (answer: number[]) =>
      createJudge(base, query, truth, { metric: "l2", k: 3 }).score([answer]);
    expect(score([0, 1, 3]).relativeError).toBe((1 + 2 + 3) / (1 + 2 + 2));
    expect(score([0]).relativeError).toBe(1);
    expect(score([]).relativeError).toBe(1);
  });
  test("a stretched threshold grows with the distance", () => {
    const near = line(1, 2, 2.019, 2.19, 9);
    const judge = createJudge(near, query, truthOf(near, query, "l2", 2), { metric: "l2", k: 2 });
    expect(judge.score([[0, 2]]).epsilonRecall).toEqual({ "0.01": 1, "0.1": 1 });
    expect(judge.score([[0, 3]]).epsilonRecall).toEqual({ "0.01": 0.5, "0.1": 1 });
    expect(judge.score([[0, 4]]).epsilonRecall).toEqual({ "0.01": 0.5, "0.1": 0.5 });
  });
});

test("under inner product a stretched threshold admits more, although distances are negative", () => {
  const base = line(10, 9.95, 1);
  const judge = createJudge(base, line(1), truthOf(base, line(1), "ip", 1), { metric: "ip", k: 1 });
  expect(judge.score([[1]]).recall).toBe(0);
  expect(judge.score([[1]]).epsilonRecall["0.01"]).toBe(1);
});

test("a truth of other rows or too few neighbours is refused", () => {
  const [base, queries] = [randomMatrix(9, 2, 1), randomMatrix(3, 2, 2)];
  const truth = truthOf(base, queries, "l2", 2);
  for (const wrong of [
    truth,
    { ...truth, queries: 2 },
    { ...truthOf(base, queries, "l2", 3), ids: new Uint32Array(9).fill(9) },
  ]) {
    expect(() => createJudge(base, queries, wrong, { metric: "l2", k: 3 })).toThrow(
      expect.objectContaining({ code: "BAD_INPUT" }),
    );
  }
});

test("recall equals ann-benchmarks' definition for any answers", () => {
  const metrics: Metric[] = ["l2", "l2sq", "cosine", "ip", "l1", "linf"];
  fc.assert(
    fc.property(
      fc.constantFrom(...metrics),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(1000),
      fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 6 }), { minLength: 2, maxLength: 2 }),
      (metric, k, seed, answers) => {
        const [base, queries] = [randomMatrix(12, 3, seed), randomMatrix(2, 3, seed + 1)];
        const truth = truthOf(base, queries, metric, 12);
        let hits = 0;
        for (let q = 0; q < 2; q++) {
          const all = bruteForce(base, queries, q, metric, 12);
          const threshold = all[k - 1]!.distance + 1e-3;
          for (const id of answers[q]!.slice(0, k)) {
            if (all.find((r) => r.id === id)!.distance <= threshold) hits++;
          }
        }
        expect(recallAtK(base, queries, truth, answers, { metric, k })).toBeCloseTo(hits / (2 * k), 12);
      },
    ),
  );
});
