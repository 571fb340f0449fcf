import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import {
  type AnnoyMetric,
  FlatIndex,
  open,
  type ReadAnnoyOptions,
  RPForestIndex,
  type RPForestOptions,
  readAnnoy,
  saveAnnoy,
  writeAnnoy,
} from "../../src/indexes/index.ts";
import { failureOf, makeRows } from "../contract/support.ts";

// Files made by Annoy's own code (test/golden/make-annoy.cc), and what it answered.

interface Golden {
  readonly trees: number;
  readonly step: number;
  /** For each query item numbers and distances, nearest first, as Annoy says them. */
  readonly answers: [number, number][][];
}

const folder = new URL("../golden/", import.meta.url);
const read = async (name: string): Promise<Record<string, Golden>> =>
  JSON.parse(await readFile(new URL(name, folder), "utf8"));
const { version: _, ...current } = await read("annoy.json");
const { version: __, ...older } = await read("annoy-older.json");
const GOLDEN = { ...current, ...older };
const ITEMS = 70;

/** The formula of make-annoy.cc. */
function component(i: number, j: number): number {
  let h = (Math.imul(i, 2654435761) + Math.imul(j, 2246822519) + 374761393) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 2246822519) >>> 0;
  h = (h ^ (h >>> 13)) >>> 0;
  return ((h % 1025) - 512) / 512;
}

const metricOf = (name: string): AnnoyMetric => name.split("-")[0] as AnnoyMetric;
const dimensionOf = (name: string): number =>
  name === "hamming" ? 64 : name === "manhattan-leaves" ? 68 : 6;

function vectorOf(name: string, i: number): Float32Array | Uint8Array {
  const x = Float32Array.from({ length: dimensionOf(name) }, (_, j) => component(i, j));
  if (name !== "hamming") return x;
  const bits = new Uint8Array(8);
  x.forEach((value, j) => {
    if (value > 0) bits[j >> 3]! |= 1 << (j & 7);
  });
  return bits;
}

/** A distance of ours as Annoy says it. */
function theirs(metric: AnnoyMetric, distance: number): number {
  return metric === "angular" ? Math.sqrt(2 * distance) : metric === "dot" ? -distance : distance;
}

const bytesOf = (name: string): Promise<Uint8Array> => readFile(new URL(`annoy-${name}.ann`, folder));
const optionsOf = (name: string): ReadAnnoyOptions => ({
  dimension: dimensionOf(name),
  metric: metricOf(name),
});

describe.each(Object.keys(GOLDEN))("Annoy's file of %s", (name) => {
  const want = GOLDEN[name]!;
  const metric = metricOf(name);

  test("holds the vectors that were put in, under their numbers", async () => {
    const index = await readAnnoy(await bytesOf(name), optionsOf(name));
    const numbers = Array.from({ length: ITEMS }, (_, i) => i).filter((i) => i % want.step === 0);
    expect([...index.keys()]).toEqual(numbers);
    expect(index.stats().details.trees).toBe(want.trees);
    for (const i of numbers) {
      const x = vectorOf(name, i);
      const norm = metric === "angular" ? Math.hypot(...x) : 1;
      index.get(i).forEach((value, j) => {
        expect(value).toBeCloseTo(x[j]! / norm, 6);
      });
    }
  });

  test("gives Annoy's answers by scanning, and most of them through its trees", async () => {
    const index = await readAnnoy(await bytesOf(name), optionsOf(name));
    let hits = 0;
    want.answers.forEach((answer, q) => {
      const query = vectorOf(name, 1000 + q);
      const exact = index.search(query, { k: 5, exact: true }).items();
      answer.forEach(([, distance], i) => {
        const error = Math.abs(theirs(metric, exact[i]!.distance) - distance);
        expect(error).toBeLessThan(2e-6 * Math.max(1, Math.abs(distance)));
      });
      // Hamming distances tie.
      const limit = exact[4]!.distance;
      if (metric !== "hamming") expect(exact.map(({ key }) => key)).toEqual(answer.map(([item]) => item));
      const found = index.search(query, { k: 5, searchK: 100 / want.step }).items();
      hits += found.filter(({ distance }) => distance <= limit).length;
    });
    expect(hits).toBeGreaterThanOrEqual(16);
  });

  test("written again and read again is the same index, and goes on as any other", async () => {
    const index = await readAnnoy(await bytesOf(name), optionsOf(name));
    const form = name === "dot-older" ? ({ dotLayout: "older" } as const) : {};
    const again = await readAnnoy(writeAnnoy(index, form), { ...optionsOf(name), ...form });
    // A unit vector made unit length once more may differ in a last bit.
    if (metric !== "angular") expect(Buffer.compare(again.toBytes(), index.toBytes())).toBe(0);
    else expect(again.stats().details).toEqual(index.stats().details);
    const opened = await open(index.toBytes());
    const query = vectorOf(name, 1000);
    expect(opened.search(query, { searchK: 20 }).items()).toEqual(
      index.search(query, { searchK: 20 }).items(),
    );
    index.add(Array.from({ length: 400 }, (_, i) => vectorOf(name, 100 + i)) as Float32Array[]);
    expect(index.search(vectorOf(name, 300), { k: 1 }).keys()).toEqual([want.step === 1 ? 270 : 235]);
  });
});

