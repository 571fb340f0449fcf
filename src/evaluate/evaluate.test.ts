import { expect, test } from "vitest";
import { bruteForce, bruteIndex, randomMatrix } from "../../test/support/brute.ts";
import { type Matrix, matrix, type Scalars } from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import { create } from "../indexes/index.ts";
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
    rebuild: async () => make(),
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

test("a target recall adds the setting tuned to it", async () => {
  const many = randomMatrix(3000, 3, 1);
  const probe = (): Index => create("HNSW4", { dimension: 3, seed: 1 });
  const build = async (rows: Matrix<Scalars>): Promise<Index> => {
    const index = probe();
    await index.addAsync(rows);
    return index;
  };
  const filled: Contestant = { name: "HNSW4", probe, build, rebuild: (_index, rows) => build(rows) };
  const { results } = await evaluate(many, queries, [filled], {
    ...{ metric: "l2", rounds: 1, targetRecall: 0.9, cache: false },
  });
  expect(results[0]!.chosen!.params).toEqual(results[0]!.tuned!.params);
  expect(results[0]!.chosen!.recall).toBeGreaterThan(0.8);
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
