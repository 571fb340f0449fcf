import { expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { build, buildReport, create, explain } from "../index.ts";

const D = 16;
const N = 12_000;
const rng = createRng(1, "rows");
const rows = Float32Array.from({ length: N * D }, () => rng.normal());

test("explains what build() then does, from vectors and from an index alike", async () => {
  const options = { sample: 300 };
  const told = await explain(rows, { ...options, dimension: D });
  const index = await build(rows, { dimension: D, efConstruction: 60 });
  expect(index.spec).toBe(told.choice.spec);
  expect(buildReport(index)!.why).toBe(told.choice.why);
  expect(told.choice.bytes / index.stats().memory.total).toBeCloseTo(1, 0);
  const flat = create("Flat", { dimension: D });
  flat.add(rows);
  expect(await explain(flat, options)).toEqual(told);
  expect(told).toMatchObject({ rows: N, dimension: D, metric: "l2", dtype: "f32", sample: 300 });
  expect(told.intrinsicDimension).toBeGreaterThan(8);
  expect(told.notes.join(" ")).toMatch(/of 16 dimensions .* Hubness/);
  index.close();
});

test("a memory budget changes the choice, and build() keeps to it", async () => {
  const [n, dimension] = [5000, 64];
  const rows = Float32Array.from({ length: n * dimension }, () => rng.normal());
  const memoryBudget = 1_400_000;
  const told = await explain(rows, { dimension, memoryBudget, sample: 50 });
  expect(told.choice.spec).toBe("HNSW16,SQ7");
  expect(told.alternatives[0]).toMatchObject({ spec: "Flat", fits: false });
  const index = await build(rows, { dimension, memoryBudget, efConstruction: 40 });
  expect(index.spec).toBe("HNSW16,SQ7");
  expect(buildReport(index)!.why).toMatch(/codes alone.*Flat would take 1\.\d+ MB of the 1\.40 MB allowed/);
  expect(index.stats().memory.total).toBeLessThan(1.1 * memoryBudget);
  index.close();
});

test("stops when aborted, and refuses what it cannot use", async () => {
  const stop = new AbortController();
  const onProgress = (): void => stop.abort(new Error("enough"));
  await expect(explain(rows, { dimension: D, signal: stop.signal, onProgress })).rejects.toThrow("enough");
  const flat = create("Flat", { dimension: D });
  await expect(explain(flat, { metric: "l1" })).rejects.toMatchObject({ code: "OPTION_RANGE" });
  await expect(explain(rows, { dimension: D, sample: 1 })).rejects.toMatchObject({ code: "OPTION_RANGE" });
  await expect(build(rows, { dimension: D, spec: "Flat", memoryBudget: 10 })).rejects.toMatchObject({
    code: "OPTION_RANGE",
  });
});