const METRICS: Readonly<Record<AnnoyMetric, Pick<RPForestOptions, "metric" | "dtype">>> = {
  angular: { metric: "cosine" },
  euclidean: { metric: "l2" },
  manhattan: { metric: "l1" },
  dot: { metric: "ip" },
  hamming: { metric: "hamming", dtype: "bits" },
};

describe.each(Object.keys(METRICS) as AnnoyMetric[])("an index written for Annoy as %s", (metric) => {
  const dtype = metric === "hamming" ? "bits" : "f32";
  const dimension = metric === "hamming" ? 72 : 7;

  test("comes back with its rows in trees of Annoy's leaves, however many rows and whatever was removed", async () => {
    for (const [n, removed] of [
      [1, 0],
      [2, 0],
      [9, 0],
      [10, 3],
      [40, 0],
      [300, 20],
      [900, 700],
    ] as const) {
      const rows = makeRows(n, dimension, dtype, { seed: n });
      const index = new RPForestIndex<number>({ dimension, ...METRICS[metric], trees: 3, leafSize: 20 });
      index.add(rows);
      index.remove(rows.map((_, i) => i).filter((i) => i % 3 === 1 && i < 3 * removed));
      const again = await readAnnoy(writeAnnoy(index), { dimension, metric });
      expect([...again.keys()].sort((a, b) => a - b)).toEqual([...index.keys()].sort((a, b) => a - b));
      for (const key of index.keys()) {
        again.get(key).forEach((value, j) => {
          expect(value).toBeCloseTo(index.get(key)[j]!, 6);
        });
      }
      expect(again.stats().details.trees).toBe(3);
      const ordered = await readAnnoy(writeAnnoy(index, { ids: "order" }), { dimension, metric });
      expect([...ordered.keys()]).toEqual(Array.from({ length: index.size }, (_, i) => i));
    }
  });

  test("finds through the trees that were read what it finds through its own", async () => {
    const rows = makeRows(2000, dimension, dtype, { seed: 3 });
    const queries = makeRows(50, dimension, dtype, { seed: 4 });
    const options = { dimension, ...METRICS[metric], trees: 10 };
    const index = new RPForestIndex<number>(options);
    index.add(rows);
    const again = await readAnnoy(writeAnnoy(index), { dimension, metric });
    const flat = new FlatIndex<number>({ dimension, ...METRICS[metric] });
    flat.add(rows);
    const recall = (held: RPForestIndex<number>): number => {
      let hits = 0;
      for (const query of queries) {
        const limit = flat.search(query, { k: 10 }).row(0).distances[9]!;
        const found = held.search(query, { k: 10, searchK: 800 }).items();
        hits += found.filter(({ distance }) => distance <= limit + 1e-6 * Math.abs(limit)).length;
      }
      return hits / 500;
    };
    expect(recall(index)).toBeGreaterThan(0.8);
    // Leaves are smaller there: the same number of candidates is spread over more of them.
    expect(recall(again)).toBeGreaterThan(recall(index) - 0.08);
  });
});

test("a saved file is what writeAnnoy() gives, and is read from its path", async () => {
  const index = new RPForestIndex<number>({ dimension: 5, trees: 2 });
  index.add(makeRows(100, 5, "f32"));
  const place = await mkdtemp(join(tmpdir(), "vicinal-annoy-"));
  try {
    const path = join(place, "x.ann");
    await saveAnnoy(index, path);
    expect(Buffer.compare(await readFile(path), writeAnnoy(index))).toBe(0);
    expect((await readAnnoy(path, { dimension: 5, metric: "euclidean" })).size).toBe(100);
  } finally {
    await rm(place, { recursive: true });
  }
});

test("what cannot be an item number is refused, with the way out", async () => {
  const index = new RPForestIndex({ dimension: 4, trees: 2 });
  expect((await failureOf(() => writeAnnoy(index))).code).toBe("EMPTY_INDEX");
  index.add(makeRows(3, 4, "f32"), { keys: ["a", 1, 2] });
  const error = await failureOf(() => writeAnnoy(index));
  expect([error.code, error.message.includes('ids: "order"')]).toEqual(["UNSUPPORTED", true]);
  expect(
    (await readAnnoy(writeAnnoy(index, { ids: "order" }), { dimension: 4, metric: "euclidean" })).size,
  ).toBe(3);
});

