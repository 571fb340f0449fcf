import { describe, expect, test } from "vitest";
import { createRng, type Metric, type MetricOptions, type Rng } from "../../../core/index.ts";
import { FlatIndex, type Index, KDTreeIndex, type KDTreeOptions, type Key, open } from "../../index.ts";

const INFINITE = Number.POSITIVE_INFINITY;

/** Rows that strain a tree, n × d. */
const DATA: Readonly<Record<string, (rng: Rng, n: number, d: number) => Float32Array>> = {
  uniform: (rng, n, d) => Float32Array.from({ length: n * d }, () => rng.next()),
  clusters: (rng, n, d) => {
    const centres = Float32Array.from({ length: 8 * d }, () => rng.next());
    return Float32Array.from({ length: n * d }, (_, i) => {
      const cluster = Math.floor(i / d) % 8;
      return centres[cluster * d + (i % d)]! + 0.01 * rng.normal();
    });
  },
  grid: (rng, n, d) => Float32Array.from({ length: n * d }, () => rng.below(4)),
  "all equal": (_, n, d) => new Float32Array(n * d).fill(0.3),
  "few distinct": (rng, n, d) => {
    const kinds = Float32Array.from({ length: 3 * d }, () => rng.normal());
    return Float32Array.from({ length: n * d }, (_, i) => kinds[(Math.floor(i / d) % 3) * d + (i % d)]!);
  },
  geometric: (rng, n, d) =>
    Float32Array.from({ length: n * d }, () => 2 ** (rng.below(200) - 100) * (rng.below(2) ? 1 : -1)),
  huge: (rng, n, d) => Float32Array.from({ length: n * d }, () => rng.normal() * 1e19),
  subnormal: (rng, n, d) => Float32Array.from({ length: n * d }, () => rng.normal() * 1e-22),
};

const rowsOf = (data: Float32Array, d: number): Float32Array[] =>
  Array.from({ length: data.length / d }, (_, i) => data.subarray(i * d, (i + 1) * d));

interface Shape {
  readonly n: number;
  readonly d: number;
  readonly metric: Metric;
  readonly metricOptions?: MetricOptions;
}

function make(kind: string, shape: Shape, given: Partial<KDTreeOptions> = {}) {
  const { n, d, metric, metricOptions } = shape;
  const rng = createRng(3, `${kind} ${n} ${d}`);
  const data = DATA[kind]!(rng, n, d);
  // Cosine has no use for zero vectors, of which grids have some.
  if (metric === "cosine") for (let i = 0; i < data.length; i += d) data[i]! += 5;
  const queries = rowsOf(DATA[kind]!(rng, 6, d), d);
  for (const query of queries) if (metric === "cosine") query[0]! += 5;
  queries.push(data.slice(0, d), data.slice(d * (n >> 1), d * ((n >> 1) + 1)));
  const tree = new KDTreeIndex({ dimension: d, metric, metricOptions, leafSize: 5, ...given });
  const flat = new FlatIndex({ dimension: d, metric, metricOptions, codes: false });
  tree.add(data);
  flat.add(data);
  return { tree, flat, data, queries };
}

