import { describe, expect, test } from "vitest";
import { createRng } from "../core/index.ts";
import { allNeighbors, BallTreeIndex, create, type Index } from "./index.ts";

const D = 3;

function makeRows(n: number, seed: number): Float32Array {
  const rng = createRng(seed, "rows");
  return Float32Array.from({ length: n * D }, () => Math.round(rng.normal() * 20) / 8);
}

/** Every row against every other, by the index's own exact search. */
async function expectTruth(index: Index<number>, k: number): Promise<void> {
  const all = await allNeighbors(index, { k });
  const size = index.size;
  expect(all.queries).toBe(size);
  expect(all.k).toBe(Math.min(k, size - 1));
  const keys = [...index.keys()];
  expect(new Set(Array.from({ length: size }, (_, q) => all.source(q)))).toEqual(new Set(keys));
  for (let q = 0; q < size; q += 19) {
    const slot = all.slots[q]!;
    const row = index.search(index.get(all.source(q)), { k: size, exact: true }).row(0);
    const others = [...row.ids].map((id, i) => [id, row.distances[i]!]).filter(([id]) => id !== slot);
    const found = all.row(q);
    expect([...found.ids].map((id, i) => [id, found.distances[i]!])).toEqual(others.slice(0, all.k));
  }
}

describe("the nearest others of all rows", () => {
  test("through a ball tree are those of a comparison with all, with removals and a tail", async () => {
    for (const [n, leafSize, k] of [
      [64, 1, 3],
      [300, 8, 10],
      [700, 100, 10],
      [700, 32, 200],
    ] as const) {
      for (const metric of ["l2", "l1", "linf"] as const) {
        const index = new BallTreeIndex<number>({ dimension: D, metric, leafSize });
        index.add(makeRows(n, n));
        await expectTruth(index, k);
        index.remove([1, 5, 20, 21, 22, 23]);
        index.add(makeRows(30, 2));
        await expectTruth(index, k);
        index.close();
      }
    }
  });

  test("of other indexes come from searches, the row itself left out also among rows alike", async () => {
    const index = create<number>("Flat", { dimension: D });
    index.add(makeRows(300, 4));
    index.add(new Float32Array(12 * D));
    await expectTruth(index, 5);
    index.close();
  });

  test("are as many as there are others", async () => {
    const index = create<number>("BallTree", { dimension: D });
    expect((await allNeighbors(index)).queries).toBe(0);
    index.add(makeRows(1, 1));
    const alone = await allNeighbors(index);
    expect([alone.queries, alone.k]).toEqual([1, 0]);
    index.add(makeRows(3, 2));
    await expectTruth(index, 10);
  });

  test("are the same on threads, and stop when told to", async () => {
    const index = new BallTreeIndex<number>({ dimension: D });
    index.add(makeRows(5000, 6));
    const [one, two] = [await allNeighbors(index, { k: 6 }), await allNeighbors(index, { k: 6, threads: 2 })];
    expect(Buffer.compare(new Uint8Array(one.ids.buffer), new Uint8Array(two.ids.buffer))).toBe(0);
    const stop = new AbortController();
    let reports = 0;
    const onProgress = (): void => {
      if (++reports === 3) stop.abort();
    };
    await expect(allNeighbors(index, { signal: stop.signal, onProgress })).rejects.toThrow();
    expect(index.search(makeRows(1, 7), { k: 3 }).keys().length).toBe(3);
    index.close();
  });

  test("as a graph name rows by their place among the live ones", async () => {
    const index = new BallTreeIndex<number>({ dimension: D, leafSize: 4 });
    index.add(makeRows(100, 8));
    index.remove([0, 1, 2, 50]);
    const all = await allNeighbors(index, { k: 4 });
    const { indptr, indices, data } = all.graph();
    expect([indptr.length, indptr[96], indices.length]).toEqual([97, 4 * 96, 4 * 96]);
    for (let q = 0; q < 96; q++) {
      for (let i = 0; i < 4; i++) {
        expect(all.slots[indices[indptr[q]! + i]!]).toBe(all.row(q).ids[i]);
        expect(data[indptr[q]! + i]).toBe(all.row(q).distances[i]);
      }
    }
  });
});