describe("damage", () => {
  const REFUSED = ["FORMAT", "NOT_FINITE", "ZERO_VECTOR"];

  test("the wrong metric or dimension is told by the size", async () => {
    const bytes = await bytesOf("euclidean");
    const wrong: ReadAnnoyOptions[] = [
      { dimension: 7, metric: "euclidean" },
      { dimension: 6, metric: "angular" },
      { dimension: 100, metric: "hamming" },
      { dimension: 65_535, metric: "dot" },
    ];
    for (const options of wrong) {
      expect((await failureOf(() => readAnnoy(bytes, options))).code, JSON.stringify(options)).toBe("FORMAT");
    }
    for (const length of [0, 1, 39, bytes.length - 1]) {
      const cut = bytes.subarray(0, length);
      expect((await failureOf(() => readAnnoy(cut, optionsOf("euclidean")))).code).toBe("FORMAT");
    }
  });

  test("lies about nodes are found: cycles, children beyond the file, items twice or never", async () => {
    const good = await bytesOf("euclidean");
    const s = 40;
    const total = good.length / s;
    const root = total - 1;
    const lies: ((v: DataView) => void)[] = [
      (v) => v.setInt32(root * s + 8, root, true),
      (v) => v.setInt32(root * s + 8, total, true),
      (v) => v.setInt32(root * s + 8, -1, true),
      (v) => v.setInt32(root * s + 8, -(2 ** 31), true),
      (v) => v.setInt32(root * s + 12, v.getInt32(root * s + 8, true), true),
      (v) => v.setInt32(root * s + 8, 3, true),
      (v) => v.setInt32(root * s, 2 ** 31 - 1, true),
      (v) => v.setInt32(root * s, 0, true),
      (v) => v.setInt32(root * s, -3, true),
      (v) => v.setInt32(5 * s, 0, true),
      (v) => v.setInt32(5 * s, 2, true),
      (v) => v.setInt32(ITEMS * s, -1, true),
      (v) => v.setFloat32(root * s + 16, Number.NaN, true),
      (v) => v.setFloat32(root * s + 4, Infinity, true),
      (v) => v.setFloat32(7 * s + 20, Number.NaN, true),
    ];
    for (const lie of lies) {
      const bytes = new Uint8Array(good);
      lie(new DataView(bytes.buffer));
      const { code } = await failureOf(() => readAnnoy(bytes, optionsOf("euclidean")), String(lie));
      expect(REFUSED, String(lie)).toContain(code);
    }
  });

  test("whatever bytes change, a file is refused with a typed error or its index stays in bounds", async () => {
    const goods = await Promise.all(
      Object.keys(GOLDEN).map(async (name) => [name, await bytesOf(name)] as const),
    );
    const change = fc.record({
      file: fc.nat(goods.length - 1),
      at: fc.array(fc.record({ place: fc.nat(), value: fc.nat(255) }), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ file, at }) => {
        const [name, good] = goods[file]!;
        const bytes = new Uint8Array(good);
        for (const { place, value } of at) bytes[place % bytes.length] = value;
        let index: RPForestIndex<number>;
        try {
          index = await readAnnoy(bytes, optionsOf(name));
        } catch (error) {
          expect(REFUSED).toContain((error as { code?: string }).code);
          return;
        }
        const query = vectorOf(name, 1001);
        expect(index.search(query, { k: 4, searchK: 10 }).keys().length).toBe(4);
        writeAnnoy(index);
        index.close();
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test("garbage in fields that nothing reads changes nothing", async () => {
    const bytes = new Uint8Array(await bytesOf("euclidean"));
    const view = new DataView(bytes.buffer);
    const want = (await readAnnoy(bytes, optionsOf("euclidean"))).toBytes();
    const rng = createRng(1, "garbage");
    for (let item = 0; item < ITEMS; item++) {
      for (const at of [4, 8, 12]) view.setUint32(item * 40 + at, rng.u32(), true);
    }
    for (let node = ITEMS; node < bytes.length / 40; node++) {
      const count = view.getInt32(node * 40, true);
      if (count > 8) continue;
      view.setUint32(node * 40 + 4, rng.u32(), true);
      for (let i = count; i < 8; i++) view.setUint32(node * 40 + 8 + 4 * i, rng.u32(), true);
    }
    expect(Buffer.compare((await readAnnoy(bytes, optionsOf("euclidean"))).toBytes(), want)).toBe(0);
  });
});
