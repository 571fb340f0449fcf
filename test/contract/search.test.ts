import { describe, expect, test } from "vitest";
import type { Index, Neighbors } from "../../src/indexes/index.ts";
import { create, FlatIndex } from "../../src/indexes/index.ts";
import {
  bruteForce,
  CASES,
  type Case,
  failureOf,
  make,
  makeRows,
  nearby,
  ONE_EACH,
  ONE_METRIC,
  packed,
  type Row,
  tolerance,
  trueDistance,
} from "./support.ts";

const DIMENSION = 12;

/** Checks a row of answers against the definition; distances must be those of the vectors. */
function expectExact(
  c: Case,
  rows: readonly Row[],
  query: Row,
  items: ReturnType<Neighbors["items"]>,
  k: number,
): void {
  const truth = bruteForce(c.metric, rows, query, k);
  expect(items.length).toBe(truth.length);
  const seen = new Set<unknown>();
  items.forEach(({ key, distance }, i) => {
    const row = rows[key as number]!;
    const margin = tolerance(c.metric, query, row);
    expect(seen.has(key), "a row is answered once").toBe(false);
    seen.add(key);
    expect(Math.abs(distance - trueDistance(c.metric, query, row)), "its distance").toBeLessThanOrEqual(
      margin,
    );
    expect(Math.abs(distance - truth[i]!.distance), `as near as number ${i}`).toBeLessThanOrEqual(margin * 2);
  });
}

function expectSorted({ ids, distances }: ReturnType<Neighbors["row"]>): void {
  for (let i = 1; i < ids.length; i++) {
    const inOrder =
      distances[i - 1]! < distances[i]! || (distances[i - 1]! === distances[i]! && ids[i - 1]! < ids[i]!);
    expect(inOrder, `places ${i - 1} and ${i}`).toBe(true);
  }
}

