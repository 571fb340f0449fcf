import { expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { create } from "../create.ts";
import { readVectors } from "../parts/vectors.ts";
import type { VectorIndex } from "../vectorIndex.ts";
import { tuneBuilt } from "./built.ts";

const D = 8;
const N = 9000;
const K = 10;
const TARGET = { targetRecall: 0.9, k: K, seed: 3, sample: 200 };

function gaussian(rows: number, seed: number): Float32Array {
  const rng = createRng(seed, "rows");
  return Float32Array.from({ length: rows * D }, () => rng.normal());
}
const rows = gaussian(N, 1);
const reader = readVectors(rows, D, "f32");

test("an index over codes alone is judged by the vectors it was built from, under any keys", async () => {
  const index = create<number>("HNSW8,SQ8", { dimension: D, efConstruction: 60 }) as VectorIndex<number>;
  index.add(rows);
  expect(index.rows.hasVectors).toBe(false);
  const report = (await tuneBuilt(index, reader, undefined, TARGET))!;
  expect(index.defaults).toEqual(report.params);

  const queries = gaussian(300, 2);
  const flat = create<number>("Flat", { dimension: D });
  flat.add(rows);
  const truth = flat.search(queries, { k: K });
  const found = index.search(queries, { k: K });
  let hits = 0;
  for (let q = 0; q < 300; q++) hits += found.keys(q).filter((key) => truth.keys(q).includes(key)).length;
  const recall = hits / (300 * K);
  expect(recall).toBeGreaterThan(report.low - 0.03);
  expect(recall).toBeLessThan(report.high + 0.03);

  const keys = Array.from({ length: N }, (_, i) => `row ${i}`);
  const named = create<string>("HNSW8,SQ8", { dimension: D, efConstruction: 60 }) as VectorIndex<string>;
  named.add(rows, { keys });
  expect(await tuneBuilt(named, reader, keys, TARGET)).toEqual(report);
});

test("equal rows tie: any of them counts", async () => {
  const same = new Float32Array(400 * D).fill(1);
  const index = create<number>("HNSW8,SQ8", { dimension: D }) as VectorIndex<number>;
  index.add(same);
  expect((await tuneBuilt(index, readVectors(same, D, "f32"), undefined, TARGET))?.recall).toBe(1);
});

test("there is nothing to tune where search is exact or every row is asked for", async () => {
  const flat = create<number>("Flat", { dimension: D }) as VectorIndex<number>;
  flat.add(rows);
  expect(await tuneBuilt(flat, reader, undefined, TARGET)).toBeUndefined();
  const few = create<number>("HNSW8", { dimension: D }) as VectorIndex<number>;
  few.add(rows.subarray(0, K * D));
  expect(await tuneBuilt(few, reader, undefined, TARGET)).toBeUndefined();
});
