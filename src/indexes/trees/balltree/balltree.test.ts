import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, type Dtype, type Metric } from "../../../core/index.ts";
import { encodeSnapshot, type Facts, type Json, loadSnapshot } from "../../../persist/index.ts";
import { open } from "../../index.ts";
import { SUPPORT } from "../../support.ts";
import { BallTreeIndex } from "./balltree.ts";

type Rows = Float32Array | Uint8Array | Int8Array;

const CASES = (Object.keys(SUPPORT.BallTree) as Dtype[]).flatMap((dtype) =>
  SUPPORT.BallTree[dtype].map((metric) => ({ dtype, metric, name: `${metric} over ${dtype}` })),
);

const WIDTH = 6;

/** Shapes of data that a bound could be wrong about. */
const SHAPES: Readonly<Record<string, (next: () => number, normal: () => number) => number>> = {
  cloud: (_, normal) => normal(),
  lattice: (next) => Math.floor(next() * 3),
  "far from the origin": (next) => 3e4 + Math.floor(next() * 8) / 64,
  tiny: (_, normal) => 2e-23 * normal(),
  huge: (_, normal) => 3e18 * normal(),
  "of all magnitudes": (next, normal) => normal() * 10 ** Math.floor(next() * 30 - 15),
};

function makeRows(dtype: Dtype, n: number, shape: string, seed: number): Rows {
  const rng = createRng(seed, shape);
  if (dtype === "f32") {
    const draw = SHAPES[shape]!;
    // One component is never zero: cosine has no place for such rows.
    return Float32Array.from({ length: n * WIDTH }, (_, i) => {
      const x = draw(
        () => rng.next(),
        () => rng.normal(),
      );
      return i % WIDTH === 0 && Math.fround(x) === 0 ? 1e-20 : x;
    });
  }
  const values = Array.from({ length: n * WIDTH }, () => rng.below(shape === "lattice" ? 3 : 256));
  return dtype === "i8" ? Int8Array.from(values, (x) => x - 128) : Uint8Array.from(values);
}

const dimensionOf = (dtype: Dtype): number => (dtype === "bits" ? 8 * WIDTH : WIDTH);

function build(metric: Metric, dtype: Dtype, rows: Rows, leafSize: number): BallTreeIndex<number> {
  const index = new BallTreeIndex<number>({ dimension: dimensionOf(dtype), metric, dtype, leafSize });
  index.add(rows);
  return index;
}

/** Searching the tree and comparing with every row give the same slots and the same bits. */
function expectExact(index: BallTreeIndex<number>, queries: Rows, options: object): void {
  const found = index.search(queries, options);
  const truth = index.search(queries, { ...options, exact: true });
  expect(found.ids).toEqual(truth.ids);
  expect(found.distances).toEqual(truth.distances);
  expect(found.counts).toEqual(truth.counts);
}

describe.each(CASES)("a ball tree under $name", ({ metric, dtype }) => {
  const shapes = dtype === "f32" ? Object.keys(SHAPES) : ["cloud", "lattice"];

  test("answers what a comparison with every row answers, ties by slot, whatever the data", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom(...shapes),
        fc.constantFrom(64, 65, 200, 333),
        fc.constantFrom(1, 5, 40),
        fc.constantFrom(1, 3, 12),
        (seed, shape, n, leafSize, k) => {
          const index = build(metric, dtype, makeRows(dtype, n, shape, seed), leafSize);
          expectExact(index, makeRows(dtype, 6, shape, seed + 1), { k });
          expectExact(index, makeRows(dtype, 4, shape, seed), { k });
          index.close();
        },
      ),
      { numRuns: 25, seed: 31 },
    );
  });

  test("stays exact through filters, removals, rows added later, compaction and a file", async () => {
    const rows = makeRows(dtype, 400, "cloud", 4);
    const index = build(metric, dtype, rows, 4);
    const queries = makeRows(dtype, 8, "cloud", 5);
    expectExact(index, queries, { k: 9, filter: (key: number) => key % 2 === 0 });
    index.remove([...Array(50).keys()].map((i) => 3 * i));
    expectExact(index, queries, { k: 9 });
    index.add(makeRows(dtype, 60, "cloud", 6));
    expect(index.stats().details.waiting).toBe(60);
    expectExact(index, queries, { k: 9 });
    index.compact();
    expectExact(index, queries, { k: 9 });
    const again = (await open<number>(index.toBytes())) as BallTreeIndex<number>;
    expectExact(again, queries, { k: 9 });
    expect(again.search(queries, { k: 9 }).ids).toEqual(index.search(queries, { k: 9 }).ids);
    again.add(makeRows(dtype, 300, "cloud", 7));
    expect(again.stats().details.waiting).toBe(0);
    expectExact(again, queries, { k: 9 });
    again.close();
    index.close();
  });
});