describe.each(CASES)("$name", (c) => {
  const rows = makeRows(180, DIMENSION, c.dtype, { seed: 3 });
  const queries = [...makeRows(4, DIMENSION, c.dtype, { seed: 4 }), rows[17]!];
  const index = make(c, DIMENSION);
  index.add(rows);
  // So small a candidate list that the graph is searched rather than all rows compared.
  const near = nearby(c, 9);

  test("exact: true equals brute force in float64 for every k", () => {
    for (const query of queries) {
      for (const k of [1, 7, 179, 180, 181, 1000, 2 ** 31 - 1]) {
        const found = index.search(query, { k, exact: true });
        expectExact(c, rows, query, found.items(), k);
        expectSorted(found.row(0));
      }
    }
  });

  test("a search answers min(k, n) rows, sorted, with the distances of the metric", () => {
    for (const query of queries) {
      for (const k of [1, 9, 10, 45, 46, 180, 500]) {
        const found = index.search(query, { k, ...near });
        expect(found.row(0).ids.length).toBe(Math.min(k, 180));
        expectSorted(found.row(0));
        for (const { key, distance } of found.items()) {
          const row = rows[key as number]!;
          const error = Math.abs(distance - trueDistance(c.metric, query, row));
          expect(error).toBeLessThanOrEqual(tolerance(c.metric, query, row));
        }
      }
    }
  });

  test("a batch equals its queries one by one, however it is given", async () => {
    const single = queries.map((query) => index.search(query, { k: 9, ...near }).items());
    const read = (found: Neighbors) => queries.map((_, q) => found.items(q));
    expect(read(index.search(queries, { k: 9, ...near }))).toEqual(single);
    expect(read(index.search(packed(queries), { k: 9, ...near }))).toEqual(single);
    expect(read(await index.searchAsync(queries, { k: 9, ...near }))).toEqual(single);
    const width = queries[0]!.length;
    const strided = packed(queries.map((query) => new (query.constructor as typeof Float32Array)(width + 3)));
    queries.forEach((query, q) => {
      strided.set(query as Float32Array, q * (width + 3));
    });
    const matrix = { data: strided, rows: queries.length, cols: width, stride: width + 3 };
    expect(read(index.search(matrix, { k: 9, ...near }))).toEqual(single);
  });

  test("range answers all rows within the radius and no others", () => {
    const query = queries[0]!;
    const truth = bruteForce(c.metric, rows, query);
    for (const place of [0, 5, 60, 179]) {
      const radius = truth[place]!.distance + tolerance(c.metric, query, rows[truth[place]!.id]!);
      const found = index.range([query, queries[1]!], radius, { exact: true });
      const certain = truth.filter(({ id, distance }) => {
        return distance + tolerance(c.metric, query, rows[id]!) <= radius;
      });
      const keys = new Set(found.keys(0));
      for (const { id } of certain) expect(keys.has(id)).toBe(true);
      for (const { distance } of found.items(0)) expect(distance).toBeLessThanOrEqual(radius);
      expect(found.offsets[1]).toBe(found.row(0).ids.length);
      expectSorted(found.row(0));
      expectSorted(found.row(1));
    }
    expect(index.range(query, Number.NEGATIVE_INFINITY).keys()).toEqual([]);
    expect(index.range(query, Number.POSITIVE_INFINITY, { exact: true }).keys().length).toBe(180);
  });

  test("maxDistance cuts the answer where distances exceed it", () => {
    for (const query of queries) {
      const all = index.search(query, { k: 40, ...near }).items();
      for (const place of [0, 11, 39]) {
        const maxDistance = all[place]!.distance;
        const want = all.filter(({ distance }) => distance <= maxDistance);
        expect(index.search(query, { k: 40, maxDistance, ...near }).items()).toEqual(want);
      }
      expect(index.search(query, { maxDistance: Number.NEGATIVE_INFINITY }).items()).toEqual([]);
    }
  });

  test("neighbours one after another are those of a search for all, in order", () => {
    const query = queries[1]!;
    const all = index.search(query, { k: 180, exact: true }).items();
    expect([...index.neighbors(query)]).toEqual(all);
    const limit = all[30]!.distance;
    expect([...index.neighbors(query, { maxDistance: limit })]).toEqual(
      all.filter(({ distance }) => distance <= limit),
    );
    const even = (key: unknown): boolean => Number(key) % 2 === 0;
    expect([...index.neighbors(query, { filter: even })]).toEqual(all.filter(({ key }) => even(key)));
  });
});

