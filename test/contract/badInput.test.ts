import { describe, expect, test } from "vitest";
import { DTYPES, ERROR_CODES, METRICS, matrix } from "../../src/core/index.ts";
import {
  build,
  create,
  FlatIndex,
  HnswIndex,
  type Index,
  type Key,
  open,
  type SearchOptions,
  SUPPORT,
} from "../../src/indexes/index.ts";
import { failureOf, make, makeRows, ONE_EACH, supported } from "./support.ts";

const D = 4;
// biome-ignore lint/suspicious/noExplicitAny: what a caller without types could pass
type Anything = any;

function detached(): Float32Array {
  const data = new Float32Array(D);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return data;
}

/** A view over a buffer that was cut shorter than the view begins. */
function shrunk(): Float32Array {
  const buffer = new (ArrayBuffer as Anything)(64, { maxByteLength: 128 });
  const view = new Float32Array(buffer, 32, D);
  buffer.resize(16);
  return view;
}

const holey = (): number[] => {
  const out = [1, 2, 3, 4];
  delete out[2];
  return out;
};

/** What is no vector of four finite float32 numbers, with the codes it may be refused with. */
const BAD_VECTORS: Readonly<Record<string, [value: () => Anything, ...codes: string[]]>> = {
  NaN: [() => [1, 2, Number.NaN, 4], "NOT_FINITE"],
  "NaN in float32": [() => Float32Array.of(1, Number.NaN, 3, 4), "NOT_FINITE"],
  Infinity: [() => Float32Array.of(1, 2, 3, Infinity), "NOT_FINITE"],
  "−Infinity": [() => Float64Array.of(-Infinity, 2, 3, 4), "NOT_FINITE"],
  "infinite half": [() => Uint16Array.of(0, 0x7c00, 0, 0), "NOT_FINITE"],
  "NaN half": [() => Uint16Array.of(0, 0x7e01, 0, 0), "NOT_FINITE"],
  "too large for float32": [() => Float64Array.of(1, 2, 3, 1e39), "NOT_FINITE"],
  "too large for float32, in an array": [() => [1, -1e300, 3, 4], "NOT_FINITE"],
  "too short": [() => [1, 2, 3], "DIM_MISMATCH"],
  "not a multiple": [() => new Float32Array(D + 1), "DIM_MISMATCH"],
  "second row too short": [
    () => [
      [1, 2, 3, 4],
      [1, 2, 3],
    ],
    "DIM_MISMATCH",
  ],
  holey: [holey, "NOT_FINITE", "BAD_INPUT"],
  "array with a hole for a row": [() => Object.assign([], { 0: [1, 2, 3, 4], 2: [1, 2, 3, 4] }), "BAD_INPUT"],
  strings: [() => ["1", "2", "3", "4"], "BAD_INPUT", "NOT_FINITE"],
  "one string": [() => "1234", "BAD_INPUT"],
  number: [() => 7, "BAD_INPUT"],
  bigints: [() => [1n, 2n, 3n, 4n], "BAD_INPUT", "NOT_FINITE"],
  BigInt64Array: [() => new BigInt64Array(D), "BAD_INPUT"],
  null: [() => null, "BAD_INPUT"],
  undefined: [() => undefined, "BAD_INPUT"],
  "an object": [() => ({}), "BAD_INPUT"],
  "a symbol": [() => Symbol("v"), "BAD_INPUT"],
  "a function": [() => () => [1, 2, 3, 4], "BAD_INPUT"],
  "a DataView": [() => new DataView(new ArrayBuffer(16)), "BAD_INPUT"],
  "an ArrayBuffer": [() => new ArrayBuffer(16), "BAD_INPUT"],
  "a Map": [() => new Map([[0, [1, 2, 3, 4]]]), "BAD_INPUT"],
  "nulls in a row": [() => [1, null, 3, 4], "BAD_INPUT", "NOT_FINITE"],
  "rows of objects": [() => [{}, {}], "BAD_INPUT", "DIM_MISMATCH"],
  "nested too deep": [() => [[[1, 2, 3, 4]]], "BAD_INPUT", "DIM_MISMATCH", "NOT_FINITE"],
  detached: [detached, "DETACHED_BUFFER"],
  // Optimized code of some engines still sees the old length, and then no components.
  "a row detached": [() => [[1, 2, 3, 4], detached()], "DETACHED_BUFFER", "DIM_MISMATCH", "NOT_FINITE"],
  "a shrunk buffer": [shrunk, "DETACHED_BUFFER"],
  "matrix of other columns": [() => matrix(new Float32Array(15), 5, 3), "DIM_MISMATCH"],
  "matrix larger than its data": [
    () => ({ data: new Float32Array(8), rows: 3, cols: 4, stride: 4 }),
    "BAD_INPUT",
  ],
  "matrix of negative rows": [
    () => ({ data: new Float32Array(8), rows: -1, cols: 4, stride: 4 }),
    "BAD_INPUT",
  ],
  "matrix of NaN rows": [
    () => ({ data: new Float32Array(8), rows: Number.NaN, cols: 4, stride: 4 }),
    "BAD_INPUT",
  ],
  "matrix with stride below its columns": [
    () => ({ data: new Float32Array(8), rows: 2, cols: 4, stride: 2 }),
    "BAD_INPUT",
  ],
  "matrix without data": [() => ({ data: null, rows: 2, cols: 4, stride: 4 }), "BAD_INPUT"],
};

