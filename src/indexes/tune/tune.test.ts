import { describe, expect, test } from "vitest";
import { createRng, isVicinalError } from "../../core/index.ts";
import { create, tune } from "../index.ts";

const N = 4000;
const D = 16;

function gaussian(rows: number, seed: number): Float32Array {
  const rng = createRng(seed, "rows");
  const data = new Float32Array(rows * D);
  for (let i = 0; i < data.length; i++) data[i] = rng.normal();
  return data;
}

const base = gaussian(N, 1);
const queries = gaussian(300, 2);

function built(spec = "HNSW8") {
  const index = create<number>(spec, { dimension: D, efConstruction: 60 });
  index.add(base);
  return index;
}
const exact = create<number>("Flat", { dimension: D });
exact.add(base);
const truth = exact.search(queries, { k: 10 });
const truthKeys = Array.from({ length: 300 }, (_, q) => truth.keys(q));

function recallOf(index: ReturnType<typeof built>, params: Readonly<Record<string, number>>): number {
  const found = index.search(queries, { k: 10, ...params });
  let hits = 0;
  for (let q = 0; q < 300; q++) hits += found.keys(q).filter((key) => truthKeys[q]!.includes(key)).length;
  return hits / 3000;
}

describe("tune", () => {
  test("finds a setting whose recall on the queries is the one it reports, at the target, and applies it", async () => {
    const index = built();
    const report = await tune(index, queries, { targetRecall: 0.9, sample: 300 });
    expect(report.reached).toBe(true);
    expect(index.defaults).toEqual(report.chosen.params);
    expect(recallOf(index, report.chosen.params)).toBeCloseTo(report.chosen.recall, 6);
    expect(report.chosen.low).toBeGreaterThanOrEqual(0.9);
    // A tenth less effort misses the target.
    const { efSearch } = report.chosen.params;
    const less = await tune(index, queries, { targetRecall: 0.9, sample: 300, apply: false });
    expect(less.chosen.params).toEqual(report.chosen.params);
    expect(recallOf(index, { efSearch: Math.floor(efSearch! * 0.8) })).toBeLessThan(report.chosen.recall);
  });

  test("chooses the same with the truth given as keys", async () => {
    const index = built();
    const options = { targetRecall: 0.9, sample: 200, apply: false };
    const found = await tune(index, queries, options);
    const given = await tune(index, queries, { ...options, truth: truthKeys });
    expect(given.chosen.params).toEqual(found.chosen.params);
    expect(given.chosen.recall).toBeCloseTo(found.chosen.recall, 6);
  });

  test("without queries hides rows from their own search: the recall holds for new queries", async () => {
    const index = built("HNSW8,SQ8,Refine");
    const { chosen } = await tune(index, undefined, { targetRecall: 0.9 });
    const recall = recallOf(index, {});
    expect(recall).toBeGreaterThan(chosen.low - 0.03);
    expect(recall).toBeLessThan(chosen.high + 0.03);
  });

  test("gives points that rise in recall and time, and leaves the defaults alone unless asked", async () => {
    const index = built();
    const before = index.defaults;
    const { points } = await tune(index, queries, { budgetMs: 5, sample: 100, apply: false });
    expect(index.defaults).toEqual(before);
    for (let i = 1; i < points.length; i++) {
      expect(points[i]!.recall).toBeGreaterThan(points[i - 1]!.recall);
      expect(points[i]!.ms).toBeGreaterThanOrEqual(points[i - 1]!.ms);
    }
  });

  test("says so where the target is out of reach", async () => {
    const index = built();
    const wrong = truthKeys.map((row) => row.map((key, i) => (i < 5 ? key : N + i)));
    const report = await tune(index, queries, { targetRecall: 0.9, sample: 100, truth: wrong });
    expect(report.reached).toBe(false);
    expect(report.chosen.recall).toBeLessThanOrEqual(0.5);
    expect(report.chosen.queries).toBe(100);
  });

  test("an exact index has one setting", async () => {
    const report = await tune(exact, queries, { targetRecall: 1, sample: 20 });
    expect(report).toMatchObject({ reached: true, settings: 1, chosen: { recall: 1, params: {} } });
  });

  test("stops when aborted, reports progress, and refuses what it cannot use", async () => {
    const index = built();
    const stop = new AbortController();
    const phases = new Set<string>();
    const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number }): void => {
      phases.add(phase);
      expect(done).toBeLessThanOrEqual(total);
      if (phase === "tune") stop.abort(new Error("enough"));
    };
    await expect(tune(index, queries, { onProgress, signal: stop.signal })).rejects.toThrow("enough");
    expect(phases).toContain("tune: exact");
    const codeOf = async (run: Promise<unknown>): Promise<string | undefined> =>
      run.then(
        () => undefined,
        (error) => (isVicinalError(error) ? error.code : String(error)),
      );
    expect(await codeOf(tune(index, queries, { targetRecall: 2 }))).toBe("OPTION_RANGE");
    expect(await codeOf(tune(index, queries, { budgetMs: -1 }))).toBe("OPTION_RANGE");
    expect(await codeOf(tune(index, queries, { budgetMs: 1, targetRecall: 0.9 }))).toBe("BAD_INPUT");
    expect(await codeOf(tune(index, queries, { truth: [[1]] }))).toBe("BAD_INPUT");
    expect(await codeOf(tune(index, undefined, { truth: truthKeys }))).toBe("BAD_INPUT");
    expect(await codeOf(tune(index, queries, { colour: 1 } as never))).toBe("OPTION_UNKNOWN");
    expect(await codeOf(tune(create("HNSW8", { dimension: D }), queries))).toBe("EMPTY_INDEX");
    index.close();
    expect(await codeOf(tune(index, queries))).toBe("CLOSED");
  });
});