/** Element by element: much faster than expect() on long arrays. */
function same(a: Float32Array | Uint32Array, b: Float32Array | Uint32Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** The tree's answers are those of a scan of its rows, to the last bit and in the order of slots. */
function expectExact(
  { tree }: { tree: Pick<Index, "search"> },
  queries: readonly Float32Array[],
  ks: readonly number[],
  name: string,
): void {
  for (const k of ks) {
    const found = tree.search(queries, { k });
    const wanted = tree.search(queries, { k, exact: true });
    expect(found.counts, name).toEqual(wanted.counts);
    expect(same(found.distances, wanted.distances), name).toBe(true);
    expect(same(found.ids, wanted.ids), name).toBe(true);
  }
}

const SHAPES: readonly Shape[] = [
  ...[1, 2, 3, 4, 5, 8, 9, 16, 17, 40].map((d) => ({ n: 700, d, metric: "l2" as const })),
  ...[2, 3, 7].flatMap((d) =>
    (["l2sq", "cosine", "l1", "linf"] as const).map((metric) => ({ n: 600, d, metric })),
  ),
  ...[{ p: 1 }, { p: 2 }, { p: INFINITE }, { p: 3 }, { p: 1.5 }].map((metricOptions) => ({
    ...{ n: 400, d: 3, metric: "minkowski" as const },
    metricOptions,
  })),
  ...[1, 2, INFINITE, 2.5].map((p) => ({
    ...{ n: 400, d: 3, metric: "minkowski" as const },
    metricOptions: { p, weights: [1, 0.1, 3], boxSize: [1, 0, 0.5] },
  })),
];

describe("search", () => {
  for (const kind of Object.keys(DATA)) {
    test(`is brute force to the last bit over ${kind} rows, in every metric and width`, () => {
      for (const shape of SHAPES) {
        const name = `${kind} ${JSON.stringify(shape)}`;
        const { tree, flat, queries } = make(kind, shape);
        expect(tree.stats().details.covered).toBe(shape.n);
        expectExact({ tree }, queries, [1, 7, 30], name);
        // Another index over the same rows: the same distances, under keys instead of slots.
        expect(tree.search(queries, { k: 9 }).distances, name).toEqual(
          flat.search(queries, { k: 9 }).distances,
        );
        tree.close();
        flat.close();
      }
    });
  }

  test("of many queries at once, which are sorted on the way, answers each as if it were alone", async () => {
    for (const d of [1, 2, 8]) {
      for (const kind of ["uniform", "clusters", "all equal"]) {
        const { tree } = make(kind, { n: 3000, d, metric: "l2" }, { leafSize: 1 });
        // From inside and outside, some of them the same.
        const queries = rowsOf(
          DATA.clusters!(createRng(8, kind), 700, d).map((x) => Math.round(x * 300) / 100 - 1),
          d,
        );
        const found = tree.search(queries, { k: 3 });
        for (let q = 0; q < queries.length; q += 29) {
          const alone = tree.search(queries[q]!, { k: 3 });
          expect(found.row(q)).toEqual(alone.row(0));
        }
        expect((await tree.searchAsync(queries, { k: 3, threads: 2 })).ids).toEqual(found.ids);
        tree.close();
      }
    }
  });

  test("does not depend on how rows are split", () => {
    for (const given of [
      { leafSize: 1 },
      { leafSize: 64 },
      { split: "median" as const },
      { split: "median" as const, leafSize: 1 },
    ]) {
      for (const kind of ["uniform", "few distinct", "geometric", "all equal"]) {
        const { tree, queries } = make(kind, { n: 900, d: 3, metric: "l2" }, given);
        expectExact({ tree }, queries, [1, 5], `${kind} ${JSON.stringify(given)}`);
      }
    }
  });

  test("neighbours come one after another, exactly in order, from a large tree too", () => {
    const { tree, queries } = make("clusters", { n: 20_100, d: 2, metric: "l2" }, { leafSize: 24 });
    const filter = (key: unknown): boolean => (key as number) % 2 === 1;
    for (const options of [{}, { filter }, { maxDistance: 0.02 }, { maxLeaves: 3 }]) {
      const { maxLeaves: _, ...exactly } = options as { maxLeaves?: number };
      const wanted = tree.search(queries[0]!, { ...exactly, k: 400, exact: true }).items();
      const found: unknown[] = [];
      for (const item of tree.neighbors(queries[0]!, options)) {
        if (found.push(item) === 400) break;
      }
      expect(found).toEqual(wanted);
    }
    tree.close();
  });

  test("all equal rows are one leaf, whatever its size", () => {
    const { tree } = make("all equal", { n: 3000, d: 2, metric: "l2" });
    expect(tree.stats().details).toMatchObject({ leaves: 1, covered: 3000 });
  });

  test("with a limit on leaves finds ever more of the neighbours, all of them in the end", () => {
    const { tree, queries } = make("uniform", { n: 3000, d: 4, metric: "l2" });
    const truth = tree.search(queries, { k: 10 });
    const shares = [1, 4, 16, 64, 4000].map((maxLeaves) => {
      const found = tree.search(queries, { k: 10, maxLeaves });
      let hits = 0;
      for (let q = 0; q < found.queries; q++) {
        const ids = new Set(truth.row(q).ids);
        hits += Array.from(found.row(q).ids).filter((id) => ids.has(id)).length;
      }
      return hits / truth.ids.length;
    });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[0]).toBeGreaterThan(0.2);
    expect(shares[0]).toBeLessThan(1);
    expect(shares[4]).toBe(1);
    expect(tree.exact).toBe(true);
    tree.configure({ maxLeaves: 3 });
    expect(tree.exact).toBe(false);
  });
});

