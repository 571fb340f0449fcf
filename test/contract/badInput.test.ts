import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../src/core/index.ts";
import { create, type Index, type Key, open, type SearchOptions } from "../../src/indexes/index.ts";
import { type Anything, BAD_SEARCHES, BAD_VECTORS, D } from "./badValues.ts";
import { failureOf, make, makeRows, nearby, ONE_EACH } from "./support.ts";

describe.each(ONE_EACH)("$spec", (c) => {
  const setUp = (): { index: Index; digest: () => string } => {
    const index = make(c, D);
    const rows = makeRows(60, D, "f32");
    index.add(rows, { keys: rows.map((_, i) => `k${i}`), metadata: rows.map((_, i) => ({ i })) });
    index.remove("k7");
    return { index, digest: () => Buffer.from(index.toBytes()).toString("base64") };
  };
  const fine = Float32Array.of(1, 2, 3, 4);

  /** Tries what must fail; the index must answer a code and stay as it was. */
  async function refused(
    what: string,
    { index, digest }: ReturnType<typeof setUp>,
    codes: readonly string[],
    attempt: (index: Index) => unknown,
  ): Promise<void> {
    const before = digest();
    const error = await failureOf(() => attempt(index), what);
    expect(codes, `${what}: ${error.message}`).toContain(error.code);
    expect(ERROR_CODES).toContain(error.code);
    expect(error.message.length, what).toBeGreaterThan(20);
    expect(digest() === before, `${what}: the index is as it was`).toBe(true);
  }

  const ENTRIES: Readonly<Record<string, (index: Index, v: Anything) => unknown>> = {
    add: (index, v) => index.add(v),
    addAsync: (index, v) => index.addAsync(v),
    upsert: (index, v) => index.upsert(v, { keys: ["k1"] }),
    search: (index, v) => index.search(v),
    searchAsync: (index, v) => index.searchAsync(v),
    range: (index, v) => index.range(v, 1),
    neighbors: (index, v) => index.neighbors(v).next(),
    searchInto: (index, v) => index.searchInto(v, index.search(fine)),
  };

  test.each(Object.keys(ENTRIES))("%s refuses every bad vector and stays as it was", async (entry) => {
    const held = setUp();
    for (const [what, [value, ...codes]] of Object.entries(BAD_VECTORS)) {
      // A stream is what addAsync takes objects that can be iterated for.
      const streams = entry === "addAsync" && what === "a Map" ? ["DIM_MISMATCH", "NOT_FINITE"] : [];
      const resizable = what !== "a shrunk buffer" || "resize" in ArrayBuffer.prototype;
      if (resizable) {
        await refused(`${entry} of ${what}`, held, [...codes, ...streams], (index) =>
          ENTRIES[entry]!(index, value()),
        );
      }
    }
  });

  const SEARCHES: Readonly<Record<string, (index: Index, o: Anything) => unknown>> = {
    search: (index, o) => index.search(fine, o),
    searchAsync: (index, o) => index.searchAsync(fine, o),
    searchInto: (index, o) => index.searchInto(fine, index.search(fine), o),
    range: (index, o) => index.range(fine, 1, o),
    neighbors: (index, o) => index.neighbors(fine, o).next(),
  };

  test.each(Object.keys(SEARCHES))("%s refuses every bad option", async (entry) => {
    const held = setUp();
    for (const [what, [options, ...codes]] of Object.entries(BAD_SEARCHES)) {
      // These two set k themselves.
      if (what.startsWith("k ") && (entry === "range" || entry === "neighbors")) continue;
      if (what.startsWith("maxDistance") && entry === "range") continue;
      await refused(`${entry} with ${what}`, held, codes, (index) => SEARCHES[entry]!(index, options));
    }
  });

  test("changes refuse bad keys, records, counts and options, and leave the index as it was", async () => {
    const held = setUp();
    const two = [fine, fine];
    const attempts: [string, string[], (index: Anything) => unknown][] = [
      ["too few keys", ["BAD_INPUT"], (i) => i.add(two, { keys: ["x"] })],
      ["too many keys", ["BAD_INPUT"], (i) => i.add(two, { keys: ["x", "y", "z"] })],
      ["keys null", ["BAD_INPUT"], (i) => i.add(two, { keys: null })],
      ["keys a string", ["BAD_INPUT"], (i) => i.add(two, { keys: "xy" })],
      ["keys of another type", ["KEY_TYPE"], (i) => i.add(two, { keys: ["x", 1.5] })],
      ["a hole among keys", ["KEY_TYPE"], (i) => i.add(two, { keys: Object.assign(["x"], { length: 2 }) })],
      ["a key held already", ["DUPLICATE_KEY"], (i) => i.add(two, { keys: ["x", "k1"] })],
      ["a key twice", ["DUPLICATE_KEY"], (i) => i.upsert(two, { keys: ["x", "x"] })],
      ["upsert without keys", ["BAD_INPUT"], (i) => i.upsert(two, {})],
      ["upsert without options", ["BAD_INPUT"], (i) => i.upsert(two)],
      ["too few records", ["BAD_INPUT"], (i) => i.add(two, { metadata: [{}] })],
      ["a record of another type", ["BAD_INPUT"], (i) => i.add(two, { metadata: [5, {}] })],
      ["a nested record", ["BAD_INPUT"], (i) => i.add(two, { metadata: [{ a: { b: 1 } }, {}] })],
      ["a record with NaN", ["BAD_INPUT"], (i) => i.add(two, { metadata: [{ a: Number.NaN }, {}] })],
      ["unknown option of add", ["OPTION_UNKNOWN"], (i) => i.add(two, { key: ["x", "y"] })],
      [
        "unknown option of upsert",
        ["OPTION_UNKNOWN"],
        (i) => i.upsert(two, { keys: ["x", "y"], overwrite: true }),
      ],
      ["unknown option of addAsync", ["OPTION_UNKNOWN"], (i) => i.addAsync(two, { workers: 2 })],
      ["options null", ["BAD_INPUT"], (i) => i.add(two, null)],
      ["addAsync options null", ["BAD_INPUT"], (i) => i.addAsync(two, null)],
      ["threads 0", ["OPTION_RANGE"], (i) => i.addAsync(two, { threads: 0 })],
      ["threads 1.5", ["OPTION_RANGE"], (i) => i.addAsync(two, { threads: 1.5 })],
      ["threads 10,000", ["OPTION_RANGE"], (i) => i.searchAsync(two, { threads: 10_000 })],
      ["threads '2'", ["OPTION_RANGE"], (i) => i.searchAsync(two, { threads: "2" })],
      ["reserve −1", ["OPTION_RANGE"], (i) => i.reserve(-1)],
      ["reserve 1.5", ["OPTION_RANGE"], (i) => i.reserve(1.5)],
      ["reserve NaN", ["OPTION_RANGE"], (i) => i.reserve(Number.NaN)],
      ["reserve 2³²", ["OUT_OF_MEMORY", "OPTION_RANGE"], (i) => i.reserve(2 ** 32)],
      ["reserve 2⁵³", ["OUT_OF_MEMORY", "OPTION_RANGE"], (i) => i.reserve(2 ** 53)],
      ["remove an object", ["BAD_INPUT"], (i) => i.remove({})],
      ["get an unknown key", ["KEY_UNKNOWN"], (i) => i.get("nobody")],
      ["get a symbol", ["KEY_UNKNOWN", "KEY_TYPE"], (i) => i.get(Symbol("s"))],
      ["get an object", ["KEY_UNKNOWN", "KEY_TYPE"], (i) => i.get(Object.create(null))],
      ["metadata of a removed key", ["KEY_UNKNOWN"], (i) => i.metadata("k7")],
      ["range of NaN", ["OPTION_RANGE"], (i) => i.range(fine, Number.NaN)],
      ["range of undefined", ["OPTION_RANGE"], (i) => i.range(fine)],
      ["neighbors of two queries", ["BAD_INPUT"], (i) => i.neighbors(two).next()],
      ["configure an unknown name", ["OPTION_UNKNOWN"], (i) => i.configure({ hashTables: 1 })],
      ["configure null", ["BAD_INPUT"], (i) => i.configure(null)],
      ["configure a prototype name", ["OPTION_UNKNOWN"], (i) => i.configure({ constructor: 1 })],
      ["audit with unknown option", ["OPTION_UNKNOWN"], (i) => i.audit({ queries: 1 })],
      ["audit of no rows", ["OPTION_RANGE"], (i) => i.audit({ sample: 0 })],
      ["audit with k 0", ["OPTION_RANGE", "BAD_K"], (i) => i.audit({ k: 0 })],
      ["audit null", ["BAD_INPUT"], (i) => i.audit(null)],
      ["mask 7", ["BAD_INPUT"], (i) => i.mask(7)],
      ["searchInto nothing", ["BAD_INPUT"], (i) => i.searchInto(fine, undefined)],
      ["searchInto an object", ["BAD_INPUT"], (i) => i.searchInto(fine, {})],
      [
        "searchInto arrays too short",
        ["BAD_INPUT"],
        (i) => i.searchInto(fine, { queries: 1, k: 10, ids: new Uint32Array(1), distances: [], counts: [] }),
      ],
      ["save to a folder that is not there", ["FILE"], (i) => i.save("/nonexistent-folder/x.vic")],
      ["save to a number", ["FILE", "BAD_INPUT"], (i) => i.save(7)],
    ];
    if (c.graph) {
      for (const value of [0, -1, 1.5, Number.NaN, Infinity, "7", null, 2 ** 31]) {
        attempts.push([`efSearch ${value}`, ["OPTION_RANGE"], (i) => i.search(fine, { efSearch: value })]);
        attempts.push([
          `configure efSearch ${value}`,
          ["OPTION_RANGE"],
          (i) => i.configure({ efSearch: value }),
        ]);
        attempts.push([`audit efSearch ${value}`, ["OPTION_RANGE"], (i) => i.audit({ efSearch: value })]);
      }
    }
    for (const [what, codes, attempt] of attempts) await refused(what, held, codes, attempt);
  });

  test("a closed index refuses everything with CLOSED", async () => {
    const { index } = setUp();
    const iterator = index.neighbors(fine);
    iterator.next();
    index.close();
    index.close();
    const attempts: ((i: Anything) => unknown)[] = [
      (i) => i.add([fine]),
      (i) => i.addAsync([fine]),
      (i) => i.upsert([fine], { keys: ["k1"] }),
      (i) => i.remove("k1"),
      (i) => i.get("k1"),
      (i) => i.mask(() => true),
      (i) => i.search(fine),
      (i) => i.searchAsync(fine),
      (i) => i.range(fine, 1),
      (i) => i.neighbors(fine).next(),
      () => iterator.next(),
      (i) => i.reserve(5),
      (i) => i.compact(),
      (i) => i.stats(),
      (i) => i.health(),
      (i) => i.repair(),
      (i) => i.audit(),
      (i) => i.toBytes(),
      (i) => i.save("/tmp/never.vic"),
      (i) => i.configure({}),
    ];
    for (const attempt of attempts) {
      expect((await failureOf(() => attempt(index))).code, String(attempt)).toBe("CLOSED");
    }
  });

  test("huge k and search parameters are capped, not refused", () => {
    // Enough rows that every kind searches its structure.
    const index = make(c, 8);
    index.add(makeRows(300, 8, c.dtype));
    const options: SearchOptions[] = [{ k: 2 ** 31 - 1 }];
    if (c.graph) options.push({ k: 20, efSearch: 1 });
    for (const name of index.searchParams) {
      for (const k of [1, 10]) options.push({ k, ...nearby(c, 3), [name]: 2 ** 31 - 1 });
    }
    const query = makeRows(1, 8, c.dtype, { seed: 2 })[0]!;
    for (const o of options) {
      expect(index.search(query, o).keys().length, JSON.stringify(o)).toBe(Math.min(o.k ?? 10, 300));
    }
    index.close();
  });

  test("SharedArrayBuffer, resizable buffers, −0 and subnormals are vectors like others", () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    shared.set([1, 2, 3, 4]);
    const inputs: Float32Array[] = [shared, Float32Array.of(-0, 1e-42, 1e-45, 1)];
    if ("resize" in ArrayBuffer.prototype) {
      const growable = new (ArrayBuffer as Anything)(16, { maxByteLength: 64 });
      const tracking = new Float32Array(growable);
      tracking.set([4, 3, 2, 1]);
      inputs.push(tracking);
    }
    for (const input of inputs) {
      const { index } = setUp();
      index.add(input, { keys: ["new"] });
      expect([...index.get("new")]).toEqual([...input]);
      expect(index.search(input, { k: 1 }).keys()).toEqual(["new"]);
    }
  });

  test("the caller's arrays are copied: what happens to them later does not matter", async () => {
    const { index } = setUp();
    const data = makeRows(3, D, "f32", { seed: 9 });
    const kept = data.map((row) => row.slice());
    const keys: Key[] = ["a", "b", "c"];
    const adding = index.addAsync(data, { keys });
    for (const row of data) row.fill(Number.NaN);
    keys.fill("k1");
    await adding;
    expect(index.size).toBe(62);
    expect([...index.get("b")]).toEqual([...kept[1]!]);
    const queries = makeRows(3000, D, "f32", { seed: 10 });
    const want = index.search(queries, { k: 2 });
    const searching = index.searchAsync(queries, { k: 2 });
    for (const row of queries) row.fill(Number.NaN);
    const got = await searching;
    expect(got.ids).toEqual(want.ids);
    expect(got.distances).toEqual(want.distances);
  });
});