/** Options that no search can take. */
const BAD_SEARCHES: Readonly<Record<string, [options: Anything, ...codes: string[]]>> = {
  "k 0": [{ k: 0 }, "BAD_K"],
  "k −1": [{ k: -1 }, "BAD_K"],
  "k 1.5": [{ k: 1.5 }, "BAD_K"],
  "k NaN": [{ k: Number.NaN }, "BAD_K"],
  "k Infinity": [{ k: Infinity }, "BAD_K"],
  "k 2³¹": [{ k: 2 ** 31 }, "BAD_K"],
  "k '5'": [{ k: "5" }, "BAD_K"],
  "k null": [{ k: null }, "BAD_K"],
  "k 5n": [{ k: 5n }, "BAD_K"],
  "unknown option": [{ K: 5 }, "OPTION_UNKNOWN"],
  "option of another index": [{ nprobe: 5 }, "OPTION_UNKNOWN"],
  "maxDistance NaN": [{ maxDistance: Number.NaN }, "OPTION_RANGE"],
  "maxDistance '1'": [{ maxDistance: "1" }, "OPTION_RANGE"],
  "exact 'yes'": [{ exact: "yes" }, "OPTION_RANGE"],
  "filter 7": [{ filter: 7 }, "BAD_INPUT"],
  "filter null": [{ filter: null }, "BAD_INPUT"],
  "filter string": [{ filter: "a" }, "BAD_INPUT"],
  "filter array": [{ filter: [1, 2] }, "BAD_INPUT"],
  "filter Map": [{ filter: new Map() }, "BAD_INPUT"],
  "filter Float32Array": [{ filter: new Float32Array(1) }, "BAD_INPUT"],
  "filter with unknown operator": [{ filter: { a: { $near: 1 } } }, "BAD_INPUT", "OPTION_UNKNOWN"],
  "filter on __proto__": [{ filter: JSON.parse('{"__proto__": 1}') }, "BAD_INPUT"],
  "filter that answers promises": [{ filter: async () => true }, "BAD_INPUT"],
  "filter mask by hand": [{ filter: { bits: new Uint8Array(1), matches: 1, version: 0 } }, "BAD_INPUT"],
  "options null": [null, "BAD_INPUT"],
  "options 5": [5, "BAD_INPUT"],
};

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
      ["configure an unknown name", ["OPTION_UNKNOWN"], (i) => i.configure({ nprobe: 1 })],
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

  test("huge k, candidate lists and rerank are capped, not refused", () => {
    const { index } = setUp();
    const options: SearchOptions[] = [{ k: 2 ** 31 - 1 }];
    if (c.graph) options.push({ efSearch: 2 ** 31 - 1 }, { k: 20, efSearch: 1 });
    if (index.searchParams.includes("rerank")) options.push({ rerank: 2 ** 31 - 1, efSearch: 3 });
    for (const o of options) {
      expect(index.search(fine, o).keys().length).toBe(Math.min(o.k ?? 10, 59));
    }
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

describe("making an index", () => {
  test("what the SUPPORT table leaves out is refused with UNSUPPORTED", async () => {
    for (const kind of [...ONE_EACH]) {
      for (const dtype of DTYPES) {
        for (const metric of METRICS) {
          if (supported(kind, dtype, metric)) continue;
          const error = await failureOf(() => create(kind.spec, { dimension: 8, metric, dtype }));
          expect(error.code, `${kind.spec} ${metric} ${dtype}`).toBe("UNSUPPORTED");
        }
      }
    }
    expect(Object.keys(SUPPORT)).toEqual(["Flat", "HNSW"]);
  });

  test("bad specifications and options are refused by every way of making one", async () => {
    const attempts: [string[], () => unknown][] = [
      [["SPEC_SYNTAX"], () => create("", { dimension: D })],
      [["SPEC_SYNTAX"], () => create("Tree", { dimension: D })],
      [["SPEC_SYNTAX", "OPTION_RANGE"], () => create("HNSW1", { dimension: D })],
      [["SPEC_SYNTAX", "OPTION_RANGE"], () => create("HNSW101", { dimension: D })],
      [["SPEC_SYNTAX", "UNSUPPORTED"], () => create("Flat,SQ8", { dimension: D })],
      [["SPEC_SYNTAX"], () => create("HNSW16,Refine", { dimension: D })],
      [["BAD_INPUT"], () => create(5 as Anything, { dimension: D })],
      [["BAD_INPUT"], () => create(undefined as Anything, { dimension: D })],
      [["UNSUPPORTED"], () => create("Auto", { dimension: D })],
      [["METRIC_UNKNOWN"], () => create("Flat", { dimension: D, metric: "L3" as Anything })],
      [["OPTION_RANGE"], () => create("Flat", { dimension: D, dtype: "f64" as Anything })],
      [["OPTION_UNKNOWN"], () => create("Flat", { dimension: D, dims: 5 } as Anything)],
      [["BAD_INPUT"], () => create("Flat", null as Anything)],
      [["BAD_INPUT", "OPTION_RANGE"], () => create("Flat", undefined as Anything)],
      [["OPTION_UNKNOWN"], () => new HnswIndex({ dimension: D, ef: 5 } as Anything)],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, M: 1 })],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, M: 16, efConstruction: 15 })],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, efSearch: 0 })],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, codes: "sq9" as Anything })],
      [["OPTION_RANGE"], () => new FlatIndex({ dimension: D, seed: -1 })],
      [["OPTION_RANGE"], () => new FlatIndex({ dimension: D, seed: 0.5 })],
      [["OPTION_RANGE"], () => new FlatIndex({} as Anything)],
      [["NOT_FINITE"], () => build([[1, Number.NaN]])],
      [["DIM_MISMATCH"], () => build([[1, 2], [1]])],
      [["BAD_INPUT"], () => build(new Float32Array(8))],
      [["BAD_INPUT"], () => build([])],
      [["BAD_INPUT"], () => build(null as Anything)],
      [["OPTION_UNKNOWN"], () => build([[1, 2]], { recall: 0.9 } as Anything)],
      [["OPTION_RANGE"], () => build([[1, 2]], { targetRecall: 0 })],
      [["OPTION_RANGE"], () => build([[1, 2]], { targetRecall: 1.01 })],
      [["OPTION_RANGE"], () => build([[1, 2]], { targetRecall: Number.NaN })],
      [["BAD_K", "OPTION_RANGE"], () => build([[1, 2]], { k: 0 })],
      [["SPEC_SYNTAX"], () => build([[1, 2]], { spec: "Tree" })],
      [["METRIC_UNKNOWN"], () => build([[1, 2]], { metric: "x" as Anything })],
      [
        ["ZERO_VECTOR"],
        () =>
          build(
            [
              [1, 2],
              [0, 0],
            ],
            { metric: "cosine" },
          ),
      ],
      [
        ["DUPLICATE_KEY"],
        () =>
          build(
            [
              [1, 2],
              [3, 4],
            ],
            { keys: ["a", "a"] },
          ),
      ],
      [["OPTION_UNKNOWN"], () => open(new Uint8Array(0), { limit: 5 } as Anything)],
      [["BAD_INPUT"], () => open(undefined as Anything)],
      [["BAD_INPUT"], () => open(7 as Anything)],
      [["FORMAT_UNKNOWN"], () => open(new Uint8Array(0))],
      [["FILE"], () => open("/nonexistent-folder/x.vic")],
      [["DETACHED_BUFFER"], () => open(detached().buffer as ArrayBuffer)],
    ];
    for (const dimension of [0, -1, 1.5, Number.NaN, 65_536, "4", null, undefined]) {
      attempts.push([["OPTION_RANGE"], () => create("Flat", { dimension } as Anything)]);
      attempts.push([["OPTION_RANGE"], () => create("HNSW8", { dimension } as Anything)]);
    }
    for (const [codes, attempt] of attempts) {
      const error = await failureOf(attempt);
      expect(codes, `${attempt}: ${error.code} ${error.message}`).toContain(error.code);
    }
  });
});