describe("changes", () => {
  test("rows that come and go leave every search exact", () => {
    for (const kind of ["uniform", "clusters", "few distinct"]) {
      const d = 3;
      const rng = createRng(9, kind);
      const draw = (n: number): Float32Array[] => rowsOf(DATA[kind]!(rng, n, d), d);
      const tree = new KDTreeIndex({ dimension: d, leafSize: 4 });
      const held = new Map<Key, Float32Array>();
      let next = 0;
      for (let step = 0; step < 40; step++) {
        const rows = draw(step % 10 === 0 ? 300 : 1 + rng.below(40));
        const keys = rows.map(() => next++);
        if (step % 7 === 3) for (let i = 0; i < keys.length; i += 2) keys[i] = rng.below(next);
        const unique = new Map(keys.map((key, i) => [key, rows[i]!]));
        tree.upsert([...unique.values()], { keys: [...unique.keys()] });
        for (const [key, row] of unique) held.set(key, row);
        const going = [...held.keys()].filter(() => rng.below(9) === 0);
        tree.remove(going);
        for (const key of going) held.delete(key);
        if (step % 13 === 12) tree.compact();
        expect(tree.size).toBe(held.size);
        expectExact({ tree }, draw(4), [1, 6], `${kind} step ${step}`);
        for (const key of [...held.keys()].slice(0, 20)) expect(tree.get(key)).toEqual(held.get(key));
      }
      tree.remove([...held.keys()]);
      expect(tree.search(draw(2)).counts).toEqual(Uint32Array.of(0, 0));
      tree.add(draw(200));
      expectExact({ tree }, draw(4), [3], `${kind} at the end`);
    }
  });

  test("filters are heeded, however few rows they leave", () => {
    const { tree, queries } = make("uniform", { n: 2000, d: 2, metric: "l2" });
    for (const share of [2, 5, 40, 500]) {
      const filter = (key: unknown): boolean => (key as number) % share === 0;
      const found = tree.search(queries, { k: 4, filter });
      const wanted = tree.search(queries, { k: 4, filter, exact: true });
      expect(found.ids).toEqual(wanted.ids);
      expect(found.keys(0).every(filter)).toBe(true);
    }
  });

  test("a file gives the same tree back, rows behind it included", async () => {
    for (const shape of [{ n: 700, d: 3, metric: "l2" as const }, SHAPES.at(-1)!]) {
      const { tree, data, queries } = make("clusters", shape);
      tree.add(data.subarray(0, 50 * shape.d));
      tree.remove([3, 4, 5, 600]);
      const bytes = tree.toBytes();
      const again = await open(bytes);
      expect(again.toBytes()).toEqual(bytes);
      expect(again.stats().details).toEqual(tree.stats().details);
      for (const maxLeaves of [2, 0x7fff_ffff]) {
        const found = again.search(queries, { k: 5, maxLeaves });
        expect(found.ids).toEqual(tree.search(queries, { k: 5, maxLeaves }).ids);
      }
      expectExact({ tree: again }, queries, [1, 8], "opened");
    }
  });

  test("a build that is abandoned anywhere leaves its rows out, and no room taken", async () => {
    const data = DATA.uniform!(createRng(6, "abandoned"), 4000, 3);
    for (const stopAt of [1, 3, 5, 6]) {
      const tree = new KDTreeIndex({ dimension: 3 });
      tree.add(data.subarray(0, 300));
      const room = tree.space.bytes("treePerm") + tree.space.bytes("treeRough");
      const stop = new AbortController();
      let reports = 0;
      const onProgress = (): void => {
        if (++reports === stopAt) stop.abort();
      };
      await expect(tree.addAsync(data, { signal: stop.signal, onProgress })).rejects.toThrow();
      expect(tree.size).toBe(100);
      expect(tree.space.bytes("treePerm") + tree.space.bytes("treeRough")).toBe(room);
      expectExact({ tree }, rowsOf(data.slice(0, 12), 3), [1, 5], `stopped at ${stopAt}`);
      tree.add(data);
      expect(tree.size).toBe(4100);
      expectExact({ tree }, rowsOf(data.slice(0, 12), 3), [1, 5], `after ${stopAt}`);
      tree.close();
    }
  });

  test("threads make the same tree", async () => {
    const rng = createRng(4, "threads");
    const data = DATA.clusters!(rng, 9000, 3);
    const bytes: Uint8Array[] = [];
    for (const threads of [1, 3]) {
      const tree = new KDTreeIndex({ dimension: 3 });
      await tree.addAsync(data, { threads });
      bytes.push(tree.toBytes());
      tree.close();
    }
    expect(bytes[1]).toEqual(bytes[0]);
  });
});

