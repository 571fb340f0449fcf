import { expect, test } from "vitest";
import { randomMatrix } from "../../test/support/brute.ts";
import { matrix } from "../core/index.ts";
import { create } from "../indexes/index.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import { type SweepEntry, sweepHeldOut } from "./heldOut.ts";

const rows = randomMatrix(400, 8, 1);
const options = { metric: "l2" as const, k: 5, queries: 40, rounds: 1, budgetMs: 1, seed: 3 };
const entries: SweepEntry[] = [
  { index: "Flat", params: {} },
  { index: "HNSW4", params: { efSearch: [5, 200] } },
];
const code = (why: string) => expect.objectContaining({ code: why });

test("recall is that of evaluate() on every tenth row, from the sixth on, looked for among the others", async () => {
  const pick = (wanted: (row: number) => boolean) => {
    const kept = Array.from({ length: 400 }, (_, row) => row).filter(wanted);
    const data = kept.flatMap((row) => [...rows.data.subarray(8 * row, 8 * row + 8)]);
    return matrix(Float32Array.from(data), 8);
  };
  const found = await sweepHeldOut(rows, entries, options);
  const expected = await evaluate(
    pick((row) => row % 10 !== 5),
    pick((row) => row % 10 === 5),
    entries.map(({ index }) => ({
      name: index,
      probe: () => create(index, { dimension: 8 }),
      async build(base) {
        const made = create(index, { dimension: 8, seed: 3, metric: "l2" });
        await made.addAsync(base);
        return made;
      },
    })),
    { ...options, params: { efSearch: [5, 200] } },
  );
  const facts = ({ dataset, results }: Evaluation) => [
    dataset,
    results.map(({ index, bytes, points }) => [index, bytes, points.map((p) => [p.params, p.recall])]),
  ];
  expect(facts(found)).toEqual(facts(expected));
  expect(found.results[1]!.points[0]!.recall).toBeLessThan(1);
});

test("reports grow by one build or one setting, and the last is the answer", async () => {
  const reports: Evaluation[] = [];
  const shares: number[] = [];
  const found = await sweepHeldOut(rows, entries, {
    ...options,
    onReport: (report) => reports.push(report),
    onProgress: ({ done, total }) => shares.push(done / total),
  });
  expect(reports.map(({ results }) => results.map(({ points }) => points.length))).toEqual([
    [0],
    [1],
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
  expect(reports.at(-1)).toEqual(found);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

test("what is wrong is refused before anything is built", async () => {
  const reports: Evaluation[] = [];
  const run = (index: string, params: Record<string, number[]>, more = {}) =>
    sweepHeldOut(rows, [...entries, { index, params }], {
      ...options,
      ...more,
      onReport: (report) => reports.push(report),
    });
  await expect(run("HNSW", { nprobe: [1] })).rejects.toEqual(code("OPTION_UNKNOWN"));
  await expect(run("HNSW", { efSearch: [0] })).rejects.toEqual(code("OPTION_RANGE"));
  await expect(run("Hnws16", {})).rejects.toEqual(code("SPEC_SYNTAX"));
  await expect(run("Flat", {}, { queries: 400 })).rejects.toEqual(code("OPTION_RANGE"));
  await expect(sweepHeldOut(rows, [], options)).rejects.toEqual(code("BAD_INPUT"));
  const many = Array.from({ length: 501 }, (_, i) => i + 1);
  await expect(run("HNSW4", { efSearch: many })).rejects.toEqual(code("BAD_INPUT"));
  expect(reports).toEqual([]);
});

test("an abort ends it between settings, with its reason", async () => {
  const abort = new AbortController();
  const reports: Evaluation[] = [];
  const sweep = sweepHeldOut(rows, entries, {
    ...options,
    signal: abort.signal,
    onReport: (report) => {
      reports.push(report);
      if (reports.length === 3) abort.abort(new Error("enough"));
    },
  });
  await expect(sweep).rejects.toThrow("enough");
  expect(reports.length).toBe(3);
});