describe.each(ONE_METRIC)("$name", (c) => {
  test("an empty index answers nothing, and is well", () => {
    const index = make(c, DIMENSION);
    const [query] = makeRows(1, DIMENSION, c.dtype);
    expect(index.size).toBe(0);
    expect(index.search(query!).items()).toEqual([]);
    expect(index.search([query!, query!], { k: 3 }).counts).toEqual(new Uint32Array(2));
    expect(index.search(query!, { exact: true }).keys()).toEqual([]);
    expect(index.range(query!, 1e9).keys()).toEqual([]);
    expect([...index.neighbors(query!)]).toEqual([]);
    expect([...index.keys()]).toEqual([]);
    expect(index.remove([0, 1])).toBe(0);
    index.compact();
    expect(index.health().ok).toBe(true);
    expect(index.stats().size).toBe(0);
    index.add([]);
    expect(index.size).toBe(0);
  });

  test("one row is found from everywhere, and again after it was replaced by none", () => {
    const index = make(c, DIMENSION);
    const rows = makeRows(3, DIMENSION, c.dtype);
    index.add([rows[0]!]);
    expect(index.search(rows[1]!).keys()).toEqual([0]);
    expect(index.search(rows[0]!, { k: 1, exact: true }).keys()).toEqual([0]);
    expect(index.remove(0)).toBe(1);
    expect(index.search(rows[1]!).keys()).toEqual([]);
    index.compact();
    index.add([rows[2]!]);
    expect(index.search(rows[1]!, { k: 5 }).keys()).toEqual([1]);
  });

  test("what is stored is read back", () => {
    const index = make(c, DIMENSION);
    const rows = makeRows(40, DIMENSION, c.dtype);
    index.add(rows);
    rows.forEach((row, key) => {
      const got = index.get(key);
      expect(got.constructor).toBe(row.constructor);
      expect([...got]).toEqual([...row]);
    });
  });

  test("queries: none, and answers read by row, key and item", async () => {
    const index = make(c, DIMENSION);
    const rows = makeRows(30, DIMENSION, c.dtype);
    index.add(rows);
    expect(index.search([]).queries).toBe(0);
    const found = index.search(rows.slice(0, 3), { k: 4 });
    expect([found.queries, found.k, found.ids.length, found.distances.length]).toEqual([3, 4, 12, 12]);
    expect([...found.counts]).toEqual([4, 4, 4]);
    for (let q = 0; q < 3; q++) {
      expect(found.items(q).map(({ key }) => key)).toEqual(found.keys(q));
      expect(found.keys(q).map((_, i) => found.key(q, i))).toEqual(found.keys(q));
      expect([...found.row(q).distances]).toEqual(found.items(q).map(({ distance }) => distance));
    }
    expect((await failureOf(() => found.row(3))).code).toBe("OPTION_RANGE");
    expect((await failureOf(() => found.key(0, 4))).code).toBe("OPTION_RANGE");
  });

  test("searchInto fills a result as search does, also after the index changed", async () => {
    const index = make(c, DIMENSION);
    const rows = makeRows(60, DIMENSION, c.dtype);
    index.add(rows);
    const out = index.search([rows[0]!, rows[1]!], { k: 5 });
    for (const q of [7, 21]) {
      index.searchInto([rows[q]!, rows[q + 1]!], out, { k: 5 });
      const want = index.search([rows[q]!, rows[q + 1]!], { k: 5 });
      expect(out.items(0)).toEqual(want.items(0));
      expect(out.items(1)).toEqual(want.items(1));
      index.remove(out.key(0, 0));
      index.compact();
      expect((await failureOf(() => out.keys(0))).code).toBe("BAD_INPUT");
    }
    expect((await failureOf(() => index.searchInto([rows[0]!], out, { k: 5 }))).code).toBe("BAD_INPUT");
  });
});

describe.each(ONE_EACH)("$spec", (c) => {
  const setUp = (n: number): { index: Index; rows: Row[] } => {
    const rows = makeRows(n, DIMENSION, "f32");
    const index = make(c, DIMENSION);
    index.add(rows);
    return { index, rows };
  };

  test("an iterator of neighbours ends with a typed error when the index changes meanwhile", async () => {
    const changes: ((index: Index, row: Row) => void)[] = [
      (index, row) => index.add([row]),
      (index) => void index.remove(5),
      (index) => index.compact(),
      (index, row) => index.upsert([row], { keys: [3] }),
      (index) => index.close(),
    ];
    for (const change of changes) {
      const { index, rows } = setUp(100);
      const iterator = index.neighbors(rows[0]!);
      expect(iterator.next().done).toBe(false);
      change(index, rows[1]!);
      expect(["BAD_INPUT", "CLOSED"]).toContain((await failureOf(() => iterator.next())).code);
    }
  });

  test("an iterator keeps the query it was given, and other searches go on between", () => {
    const { index, rows } = setUp(150);
    const query = rows[3]!.slice() as Float32Array;
    const want = index.search(query, { k: 150, exact: true }).keys();
    const iterator = index.neighbors(query);
    const got = [];
    for (const { key } of iterator) {
      got.push(key);
      query.fill(9);
      index.search(rows[got.length % 150]!, { k: 70 });
    }
    expect(got).toEqual(want);
  });

  test("halves, float64, plain arrays and rows of a list are the same rows", () => {
    const values = Array.from({ length: 20 }, (_, i) =>
      Array.from({ length: 4 }, (_, j) => ((i * 7 + j * 3) % 11) / 2),
    );
    const half = (x: number): number => {
      if (x === 0) return 0;
      const exponent = Math.floor(Math.log2(x));
      return ((exponent + 15) << 10) | Math.round((x / 2 ** exponent - 1) * 1024);
    };
    const forms = [
      values,
      values.flat(),
      values.map((row) => Float64Array.from(row)),
      Float32Array.from(values.flat()),
      { data: Float64Array.from(values.flat()), rows: 20, cols: 4, stride: 4 },
      Uint16Array.from(values.flat(), half),
    ];
    const answers = forms.map((form) => {
      const index = make(c, 4);
      index.add(form);
      return index.search(values[3]!, { k: 20 }).items();
    });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });
});

