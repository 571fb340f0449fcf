import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { matrix } from "../../src/core/index.ts";
import { estimate, type Index, open } from "../../src/indexes/index.ts";
import { CASES, make, makeRows, ONE_EACH, packed } from "./support.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Bytes of the process after everything unreachable is gone. */
async function settled(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    gc();
    // Memory of WebAssembly is given back by a task after the collection.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}

const D = 128;
const N = 20_000;
const block = matrix(packed(makeRows(N, D, "f32", { seed: 61 }) as Float32Array[]), D);

describe.each(ONE_EACH)("$spec of 20,000 × 128", (c) => {
  let index: Index;

  test("estimate() before and stats() after agree within 5 %, and with what is held", () => {
    index = make(c, D, { efConstruction: 24 });
    index.add(block);
    const { memory, size, capacity } = index.stats();
    expect([size, capacity >= N]).toEqual([N, true]);
    const { vectors, codes, links, keys, metadata, overhead, total } = memory;
    expect(vectors + codes + links + keys + metadata + overhead).toBe(total);
    const guess = estimate(c.spec, { n: N, dimension: D });
    // Searching makes the codes of exact search; an estimate counts them.
    index.search(block.data.subarray(0, D), { exact: true });
    expect(guess.total / index.stats().memory.total).toBeGreaterThan(0.95);
    expect(guess.total / index.stats().memory.total).toBeLessThan(1.05);
  });

  test("no more than 1.15 × vectors + codes + links, also when opened from a file", async () => {
    for (const held of [index, await open(index.toBytes())]) {
      held.search(block.data.subarray(0, D * 50), { k: 20 });
      const { vectors, codes, links, total } = held.stats().memory;
      expect(total / (vectors + codes + links)).toBeLessThan(1.15);
    }
  });

  test("keys and metadata are counted, and compaction gives room back", () => {
    const before = index.stats().memory;
    const rows = makeRows(500, D, "f32", { seed: 62 });
    index.add(rows, {
      keys: rows.map((_, i) => `key number ${i}`),
      metadata: rows.map((_, i) => ({ i, name: `row ${i}` })),
    });
    const after = index.stats().memory;
    expect(after.keys - before.keys).toBeGreaterThan(500 * 20);
    expect(after.metadata - before.metadata).toBeGreaterThan(500 * 20);
    index.remove([...index.keys()].slice(0, 15_000));
    index.compact();
    const small = index.stats();
    expect(small.removed).toBe(0);
    const { total, keys, metadata } = small.memory;
    expect(total - keys - metadata).toBeLessThan(before.total * 0.45);
    expect(small.memory.vectors).toBeLessThan(before.vectors * 0.3 + 1);
    index.close();
  });
});

test("stats() says within 5 % what the engine's memory and the process hold", async () => {
  const c = ONE_EACH.find(({ spec }) => spec === "HNSW8,SQ7,Refine")!;
  const warm = make(c, D, { efConstruction: 24 });
  warm.add(block);
  warm.close();
  const before = await settled();
  const held = make(c, D, { efConstruction: 24 });
  held.add(block);
  const grown = (await settled()) - before;
  const { total } = held.stats().memory;
  // The process also holds what the allocator keeps for later.
  expect(Math.abs(grown - total) / total).toBeLessThan(0.3);
  held.close();
});

test("500 indexes opened and closed leave less than 20 MB behind", async () => {
  const files = CASES.filter(({ metric }) => metric === "l2").map((c) => {
    const index = make(c, 16, { efConstruction: 16 });
    index.add(makeRows(200, 16, c.dtype));
    return { bytes: index.toBytes(), query: makeRows(1, 16, c.dtype)[0]! };
  });
  const cycle = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) {
      const { bytes, query } = files[i % files.length]!;
      const index = await open(bytes);
      index.search(query, { k: 3 });
      index.close();
    }
  };
  await cycle(100);
  const before = await settled();
  await cycle(500);
  expect((await settled()) - before).toBeLessThan(20e6);
});

test("indexes that nobody closes are collected", async () => {
  const c = ONE_EACH[0]!;
  const make20 = (): void => {
    for (let i = 0; i < 20; i++) make(c, D).add(block);
  };
  make20();
  const before = await settled();
  for (let round = 0; round < 4; round++) {
    make20();
    await settled();
  }
  // Eighty indexes of 10 MB were made.
  expect((await settled()) - before).toBeLessThan(120e6);
});
