import { describe, expect, test } from "vitest";
import { build, buildReport, tune } from "../../src/indexes/index.ts";
import { VectorIndex } from "../../src/indexes/vectorIndex.ts";
import { make, makeRows, meanRecall, ONE_EACH, packed } from "./support.ts";

const D = 12;
const N = 2500;
const K = 10;
const rows = makeRows(N, D, "f32", { seed: 21 });
const queries = makeRows(150, D, "f32", { seed: 22 });

describe.each(ONE_EACH)("$spec", (c) => {
  test("tune() moves along the dials to a setting with the recall it reports", async () => {
    const index = make(c, D, { efConstruction: 60 });
    index.add(rows);
    const dials = index instanceof VectorIndex ? index.dials(K) : {};
    for (const [name, values] of Object.entries(dials)) {
      expect(index.searchParams).toContain(name);
      expect(values.toSorted((a: number, b: number) => a - b)).toEqual(values);
    }
    const { chosen, reached } = await tune(index, packed(queries as Float32Array[]), {
      targetRecall: 0.8,
      k: K,
      sample: 150,
    });
    for (const [name, value] of Object.entries(chosen.params)) expect(index.defaults[name]).toBe(value);
    if (c.keepsVectors) {
      expect(reached).toBe(true);
      expect(meanRecall(index, c.metric, rows, queries, { k: K })).toBeCloseTo(chosen.recall, 2);
    }
    index.close();
  });

  test("build() with a target tunes on its own rows: the recall it reports holds for new queries", async () => {
    const index = await build(packed(rows as Float32Array[]), {
      ...{ dimension: D, spec: c.spec, metric: c.metric, targetRecall: 0.8, k: K },
    });
    const report = buildReport(index)!.recall;
    const recall = meanRecall(index, c.metric, rows, queries, { k: K });
    if (index.exact) expect([report, recall]).toEqual([undefined, 1]);
    else {
      expect(recall).toBeGreaterThan(report!.low - 0.05);
      expect(recall).toBeLessThan(report!.high + 0.05);
    }
    index.close();
  });
});