test("a search with k of more than 256 answers is as exact as a short one", () => {
  const rows = makeRows(3000, 8, "f32");
  const index = new FlatIndex({ dimension: 8 });
  index.add(rows);
  const truth = bruteForce("l2", rows, rows[5]!, 3000);
  for (const k of [255, 256, 257, 1023, 3000]) {
    const found = index.search(rows[5]!, { k }).items();
    expect(found.length).toBe(k);
    found.forEach(({ distance }, i) => {
      expect(Math.abs(distance - truth[i]!.distance)).toBeLessThan(1e-5);
    });
  }
});

test("a walk through a large graph reaches every row once, nearest first at the start, and stops when asked", () => {
  const n = 20_600;
  const rows = makeRows(n, 4, "f32", { seed: 5 });
  for (const c of ONE_EACH.filter(({ graph }) => graph)) {
    const index = make(c, 4, { efConstruction: 24 });
    index.add(packed(rows));
    index.remove([1, 2, 3]);
    const query = rows[77]!;
    const want = new Set(index.search(query, { k: 50, exact: true }).keys());
    const seen = new Set<unknown>();
    let first50 = 0;
    for (const { key } of index.neighbors(query)) {
      expect(seen.has(key)).toBe(false);
      seen.add(key);
      if (seen.size <= 60 && want.has(key)) first50++;
    }
    expect(seen.size, c.spec).toBe(n - 3);
    expect(first50, c.spec).toBeGreaterThanOrEqual(45);
    const odd = (key: unknown): boolean => Number(key) % 1000 === 77;
    const some = [...index.neighbors(query, { filter: odd })].map(({ key }) => key);
    expect(some.length).toBe(21);
    expect(some.every(odd)).toBe(true);
    const iterator = index.neighbors(query);
    for (let i = 0; i < 5; i++) expect(want.has(iterator.next().value!.key)).toBe(true);
    iterator.return!();
    index.close();
  }
});

test("packed bits of any dimension are kept, read back and compared whole", () => {
  for (const spec of ["Flat", "HNSW8"]) {
    for (const dimension of [1, 7, 8, 9, 12, 127, 129, 1000]) {
      const rows = makeRows(30, dimension, "bits");
      const index = create(spec, { dimension, metric: "hamming" });
      index.add(rows);
      rows.forEach((row, key) => {
        expect(index.get(key)).toEqual(row);
      });
      const found = index.search(rows[4]!, { k: 30 }).row(0).distances;
      expect([...found]).toEqual(bruteForce("hamming", rows, rows[4]!).map(({ distance }) => distance));
    }
  }
});

test("one row, then many in one block: all are reachable, however few links a row may have", () => {
  for (const links of [2, 3, 4, 8]) {
    for (const first of [1, 2, 5]) {
      const index = create(`HNSW${links}`, { dimension: 4, efConstruction: 32 });
      const rows = makeRows(500, 4, "f32");
      index.add(rows.slice(0, first));
      index.add(rows.slice(first));
      expect(index.health()).toMatchObject({ size: 500, unreachable: 0, ok: true });
    }
  }
});
