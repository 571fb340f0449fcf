import { describe, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import { type Index, open } from "../../src/indexes/index.ts";
import {
  encodeSnapshot,
  type Facts,
  type Json,
  loadSnapshot,
  openSnapshot,
} from "../../src/persist/index.ts";
import { failureOf, make, makeRows, ONE_EACH, ONE_METRIC } from "../contract/support.ts";

const DAMAGE = ["CORRUPT", "FORMAT", "FORMAT_UNKNOWN", "FORMAT_VERSION"];
const D = 8;
/** Every kind has several files here; set VICINAL_FULL for the long run. */
const LONG = process.env["VICINAL_FULL"] !== undefined;
const FLIPS = LONG ? 2000 : 400;
const LIES = LONG ? 1500 : 300;

function sample(c: (typeof ONE_METRIC)[number], n = 40): Index {
  const index = make(c, D, { efConstruction: 16 });
  const rows = makeRows(n, D, c.dtype);
  index.add(rows, { keys: rows.map((_, i) => `k${i}`), metadata: rows.map((_, i) => ({ i })) });
  index.remove(["k3", "k9"]);
  return index;
}

describe.each(ONE_METRIC)("a file of $name", (c) => {
  test(`is refused with a typed error after any of ${FLIPS} bit flips`, async () => {
    const good = sample(c).toBytes();
    const rng = createRng(51, c.name);
    for (let i = 0; i < FLIPS; i++) {
      const bytes = good.slice();
      const at = rng.below(bytes.length);
      bytes[at]! ^= 1 << rng.below(8);
      expect(DAMAGE, `byte ${at}`).toContain((await failureOf(() => open(bytes))).code);
    }
  });

  test("is refused at every truncation and with anything behind it", async () => {
    const good = sample(c, 12).toBytes();
    for (let length = 0; length < good.length; length++) {
      expect(DAMAGE, `${length} bytes`).toContain((await failureOf(() => open(good.slice(0, length)))).code);
    }
    for (const extra of [1, 64]) {
      const longer = new Uint8Array(good.length + extra);
      longer.set(good);
      expect(DAMAGE).toContain((await failureOf(() => open(longer))).code);
    }
  });
});

/** The parts of a file, to be changed and put together with right checksums. */
async function partsOf(index: Index): Promise<Parts> {
  const bytes = index.toBytes();
  const reader = await openSnapshot(bytes);
  const order = reader.header.sections.map(({ name, dtype }) => ({ name, dtype }));
  await reader.close();
  const { kind, facts, sections } = await loadSnapshot(bytes);
  const data = new Map([...sections].map(([name, part]) => [name, part.slice()]));
  return {
    facts: structuredClone(facts) as Record<string, Json>,
    u8: (name) => data.get(name)!,
    u32: (name) => new Uint32Array(data.get(name)!.buffer),
    f32: (name) => new Float32Array(data.get(name)!.buffer),
    drop: (name) => void data.delete(name),
    bytes(this: Parts): Uint8Array {
      const kept = order.filter(({ name }) => data.has(name));
      const list = kept.map(({ name, dtype }) => ({ name, dtype, data: data.get(name)! }));
      return encodeSnapshot({ kind, facts: this.facts as Facts, sections: list });
    },
  };
}

interface Parts {
  facts: Record<string, Json>;
  u8(name: string): Uint8Array;
  u32(name: string): Uint32Array;
  f32(name: string): Float32Array;
  drop(name: string): void;
  bytes(): Uint8Array;
}

/** Words of the list of one of 40 rows. */
const wordsOf = (links: Uint32Array): number => links.length / 40;
const treeOf = (links: Uint32Array, row: number): number => links[row * wordsOf(links)]! >>> 16;
const countOf = (links: Uint32Array, row: number): number => links[row * wordsOf(links)]! & 0xffff;

/** Changes that break a rule that searching, adding or removing relies on. */
const GRAPH_LIES: Readonly<Record<string, (p: Parts) => void>> = {
  "an id beyond the rows": (p) => void (p.u32("links0")[1] = 40),
  "an id of 2³²−1": (p) => void (p.u32("links0")[2] = 0xffffffff),
  "a list longer than its room": (p) => void (p.u32("links0")[0] = 200),
  "more tree links than links": (p) => void (p.u32("links0")[0] = 2 | (5 << 16)),
  "more tree links than a row may have": (p) => {
    const links = p.u32("links0");
    for (let i = 0; i < 12; i++) links[1 + i] = i + 1;
    links[0] = 12 | (12 << 16);
  },
  "a tree link that is not returned": (p) => {
    const links = p.u32("links0");
    let row = 0;
    while (countOf(links, row) <= treeOf(links, row)) row++;
    links[row * wordsOf(links)]! += 1 << 16;
  },
  "a tree link to itself": (p) => {
    const links = p.u32("links0");
    links[1] = 0;
  },
  "a circle of tree links": (p) => {
    const links = p.u32("links0");
    links.fill(0);
    const words = wordsOf(links);
    for (let row = 0; row < 40; row++)
      links.set([2 | (2 << 16), (row + 1) % 40, (row + 39) % 40], row * words);
  },
  "an entry beyond the rows": (p) => void (p.facts.entry = 40),
  "an entry below −1": (p) => void (p.facts.entry = -2),
  "fewer rows inserted than held": (p) => void (p.facts.inserted = 3),
};

/** The same for graphs of several levels. */
const LEVEL_LIES: typeof GRAPH_LIES = {
  "no entry, but a level": (p) => void (p.facts.entry = -1),
  "a top level above the entry's": (p) => void (p.facts.maxLevel = 31),
  "a level of 200": (p) => void (p.u8("levels")[5] = 200),
  "a level without its lists": (p) => void (p.u8("levels")[5]! += 1),
  "lists of upper levels elsewhere": (p) => void (p.u32("upperAt")[7] = 1_000_000),
  "half the links": (p) => void (p.facts.M = 4),
  "other upper words": (p) => void (p.facts.upperWords = (p.facts.upperWords as number) + 1),
  "no section of levels": (p) => p.drop("levels"),
};

/** Codes of rows as graphs have them, in sections of their own; lists keep theirs in blocks. */
const scalarCodes = (c: { codes: boolean; graph: boolean }): boolean => c.codes && c.graph;

const ROW_LIES: Readonly<Record<string, (p: Parts) => void>> = {
  "more rows": (p) => void (p.facts.rows = 41),
  "fewer rows": (p) => void (p.facts.rows = 39),
  "2³²−2 rows": (p) => void (p.facts.rows = 0xffff_fffe),
  "another dimension": (p) => void (p.facts.dimension = 16),
  "a dimension of 65,535": (p) => void (p.facts.dimension = 65_535),
  "a dimension of 0": (p) => void (p.facts.dimension = 0),
  "a metric it does not have": (p) => void (p.facts.metric = "hamming"),
  "another spec": (p) => void (p.facts.spec = "HNSW9"),
  "other removed rows": (p) => void (p.u8("dead")[0] = 0b11),
  "more removed rows than stated": (p) => void (p.u8("dead")[2] = 255),
  "removed rows beyond the last": (p) => void (p.u8("dead")[4]! |= 0x80),
  "a fact from the future": (p) => void (p.facts.novelty = true),
  "parameters that are a list": (p) => void (p.facts.params = [1]),
  "parameters it does not know": (p) => void (p.facts.params = { hashTables: 4 }),
  "a seed of −1": (p) => void (p.facts.seed = -1),
  "no keys": (p) => void (p.facts.keys = null),
  "no metadata": (p) => void (p.facts.metadata = null),
};

describe.each(ONE_EACH)("a file of $spec with checksums put right", (c) => {
  const levels = c.support === "HNSW" ? LEVEL_LIES : {};
  const lies = c.graph ? { ...ROW_LIES, ...GRAPH_LIES, ...levels } : ROW_LIES;

  test.each(Object.keys(lies))("that tells of %s is refused", async (name) => {
    // Sections of some rows end in bits that are no rows'.
    const parts = await partsOf(sample(c, name.includes("beyond the last") ? 39 : 40));
    lies[name]!(parts);
    const error = await failureOf(() => open(parts.bytes()), name);
    expect(error.code, error.message).toBe("FORMAT");
  });

  test("that holds what is no number is refused", async () => {
    for (const value of [Number.NaN, Infinity]) {
      const parts = await partsOf(sample(c));
      parts.f32("vectors")[9] = value;
      expect((await failureOf(() => open(parts.bytes()))).code).toBe("FORMAT");
      if (!scalarCodes(c)) continue;
      const coded = await partsOf(sample(c));
      coded.f32("offsets")[1] = value;
      expect((await failureOf(() => open(coded.bytes()))).code).toBe("FORMAT");
    }
  });

  test.skipIf(!scalarCodes(c))(
    "that is at odds about its codes is refused (no codes, no such lie)",
    async () => {
      const attempts: ((p: Parts) => void)[] = [
        (p) => void (p.facts.step = 0),
        (p) => void (p.facts.step = -1),
        (p) => void (p.facts.step = 1e300),
        (p) => void (p.facts.step = 1e-300),
        (p) => void (p.facts.trainedOn = 0),
        (p) => void (p.facts.codes = "none"),
        (p) => void (p.facts.refine = !(p.facts.refine as boolean)),
        (p) => void (p.facts.hasVectors = false),
        (p) => p.drop("codes"),
        (p) => p.drop("offsets"),
      ];
      if (c.spec.includes("SQ7")) attempts.push((p) => void (p.u8("codes")[3] = 128));
      for (const attempt of attempts) {
        const parts = await partsOf(sample(c));
        attempt(parts);
        expect((await failureOf(() => open(parts.bytes()), String(attempt))).code).toBe("FORMAT");
      }
    },
  );

  test("that asks for far more memory than it has bytes is refused before any is taken", async () => {
    const counts = [2 ** 31, 2 ** 32 - 2, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -1, 0.5, "40", null];
    const names = [
      "rows",
      "removed",
      "dimension",
      "seed",
      "trainedOn",
      ...(c.graph ? ["upperWords", "M", "inserted", "maxLevel"] : []),
    ];
    for (const name of names) {
      for (const count of counts) {
        // Seeds and ordinals may be any whole number.
        if (
          ["seed", "inserted", "trainedOn"].includes(name) &&
          Number.isSafeInteger(count) &&
          Number(count) > 0
        )
          continue;
        const parts = await partsOf(sample(c));
        parts.facts[name] = count;
        const before = process.memoryUsage().rss;
        const error = await failureOf(() => open(parts.bytes()), `${name} ${count}`);
        expect(error.code, `${name} ${count}`).toBe("FORMAT");
        expect(process.memoryUsage().rss - before).toBeLessThan(64e6);
      }
    }
  });
});

const LIST_SECTIONS: readonly string[] = [
  ...["listHeads", "listTails", "listCounts", "listNext", "listOwners", "listBlocks"],
  ...["codeBooks", "coarseRows", "listTurn"],
];

/** Sections that a kind of index adds to those of rows and graphs. */
const OWN_SECTIONS: Readonly<Record<string, readonly string[]>> = { BallTree: ["ballNodes"] };

describe.each(ONE_EACH)("any lie that $spec does not find out", (c) => {
  test(`is harmless: of ${LIES} changed numbers, each is refused or every later call stays in bounds`, async () => {
    const rng = createRng(52, c.spec);
    const good = sample(c, 90);
    const rows = makeRows(400, D, "f32", { seed: 2 });
    let opened = 0;
    for (let i = 0; i < LIES; i++) {
      const parts = await partsOf(good);
      const graph = ["links0", "upperAt", "upper", "levels"];
      const lists = ["Lists", "ScaNN"].includes(c.support) && c.codes ? LIST_SECTIONS : undefined;
      const own = lists ?? OWN_SECTIONS[c.spec] ?? (c.graph ? graph : []);
      const names = ["vectors", "dead", ...own, ...(scalarCodes(c) ? ["codes", "offsets"] : [])];
      const name = names[rng.below(names.length)]!;
      const bytes = parts.u8(name);
      if (bytes === undefined || bytes.length === 0) continue;
      for (let n = 1 + rng.below(3); n > 0; n--) {
        const at = rng.below(bytes.length);
        // Small changes pass more checks than random bytes do.
        bytes[at] = rng.below(2) ? rng.below(64) : bytes[at]! + 1 - 2 * rng.below(2);
      }
      let index: Index;
      try {
        index = await open(parts.bytes());
      } catch (error) {
        expect((error as { code?: string }).code).toBe("FORMAT");
        continue;
      }
      opened++;
      const near = c.graph ? { efSearch: 4 } : {};
      const started = performance.now();
      index.search(rows.slice(0, 5), { k: 4, ...near }).items();
      if (i % 10 === 0) {
        index.add(rows);
        index.remove(["k1", "k20", "k30"]);
        index.compact();
        index.health();
        index.repair();
        expect(index.search(rows[0]!, { k: 500, exact: true }).keys().length).toBe(index.size);
      }
      expect(performance.now() - started, "no hang").toBeLessThan(2000);
      index.close();
    }
    expect(opened).toBeGreaterThan(50);
  });
});