describe("a ball tree", () => {
  test("that is large enough for several blocks is the same for any number of threads", async () => {
    const rows = makeRows("f32", 11_000, "cloud", 8);
    const bytes = [];
    for (const threads of [1, 2, 3]) {
      const index = new BallTreeIndex<number>({ dimension: WIDTH });
      await index.addAsync(rows, { threads });
      expectExact(index, makeRows("f32", 20, "cloud", 9), { k: 10 });
      bytes.push(index.toBytes());
      index.close();
    }
    expect(Buffer.compare(bytes[1]!, bytes[0]!)).toBe(0);
    expect(Buffer.compare(bytes[2]!, bytes[0]!)).toBe(0);
  });

  test("looks into no more leaves than maxLeaves, the likeliest first, and finds more the more it may", () => {
    const index = build("l2", "f32", makeRows("f32", 4000, "cloud", 10), 10);
    const queries = makeRows("f32", 60, "cloud", 11);
    const truth = index.search(queries, { k: 5, exact: true });
    const hits = [1, 4, 16, 64, 512].map((maxLeaves) => {
      const found = index.search(queries, { k: 5, maxLeaves });
      let n = 0;
      for (let q = 0; q < 60; q++) {
        const right = new Set(truth.row(q).ids);
        for (const id of found.row(q).ids) if (right.has(id)) n++;
      }
      return n;
    });
    expect(hits).toEqual([...hits].sort((a, b) => a - b));
    expect(hits[0]).toBeLessThan(220);
    expect(hits[4]).toBe(300);
    expect(index.exact).toBe(true);
    index.configure({ maxLeaves: 3 });
    expect(index.exact).toBe(false);
    index.close();
  });

  test("over rows that are all alike answers the first slots", () => {
    const index = build("l2", "f32", new Float32Array(500 * WIDTH).fill(0.5), 4);
    expect([...index.search(new Float32Array(WIDTH), { k: 5 }).row(0).ids]).toEqual([0, 1, 2, 3, 4]);
    index.close();
  });

  test("whose building is abandoned leaves an index that scans what it had", async () => {
    const index = new BallTreeIndex<number>({ dimension: WIDTH });
    index.add(makeRows("f32", 50, "cloud", 12));
    const stop = new AbortController();
    const adding = index.addAsync(makeRows("f32", 9000, "cloud", 13), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(adding).rejects.toThrow();
    expect(index.size).toBe(50);
    expectExact(index, makeRows("f32", 5, "cloud", 14), { k: 10 });
    index.add(makeRows("f32", 500, "cloud", 15));
    expect(index.stats().details.leaves).toBeGreaterThan(0);
    expectExact(index, makeRows("f32", 5, "cloud", 14), { k: 10 });
    index.close();
  });
});

/** Changes that break what searches rely on. */
const LIES: Readonly<Record<string, (nodes: Uint32Array, facts: Record<string, Json>) => void>> = {
  "a root that ends early": (nodes) => void (nodes[1] = 99),
  "a leaf beyond the rows": (nodes) => void (nodes[nodes.length - 11] = 4_000_000_000),
  "children that overlap": (nodes) => void (nodes[12] = nodes[12]! + 1),
  "a radius that is no number": (nodes) => void (nodes[2] = 0x7fc00000),
  "a radius below zero": (nodes) => void (nodes[2] = 0xbf800000),
  "more rows in the tree than there are": (_, facts) => void (facts.covered = 101),
  "fewer rows in the tree": (_, facts) => void (facts.covered = 99),
  "another number of levels": (_, facts) => void (facts.levels = 3),
  "no levels": (_, facts) => void (facts.levels = -1),
  "32 levels": (_, facts) => void (facts.levels = 32),
  "a leaf size of 0": (_, facts) => void (facts.leafSize = 0),
};

describe("a file of a ball tree", () => {
  test.each(Object.keys(LIES))("with %s is refused", async (name) => {
    const index = build("l2", "f32", makeRows("f32", 100, "cloud", 16), 10);
    const { kind, facts, sections } = await loadSnapshot(index.toBytes());
    index.close();
    const changed = structuredClone(facts) as Record<string, Json>;
    const data = new Map([...sections].map(([section, part]) => [section, part.slice()]));
    LIES[name]!(new Uint32Array(data.get("ballNodes")!.buffer), changed);
    const order = ["vectors", "dead", "ballNodes"];
    const rest = [...data.keys()].filter((section) => !order.includes(section));
    const bytes = encodeSnapshot({
      kind,
      facts: changed as Facts,
      sections: [...order, ...rest].map((section) => ({
        name: section,
        dtype: "u8",
        data: data.get(section)!,
      })),
    });
    await expect(open(bytes)).rejects.toMatchObject({ code: "FORMAT" });
  });
});