describe("within a radius", () => {
  test("range lists what a scan finds, and countWithin counts it, in every metric and width", () => {
    for (const kind of ["clusters", "grid", "huge"]) {
      for (const shape of SHAPES) {
        const name = `${kind} ${JSON.stringify(shape)}`;
        const { tree, data, queries } = make(kind, shape);
        // Some rows behind the tree, and some removed ones.
        tree.add(data.subarray(0, 30 * shape.d));
        tree.remove([1, 5, 6, 7, 8, 200, shape.n + 3]);
        const all = tree.search(queries, { k: tree.size, exact: true });
        // Radii that are distances of rows: those rows are within.
        for (const rank of [3, tree.size - 1]) {
          const radius = all.row(0).distances[rank]!;
          const found = tree.range(queries, radius);
          const counts = tree.countWithin(queries, radius);
          for (let q = 0; q < queries.length; q++) {
            const { ids, distances } = all.row(q);
            const n = distances.filter((distance) => distance <= radius).length;
            expect(counts[q], name).toBe(n);
            expect(same(found.row(q).ids, ids.subarray(0, n)), name).toBe(true);
            expect(same(found.row(q).distances, distances.subarray(0, n)), name).toBe(true);
          }
          expect(counts[0], name).toBeGreaterThan(rank);
        }
        tree.close();
      }
    }
  });

  test("filters are heeded, radii below 0 hold nothing, and bad options are refused", () => {
    const { tree, queries } = make("uniform", { n: 1500, d: 2, metric: "l2" });
    const filter = (key: unknown): boolean => (key as number) % 3 === 0;
    const wanted = tree.range(queries, 0.4, { filter, exact: true });
    expect(tree.range(queries, 0.4, { filter }).ids).toEqual(wanted.ids);
    const counts = wanted.offsets.subarray(1).map((end, q) => end - wanted.offsets[q]!);
    expect(tree.countWithin(queries, 0.4, { filter })).toEqual(counts);
    expect(tree.countWithin(queries, -1)).toEqual(new Uint32Array(queries.length));
    expect(tree.countWithin(queries, INFINITE)).toEqual(new Uint32Array(queries.length).fill(1500));
    expect(tree.countWithin([], 1)).toEqual(new Uint32Array(0));
    expect(() => tree.countWithin(queries, Number.NaN)).toThrow(/radius/);
    expect(() => tree.countWithin(queries, 1, { k: 3 } as object)).toThrow(/"k"/);
    expect(() => tree.range(queries, 1, { nprobe: 3 })).toThrow(/nprobe/);
  });
});
