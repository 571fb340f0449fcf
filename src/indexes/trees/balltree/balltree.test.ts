import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, type Dtype, type Metric, type MetricOptions } from "../../../core/index.ts";
import { encodeSnapshot, type Facts, type Json, loadSnapshot } from "../../../persist/index.ts";
import { open } from "../../index.ts";
import { SUPPORT } from "../../support.ts";
import { BallTreeIndex } from "./balltree.ts";

type Rows = Float32Array | Uint8Array | Int8Array;

interface Case {
  readonly dtype: Dtype;
  readonly metric: Metric;
  readonly metricOptions?: MetricOptions;
}

/** Numbers for the metrics that take some. */
const NUMBERS: Partial<Record<Metric, readonly MetricOptions[]>> = {
  minkowski: [
    { p: 1 },
    { p: 2, weights: [1, 0, 3, 0.5, 2, 1] },
    { p: 3.5 },
    { p: Number.POSITIVE_INFINITY, boxSize: [2, 0, 1, 5, 0, 3] },
    { p: 2, boxSize: 2.5 },
  ],
  mahalanobis: [
    { matrix: Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => (i === j ? 2 : 0.3))) },
    // Of rank two: four directions that it does not see.
    {
      matrix: Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => (i + 1) * (j + 1) + 4)),
    },
  ],
};

const CASES: readonly (Case & { name: string })[] = (Object.keys(SUPPORT.BallTree) as Dtype[]).flatMap(
  (dtype) =>
    SUPPORT.BallTree[dtype].flatMap((metric) =>
      (NUMBERS[metric] ?? [undefined]).map((metricOptions) => ({
        dtype,
        metric,
        ...(metricOptions === undefined ? {} : { metricOptions }),
        name: `${metric} over ${dtype}${metricOptions === undefined ? "" : ` ${JSON.stringify(metricOptions)}`}`,
      })),
    ),
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

/** Points on the globe: everywhere, around a pole, on both sides of the meridian where longitudes jump, in one town. */
function makePoints(n: number, shape: string, seed: number): Float32Array {
  const rng = createRng(seed, shape);
  const points = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [u, v] = [rng.next(), rng.next()];
    const [latitude, longitude] = {
      globe: [180 * u - 90, 720 * v - 360],
      pole: [90 - u * u, 360 * v - 180],
      meridian: [20 * u, v < 0.5 ? 180 - v : -180.5 + v],
      town: [51.5 + 0.01 * u, 0.01 * v],
      lattice: [Math.floor(7 * u) * 30 - 90, Math.floor(7 * v) * 60 - 180],
    }[shape]!;
    points.set([latitude!, longitude!], 2 * i);
  }
  return points;
}

function draw({ metric, dtype }: Case, n: number, shape: string, seed: number): Rows {
  return metric === "haversine" ? makePoints(n, shape, seed) : makeRows(dtype, n, shape, seed);
}

function shapesOf({ metric, dtype }: Case): string[] {
  if (metric === "haversine") return ["globe", "pole", "meridian", "town", "lattice"];
  return dtype === "f32" ? Object.keys(SHAPES) : ["cloud", "lattice"];
}

function make({ metric, dtype, metricOptions }: Case, rows: Rows, leafSize: number): BallTreeIndex<number> {
  const dimension = metric === "haversine" ? 2 : dtype === "bits" ? 8 * WIDTH : WIDTH;
  const index = new BallTreeIndex<number>({ dimension, metric, metricOptions, dtype, leafSize });
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

describe.each(CASES)("a ball tree under $name", (c) => {
  const shapes = shapesOf(c);
  const shape = shapes[0]!;

  test("answers what a comparison with every row answers, ties by slot, whatever the data", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom(...shapes),
        fc.constantFrom(64, 65, 200, 333),
        fc.constantFrom(1, 5, 40),
        fc.constantFrom(1, 3, 12),
        (seed, shape, n, leafSize, k) => {
          const index = make(c, draw(c, n, shape, seed), leafSize);
          expectExact(index, draw(c, 6, shape, seed + 1), { k });
          expectExact(index, draw(c, 4, shape, seed), { k });
          index.close();
        },
      ),
      { numRuns: 25, seed: 31 },
    );
  });

  test("stays exact through filters, removals, rows added later, compaction and a file", async () => {
    const rows = draw(c, 400, shape, 4);
    const index = make(c, rows, 4);
    const queries = draw(c, 8, shape, 5);
    expectExact(index, queries, { k: 9, filter: (key: number) => key % 2 === 0 });
    index.remove([...Array(50).keys()].map((i) => 3 * i));
    expectExact(index, queries, { k: 9 });
    index.add(draw(c, 60, shape, 6));
    expect(index.stats().details.waiting).toBe(60);
    expectExact(index, queries, { k: 9 });
    index.compact();
    expectExact(index, queries, { k: 9 });
    const again = (await open<number>(index.toBytes())) as BallTreeIndex<number>;
    expectExact(again, queries, { k: 9 });
    expect(again.search(queries, { k: 9 }).ids).toEqual(index.search(queries, { k: 9 }).ids);
    again.add(draw(c, 300, shape, 7));
    expect(again.stats().details.waiting).toBe(0);
    expectExact(again, queries, { k: 9 });
    again.close();
    index.close();
  });
});

const L2: Case = { metric: "l2", dtype: "f32" };

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
    const index = make(L2, makeRows("f32", 4000, "cloud", 10), 10);
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
    const index = make(L2, new Float32Array(500 * WIDTH).fill(0.5), 4);
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
    const index = make(L2, makeRows("f32", 100, "cloud", 16), 10);
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
