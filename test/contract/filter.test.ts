import { describe, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import type { Filter, Index, Key, Metadata } from "../../src/indexes/index.ts";
import {
  bruteForce,
  CASES,
  failureOf,
  make,
  makeRows,
  nearby,
  ONE_EACH,
  type Row,
  tolerance,
} from "./support.ts";

const DIMENSION = 10;
const N = 1500;
const SHARES = [0.5, 0.1, 0.01, 0.001, 0];

/** Numbers of the rows that a filter of that share lets through, spread by a seeded shuffle. */
function members(share: number): Set<number> {
  const rng = createRng(1, `members ${share}`);
  const out = new Set<number>();
  while (out.size < Math.round(share * N)) out.add(rng.below(N));
  return out;
}

/** The same choice in every form that a filter can take. */
function formsOf(index: Index, chosen: ReadonlySet<number>): Record<string, Filter> {
  const bitmap = new Uint8Array(Math.ceil(N / 8));
  for (const key of chosen) bitmap[key >> 3]! |= 1 << (key & 7);
  const predicate = (key: Key): boolean => chosen.has(key as number);
  return {
    predicate,
    set: chosen as ReadonlySet<Key>,
    bitmap,
    where: { n: { $in: [...chosen] } },
    mask: index.mask(predicate),
  };
}

// A case for each way of scoring is enough: filters know nothing of metrics.
const FILTERED = CASES.filter(({ metric }) => ["l2", "ip", "hamming"].includes(metric));

describe.each(FILTERED)("$name", (c) => {
  const rows = makeRows(N, DIMENSION, c.dtype, { seed: 6 });
  const queries = makeRows(5, DIMENSION, c.dtype, { seed: 8 });
  const index = make(c, DIMENSION, { efConstruction: 40 });
  index.add(rows, { metadata: rows.map((_, n) => ({ n, even: n % 2 === 0 })) });
  const near = nearby(c, 12);

  test.each(SHARES)("a share of %s: min(k, matches) allowed rows, each once, in every form", (share) => {
    const chosen = members(share);
    for (const [form, filter] of Object.entries(formsOf(index, chosen))) {
      for (const query of queries) {
        for (const k of [1, 12, N]) {
          const keys = index.search(query, { k, filter, ...near }).keys();
          expect(keys.length, form).toBe(Math.min(k, chosen.size));
          expect(new Set(keys).size, form).toBe(keys.length);
          for (const key of keys) expect(chosen.has(key as number), `${form} lets ${key} through`).toBe(true);
        }
      }
    }
  });

  test("exact: true under a filter answers the nearest of the rows allowed", () => {
    // Answers of codes alone are exact for the codes, not for the vectors.
    if (!c.keepsVectors) return;
    for (const share of SHARES) {
      const chosen = members(share);
      const allowed = [...chosen];
      const kept = allowed.map((n) => rows[n]!);
      for (const query of queries.slice(0, 2)) {
        const truth = bruteForce(c.metric, kept, query, 12);
        const items = index.search(query, { k: 12, filter: chosen as ReadonlySet<Key>, exact: true }).items();
        items.forEach(({ distance }, i) => {
          const margin = 2 * tolerance(c.metric, query, kept[truth[i]!.id]!);
          expect(Math.abs(distance - truth[i]!.distance)).toBeLessThanOrEqual(margin);
        });
      }
    }
  });

  test("a filtered search through the graph finds most of the true neighbours", () => {
    const chosen = members(0.5);
    const allowed = [...chosen];
    const kept = allowed.map((n) => rows[n]!);
    let hits = 0;
    for (const query of queries) {
      const want = new Set(bruteForce(c.metric, kept, query, 10).map(({ id }) => allowed[id]));
      const found = index.search(query, { k: 10, filter: chosen as ReadonlySet<Key> });
      hits += found.keys().filter((key) => want.has(key as number)).length;
    }
    // Hamming distances tie at the border, where other rows are as good.
    expect(hits / 50).toBeGreaterThanOrEqual(c.metric === "hamming" ? 0.6 : 0.9);
  });
});

describe.each(ONE_EACH)("$spec", (c) => {
  const setUp = (n = 300): { index: Index; rows: Row[] } => {
    const rows = makeRows(n, DIMENSION, "f32");
    const index = make(c, DIMENSION, { efConstruction: 40 });
    index.add(rows, { metadata: rows.map((_, i) => ({ i, group: `g${i % 7}` })) });
    return { index, rows };
  };
  const near = nearby(c, 10);

  test("conditions on metadata match by field, operator and combination", () => {
    const { index, rows } = setUp();
    const cases: [Filter, (i: number) => boolean][] = [
      [{ group: "g3" }, (i) => i % 7 === 3],
      [{ group: { $ne: "g3" }, i: { $lt: 50 } }, (i) => i % 7 !== 3 && i < 50],
      [{ $or: [{ i: 4 }, { i: { $gte: 290 } }] }, (i) => i === 4 || i >= 290],
      [{ $and: [{ i: { $gt: 10 } }, { i: { $lte: 20 } }] }, (i) => i > 10 && i <= 20],
      [{ $not: { group: { $in: ["g0", "g1"] } } }, (i) => i % 7 > 1],
      [{ absent: { $exists: true } }, () => false],
      [{ absent: { $exists: false } }, () => true],
      [{ constructor: "x" } as Filter, () => false],
    ];
    for (const [filter, test] of cases) {
      let want: number[];
      try {
        want = rows.map((_, i) => i).filter(test);
        const keys = index.search(rows[0]!, { k: 300, filter, ...near }).keys() as number[];
        expect(keys.sort((a, b) => a - b)).toEqual(want);
      } catch (error) {
        expect((error as { code?: string }).code, JSON.stringify(filter)).toBe("BAD_INPUT");
        expect(Object.hasOwn(filter, "constructor")).toBe(true);
      }
    }
  });

  test("a mask is refused once the index has changed, and by another index", async () => {
    const { index, rows } = setUp();
    const other = setUp().index;
    const fresh = () => index.mask((key) => Number(key) < 10);
    const mask = fresh();
    expect(mask.matches).toBe(10);
    expect(index.search(rows[0]!, { k: 30, filter: mask }).keys().length).toBe(10);
    expect((await failureOf(() => other.search(rows[0]!, { filter: mask }))).code).toBe("BAD_INPUT");
    for (const change of [
      () => index.add([rows[0]!]),
      () => index.remove(3),
      () => index.upsert([rows[1]!], { keys: [7] }),
      () => index.compact(),
    ]) {
      const before = fresh();
      change();
      expect((await failureOf(() => index.search(rows[0]!, { filter: before }))).code).toBe("BAD_INPUT");
    }
  });

  test("a filter that changes the index is refused with BUSY, and the search leaves no harm", async () => {
    for (const change of [
      (index: Index) => index.add(makeRows(200, DIMENSION, "f32", { seed: 77 })),
      (index: Index) => index.remove([1, 2, 3]),
      (index: Index) => index.compact(),
    ]) {
      const { index, rows } = setUp();
      let done = false;
      const filter = (): boolean => {
        if (!done) change(index);
        done = true;
        return true;
      };
      const error = await failureOf(() => index.search(rows[0]!, { k: 5, filter, ...near }));
      expect(error.code).toBe("BUSY");
      expect(index.search(rows[0]!, { k: 1, ...near }).keys().length).toBe(1);
    }
  });

  test("a filter that throws passes its error on and leaves the index usable", () => {
    const { index, rows } = setUp();
    const failing = (): never => {
      throw new Error("mine");
    };
    expect(() => index.search(rows[0]!, { filter: failing })).toThrow("mine");
    expect(index.search(rows[0]!, { k: 1 }).keys()).toEqual([0]);
  });

  test("removed rows match no filter, whatever its form", () => {
    const { index, rows } = setUp();
    index.remove([0, 8, 16, 24, 299]);
    const forms: Filter[] = [
      () => true,
      new Set<Key>([0, 8, 9, 299]),
      new Uint8Array(40).fill(255),
      { i: { $gte: 0 } },
    ];
    for (const filter of forms) {
      const keys = index.search(rows[0]!, { k: 300, filter, ...near }).keys();
      for (const key of [0, 8, 16, 24, 299]) expect(keys).not.toContain(key);
      expect(keys.length).toBe(filter instanceof Set ? 1 : 295);
    }
  });

  test("metadata is copied, frozen, and gone with its row", () => {
    const { index, rows } = setUp(4);
    const record: Record<string, string> = { color: "red" };
    index.add([rows[0]!], { keys: ["named"], metadata: [record] });
    record.color = "blue";
    const got = index.metadata("named") as Metadata;
    expect({ ...got }).toEqual({ color: "red" });
    expect(Object.isFrozen(got)).toBe(true);
    index.upsert([rows[1]!], { keys: ["named"] });
    expect(index.metadata("named")).toBeUndefined();
    index.remove("named");
    expect(() => index.metadata("named")).toThrow();
  });
});
