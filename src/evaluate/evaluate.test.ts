import { describe, expect, test } from "vitest";
import { bruteForce, bruteIndex, randomMatrix } from "../../test/support/brute.ts";
import { matrix } from "../core/index.ts";
import { build, create } from "../indexes/index.ts";
import { type Contestant, evaluate } from "./evaluate.ts";

const base = randomMatrix(40, 3, 1);
const queries = randomMatrix(5, 3, 2);
const rows = Array.from({ length: 5 }, (_, q) => bruteForce(base, queries, q, "l2", 10));
const truth = {
  ids: Uint32Array.from(rows.flat(), (r) => r.id),
  queries: 5,
  k: 10,
};
const options = { metric: "l2" as const, truth, rounds: 1, epsilon: 0 };

function contestant(
  name: string,
  make: () => ReturnType<typeof bruteIndex>,
  built: string[] = [],
): Contestant {
  return {
    name,
    probe: make,
    async build() {
      built.push(name);
      return make();
    },
  };
}
const exact = contestant("exact", () => bruteIndex(base));
const half = contestant("half", () => bruteIndex(base, { keep: (ef) => Math.min(1, ef / 20) }));

test("each index is measured at the settings it knows", async () => {
  const report = await evaluate(base, queries, [exact, half], { ...options, params: { efSearch: [10, 20] } });
  expect(report.dataset).toEqual({ n: 40, d: 3, queries: 5, metric: "l2", k: 10 });
  expect(report.results.map((r) => r.points.map((p) => [p.params, p.recall]))).toEqual([
    [[{}, 1]],
    [
      [{ efSearch: 10 }, 0.5],
      [{ efSearch: 20 }, 1],
    ],
  ]);
});

test("without parameters the defaults are measured and reported", async () => {
  const { results } = await evaluate(base, queries, [half], options);
  expect(results[0]!.points.map((p) => p.params)).toEqual([{ efSearch: 50 }]);
});

describe("with a target recall", () => {
  const law = randomMatrix(4000, 8, 1);
  const fresh = randomMatrix(400, 8, 2);
  const tunable = (spec: string, rows = law): Contestant => ({
    name: spec,
    probe: () => create(spec, { dimension: rows.cols }),
    build: (all, run) => build(all, { ...run, spec, seed: 1 }),
  });
  const fast = { metric: "l2" as const, rounds: 1, cache: false as const };

  test.each([0.8, 0.9, 0.97])("of %d, queries never seen reach it, and not by far", async (targetRecall) => {
    const { results } = await evaluate(law, fresh, [tunable("HNSW6")], { ...fast, targetRecall });
    const { chosen, tuned } = results[0]!;
    expect(chosen!.params).toEqual(tuned!.params);
    expect(tuned!.reached).toBe(true);
    expect(tuned!.low).toBeGreaterThanOrEqual(targetRecall);
    // The fresh queries are a sample too, about as large as the one held out.
    const noise = tuned!.high - tuned!.low;
    expect(chosen!.recall).toBeGreaterThan(targetRecall - noise / 2);
    expect(chosen!.recall).toBeLessThan(targetRecall + (1 - targetRecall) * 0.9);
  });

  test("the setting is measured on the queries once, also where the sweep had it", async () => {
    const { results } = await evaluate(law, fresh, [tunable("HNSW6")], { ...fast, targetRecall: 0.9 });
    expect(results[0]!.points).toEqual([results[0]!.chosen]);
  });

  test("an exact index keeps its one setting", async () => {
    const { results } = await evaluate(law, fresh, [tunable("Flat")], { ...fast, targetRecall: 1 });
    expect(results[0]!.chosen).toMatchObject({ params: {}, recall: 1 });
    expect(results[0]!.tuned).toEqual({ params: {}, recall: 1, low: 1, high: 1, reached: true });
  });

  test("too few rows to hold any out are audited", async () => {
    const few = randomMatrix(9, 8, 1);
    const { results } = await evaluate(few, fresh, [tunable("HNSW6", few)], { ...fast, targetRecall: 1 });
    expect(results[0]!.tuned).toMatchObject({ recall: 1, reached: true });
    expect(results[0]!.chosen!.recall).toBe(1);
  });

  test("codes that cannot tell neighbours apart do not reach it", async () => {
    // Two far outliers leave few of the 8-bit steps to the rest, whose order codes cannot tell.
    const wide = matrix(law.data.slice(), 8);
    wide.data.fill(-1000, 0, 8).fill(1000, 8, 16);
    const { results } = await evaluate(wide, fresh, [tunable("HNSW6,SQ8")], { ...fast, targetRecall: 0.99 });
    expect(results[0]!.chosen!.recall).toBeLessThan(0.9);
    expect(results[0]!.tuned).toMatchObject({ reached: false });
    expect(Math.abs(results[0]!.tuned!.recall - results[0]!.chosen!.recall)).toBeLessThan(0.05);
  });
});

test("a parameter that no index knows is refused before anything is built", async () => {
  const built: string[] = [];
  const one = contestant("one", () => bruteIndex(base), built);
  await expect(evaluate(base, queries, [one], { ...options, params: { nprobe: [1] } })).rejects.toMatchObject(
    {
      code: "OPTION_UNKNOWN",
      params: { got: "nprobe" },
    },
  );
  expect(built).toEqual([]);
});

test.each([
  ["DIM_MISMATCH", base, randomMatrix(2, 4, 3), {}],
  ["BAD_INPUT", base, matrix(new Float32Array(0), 3), {}],
  ["BAD_INPUT", matrix(new Float32Array(0), 3), queries, {}],
  ["BAD_K", base, queries, { k: 1.5 }],
  ["OPTION_RANGE", base, queries, { targetRecall: 95 }],
])("%s is thrown for bad input", async (code, b, q, more) => {
  await expect(evaluate(b, q, [exact], { ...options, ...more })).rejects.toMatchObject({ code });
});