describe("under cosine", () => {
  const cases = [
    { name: "Flat f32", index: () => create("Flat", { dimension: D, metric: "cosine" }), zero: [0, 0, 0, 0] },
    {
      name: "Flat i8",
      index: () => create("Flat", { dimension: D, metric: "cosine", dtype: "i8" }),
      zero: [0, 0, 0, 0],
    },
    { name: "HNSW8", index: () => create("HNSW8", { dimension: D, metric: "cosine" }), zero: [0, -0, 0, 0] },
    {
      name: "HNSW8,SQ8",
      index: () => create("HNSW8,SQ8", { dimension: D, metric: "cosine" }),
      zero: [0, 0, 0, 0],
    },
  ];
  test.each(cases)(
    "$name refuses the zero vector, alone or among others, and stays as it was",
    async ({ index, zero }) => {
      const held = index();
      held.add([
        [1, 2, 3, 4],
        [4, 3, 2, 1],
      ]);
      const before = held.toBytes();
      const bad = [[1, 1, 1, 1], zero];
      expect((await failureOf(() => held.add(bad))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.addAsync(bad))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.upsert(bad, { keys: [0, 1] }))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.search(zero))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.search(bad))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.searchAsync(bad))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.range(bad, 1))).code).toBe("ZERO_VECTOR");
      expect((await failureOf(() => held.neighbors(zero).next())).code).toBe("ZERO_VECTOR");
      expect(Buffer.compare(held.toBytes(), before)).toBe(0);
    },
  );

  test("an index over codes alone refuses it in its last block too, after vectors were dropped", async () => {
    const held = create("HNSW8,SQ8", { dimension: D, metric: "cosine" });
    held.add(makeRows(1100, D, "f32"));
    const before = held.toBytes();
    const bad = [...makeRows(600, D, "f32", { seed: 2 }), new Float32Array(D)];
    expect((await failureOf(() => held.add(bad))).code).toBe("ZERO_VECTOR");
    expect(Buffer.compare(held.toBytes(), before)).toBe(0);
  });
});

describe("values at the ends of float32", () => {
  test.each(["Flat", "HNSW8", "HNSW8,SQ8", "HNSW8,SQ7,Refine"])(
    "%s takes them, answers and is saved",
    async (spec) => {
      for (const metric of ["l2", "ip", "cosine"] as const) {
        for (const scale of [3e38, 1e30, 1e-30, 1e-44]) {
          const index = create(spec, { dimension: D, metric });
          const unit = makeRows(300, D, "f32", { seed: 1 });
          const most = Math.max(...unit.map((row) => Math.max(...row.map(Math.abs))));
          index.add(unit.map((row) => row.map((x) => (x / most) * scale || scale)));
          for (const exact of [true, false]) {
            const found = index.search(
              unit[5]!.map((x) => (x / most) * scale || scale),
              { k: 5, exact },
            );
            expect(found.keys().length, `${metric} ${scale}`).toBe(5);
            for (const distance of found.row(0).distances)
              expect(distance, `${metric} ${scale}`).not.toBeNaN();
          }
          expect(index.health().ok).toBe(true);
          const again = await open(index.toBytes());
          expect(again.size).toBe(300);
        }
      }
    },
  );
});
