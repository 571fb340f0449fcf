import { expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { create } from "../create.ts";
import type { ListsIndex } from "./lists.ts";

const D = 16;

function rowsOf(n: number, seed: number): Float32Array {
  const rng = createRng(seed, "rows");
  const places = createRng(1, "places");
  const means = Float64Array.from({ length: 50 * D }, () => 4 * places.normal());
  const data = new Float32Array(n * D);
  for (let i = 0; i < n; i++) {
    const c = rng.below(50);
    for (let j = 0; j < D; j++) data[i * D + j] = means[c * D + j]! + rng.normal();
  }
  return data;
}

test.each(["l2", "cosine", "ip"] as const)("all lists answer what a scan answers (%s)", (metric) => {
  const index = create("IVF32,Flat", { dimension: D, metric });
  index.add(rowsOf(3000, 1));
  index.add(rowsOf(500, 2));
  const queries = rowsOf(40, 3);
  const exact = index.search(queries, { exact: true });
  const nearly = index.search(queries, { nprobe: 31 });
  const all = index.search(queries, { nprobe: 32 });
  for (let q = 0; q < 40; q++) {
    expect(all.items(q)).toEqual(exact.items(q));
    // Lists, not a scan, and strict distances all the same.
    const known = new Map(
      index
        .search(queries, { exact: true, k: 3500 })
        .items(q)
        .map((x) => [x.key, x.distance]),
    );
    for (const { key, distance } of nearly.items(q)) expect(distance).toBe(known.get(key));
  }
});

test("recall grows with nprobe, and the default finds nearly all", () => {
  const index = create("IVF64,Flat", { dimension: D });
  index.add(rowsOf(6000, 1));
  const queries = rowsOf(60, 3);
  const exact = index.search(queries, { exact: true });
  const recall = (nprobe?: number): number => {
    const found = index.search(queries, { nprobe });
    let hits = 0;
    for (let q = 0; q < 60; q++) {
      const truth = new Set(exact.keys(q));
      hits += found.keys(q).filter((key) => truth.has(key)).length;
    }
    return hits / 600;
  };
  expect(recall(1)).toBeLessThan(recall(4));
  expect(recall(4)).toBeLessThanOrEqual(recall(16));
  expect(recall()).toBeGreaterThanOrEqual(0.97);
});

test("threads build the same lists", async () => {
  const one = create("IVF20,Flat", { dimension: D });
  const two = create("IVF20,Flat", { dimension: D });
  await one.addAsync(rowsOf(2500, 4));
  await two.addAsync(rowsOf(2500, 4), { threads: 2 });
  expect(two.toBytes()).toEqual(one.toBytes());
});

test("the values to try of rerank go past the default, however few neighbours are wanted", () => {
  const index = create("SQ4,Refine", { dimension: D });
  index.add(rowsOf(2000, 1));
  const query = rowsOf(1, 3);
  // Compared by their vectors unless a search says otherwise: 100 candidates.
  for (const k of [1, 10]) expect((index as ListsIndex).dials(k).rerank!.at(-1)).toBeGreaterThan(4 * 100);
  expect(index.search(query, { k: 1, rerank: 2000 }).items()).toEqual(
    index.search(query, { k: 1, exact: true }).items(),
  );
});
