import { describe, expect, test } from "vitest";
import { build, type Index } from "../../src/indexes/index.ts";
import { threadsAvailable } from "../../src/kernels/index.ts";
import { CASES, type Case, make, makeRows, nearby, ONE_EACH, ONE_METRIC, type Row } from "./support.ts";

const D = 16;

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const built = (c: Case, rows: readonly Row[], seed = 42): Index => {
  const index = make(c, D, { seed, efConstruction: 40 });
  index.add([...rows]);
  return index;
};

describe.each(CASES)("$name", (c) => {
  test("the same rows, calls and seed give the same bytes", () => {
    const rows = makeRows(400, D, c.dtype, { seed: 31 });
    const run = (): Uint8Array => {
      const index = built(c, rows.slice(0, 300));
      index.remove([3, 5, 100]);
      index.search(rows[7]!, { k: 30 });
      index.add(rows.slice(300));
      index.health();
      index.remove(Array.from({ length: 120 }, (_, i) => 2 * i));
      index.upsert(rows.slice(0, 20), { keys: rows.slice(0, 20).map((_, i) => i) });
      index.compact();
      return index.toBytes();
    };
    expect(same(run(), run())).toBe(true);
  });
});

describe.each(ONE_EACH.filter(({ graph }) => graph))("$spec", (c) => {
  const rows = makeRows(1800, D, "f32", { seed: 32 });

  test("another seed gives another graph, which answers as well", () => {
    const [a, b] = [built(c, rows, 1), built(c, rows, 2)];
    expect(same(a.toBytes(), b.toBytes())).toBe(false);
    expect(b.seed).toBe(2);
  });

  test("add, addAsync and a stream of one block are one thing; how rows are cut into blocks matters", async () => {
    const want = built(c, rows).toBytes();
    const asynchronous = make(c, D, { efConstruction: 40 });
    await asynchronous.addAsync(rows);
    expect(same(asynchronous.toBytes(), want)).toBe(true);
    const streamed = make(c, D, { efConstruction: 40 });
    await streamed.addAsync(
      (async function* () {
        yield rows;
      })(),
    );
    expect(same(streamed.toBytes(), want)).toBe(true);
    const cut = make(c, D, { efConstruction: 40 });
    cut.add(rows.slice(0, 900));
    cut.add(rows.slice(900));
    expect(same(cut.toBytes(), want)).toBe(false);
    expect(cut.health().ok).toBe(true);
  });
});

describe.skipIf(!threadsAvailable())("with threads (skipped where the runtime has none)", () => {
  test.each(ONE_METRIC)("$name: 1, 2 and 3 threads give the same bytes and answers", async (c) => {
    const rows = makeRows(1500, D, c.dtype, { seed: 33 });
    const queries = makeRows(200, D, c.dtype, { seed: 34 });
    const indexes: Index[] = [];
    for (const threads of [1, 2, 3]) {
      const index = make(c, D, { efConstruction: 40 });
      await index.addAsync(rows.slice(0, 1000), { threads });
      await index.addAsync(rows.slice(1000), { threads });
      indexes.push(index);
    }
    const [one, ...others] = indexes;
    for (const index of others) expect(same(index.toBytes(), one!.toBytes())).toBe(true);
    const near = nearby(c, 20);
    for (const options of [{ k: 10, ...near }, { k: 10, exact: true }, { k: 400 }]) {
      const want = one!.search(queries, options);
      for (const index of indexes) {
        for (const threads of [1, 2, 3]) {
          const got = await index.searchAsync(queries, { ...options, threads });
          expect(got.counts).toEqual(want.counts);
          expect(got.ids).toEqual(want.ids);
          expect(got.distances).toEqual(want.distances);
        }
      }
    }
    for (const index of indexes) index.close();
  });

  test("after a build on threads the index goes on as any other", async () => {
    for (const c of ONE_EACH) {
      const rows = makeRows(1200, D, "f32", { seed: 35 });
      const [one, two] = [make(c, D, { efConstruction: 40 }), make(c, D, { efConstruction: 40 })];
      await one.addAsync(rows.slice(0, 600));
      await two.addAsync(rows.slice(0, 600), { threads: 2 });
      for (const index of [one, two]) {
        index.remove(Array.from({ length: 250 }, (_, i) => 2 * i));
        index.add(rows.slice(600, 800));
        index.upsert(rows.slice(0, 30), { keys: rows.slice(0, 30).map((_, i) => i) });
      }
      await one.addAsync(rows.slice(800));
      await two.addAsync(rows.slice(800), { threads: 3 });
      expect(same(one.toBytes(), two.toBytes()), c.spec).toBe(true);
      expect(two.health().ok).toBe(true);
      one.close();
      two.close();
    }
  });
});

test("build() chooses the same and tunes to the same value every time", async () => {
  const rows = makeRows(2500, D, "f32", { seed: 36 });
  const options = { spec: "HNSW8,SQ8,Refine", targetRecall: 0.98, efConstruction: 40 } as const;
  const [a, b] = [await build(rows, options), await build(rows, { ...options, threads: 2 })];
  expect(b.defaults).toEqual(a.defaults);
  expect(same(a.toBytes(), b.toBytes())).toBe(true);
});
