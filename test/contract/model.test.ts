import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Index, type Key, open } from "../../src/indexes/index.ts";
import {
  bruteForce,
  CASES,
  type Case,
  make,
  makeRows,
  nearby,
  type Row,
  tolerance,
  trueDistance,
} from "./support.ts";

const DIMENSION = 8;
/** Rows that sequences draw from; some are equal, so that ties and duplicates occur. */
const STOCK = 160;
const RUNS = Number(process.env.VICINAL_MODEL_RUNS ?? 20);

type Step =
  | { do: "add" | "addAsync" | "upsert"; from: number; count: number; named: boolean }
  | { do: "remove"; picks: number[] }
  | { do: "search"; query: number; k: number; way: "graph" | "exact" | "filter" }
  | { do: "compact" | "save" | "reserve" | "repair" };

const stock = fc.nat(STOCK - 1);
const adding = fc.record({
  do: fc.constantFrom("add" as const, "addAsync" as const, "upsert" as const),
  from: stock,
  count: fc.oneof(fc.nat(12), fc.nat(12), fc.integer({ min: 30, max: 90 })),
  named: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  adding,
  adding,
  fc.record({ do: fc.constant("remove" as const), picks: fc.array(fc.nat(1000), { maxLength: 60 }) }),
  fc.record({
    do: fc.constant("search" as const),
    query: stock,
    k: fc.integer({ min: 1, max: 12 }),
    way: fc.constantFrom("graph" as const, "exact" as const, "filter" as const),
  }),
  fc.record({
    do: fc.constantFrom("compact" as const, "save" as const, "reserve" as const, "repair" as const),
  }),
);

/** The index next to what it should hold, changed in step. */
class Pair {
  index: Index;
  readonly live = new Map<Key, Row>();
  readonly removed = new Set<Key>();
  readonly case: Case;
  readonly rows: readonly Row[];
  #named = 0;
  #automatic = 0;

  constructor(c: Case, rows: readonly Row[]) {
    this.case = c;
    this.rows = rows;
    this.index = make(c, DIMENSION, { efConstruction: 16 });
  }

  async run(s: Step): Promise<void> {
    if (s.do === "add" || s.do === "addAsync" || s.do === "upsert") await this.#add(s);
    else if (s.do === "remove") this.#remove(s.picks);
    else if (s.do === "search") this.#search(s);
    else if (s.do === "compact") this.index.compact();
    else if (s.do === "reserve") this.index.reserve(this.index.size + 50);
    else if (s.do === "repair") expect(this.index.repair()).toBe(0);
    else {
      const bytes = this.index.toBytes();
      this.index.close();
      this.index = await open(bytes);
      expect(Buffer.compare(this.index.toBytes(), bytes), "saved again, the same bytes").toBe(0);
    }
    this.#check();
  }

  async #add(s: Step & { count: number; from: number; named: boolean }): Promise<void> {
    const rows = Array.from({ length: s.count }, (_, i) => this.rows[(s.from + i) % STOCK]!);
    if (s.do === "upsert") {
      const known = [...this.live.keys()];
      const keys = [...new Set(rows.map((_, i) => known[(s.from + 5 * i) % known.length] ?? `u${i}`))];
      const some = rows.slice(0, keys.length);
      this.index.upsert(some, { keys });
      some.forEach((row, i) => {
        this.live.set(keys[i]!, row);
        this.removed.delete(keys[i]!);
      });
      return;
    }
    const keys: Key[] = rows.map(() => (s.named ? `k${this.#named++}` : this.#automatic++));
    const options = s.named ? { keys } : {};
    if (s.do === "add") this.index.add(rows, options);
    else await this.index.addAsync(rows, options);
    rows.forEach((row, i) => {
      this.live.set(keys[i]!, row);
    });
  }

  #remove(picks: number[]): void {
    const known = [...this.live.keys()];
    const keys = new Set(
      picks.map((n) => known[n % Math.max(1, known.length)]).filter((key) => key !== undefined),
    );
    expect(this.index.remove([...keys, "never there"])).toBe(keys.size);
    for (const key of keys) {
      this.live.delete(key);
      this.removed.add(key);
    }
  }

  #search(s: Step & { query: number; k: number; way: string }): void {
    const { metric } = this.case;
    const query = this.rows[s.query]!;
    const allowed = (key: Key): boolean => s.way !== "filter" || String(key).length % 2 === 1;
    const entries = [...this.live].filter(([key]) => allowed(key));
    const found = this.index.search(query, {
      k: s.k,
      exact: s.way === "exact",
      ...(s.way === "filter" ? { filter: allowed } : {}),
      ...nearby(this.case, 2),
    });
    const items = found.items();
    expect(items.length).toBe(Math.min(s.k, entries.length));
    expect(new Set(items.map(({ key }) => key)).size, "no row twice").toBe(items.length);
    const truth = bruteForce(
      metric,
      entries.map(([, row]) => row),
      query,
      s.k,
    );
    items.forEach(({ key, distance }, i) => {
      expect(allowed(key), "allowed by the filter").toBe(true);
      const row = this.live.get(key)!;
      expect(row, "a live key").toBeDefined();
      const margin = 2 * tolerance(metric, query, row);
      expect(Math.abs(distance - trueDistance(metric, query, row))).toBeLessThanOrEqual(margin);
      if (s.way === "exact" || this.index.exact) {
        expect(Math.abs(distance - truth[i]!.distance)).toBeLessThanOrEqual(margin);
      }
    });
  }

  #check(): void {
    const { index, live } = this;
    expect(index.size).toBe(live.size);
    for (const key of live.keys()) expect(index.has(key)).toBe(true);
    for (const key of this.removed) if (!live.has(key)) expect(index.has(key)).toBe(false);
    expect(new Set(index.keys())).toEqual(new Set(live.keys()));
    const health = index.health();
    expect(health).toEqual({ ...health, size: live.size, unreachable: 0, ok: true });
    const all = index.search(this.rows[0]!, { k: 1000, exact: true }).keys();
    expect(new Set(all)).toEqual(new Set(live.keys()));
  }
}

/** Two links a row leave the spanning tree no choice but a path. */
const NARROW: Case = {
  ...CASES.find((c) => c.spec === "HNSW8" && c.metric === "l2")!,
  spec: "HNSW2",
  name: "HNSW2 l2 f32",
};

describe("any sequence of changes leaves the index as a map and brute force say", () => {
  test.each([...CASES, NARROW])("$name", async (c) => {
    // Ten rows in sixteen are drawn from a few: duplicates and near-duplicates.
    const drawn = makeRows(STOCK, DIMENSION, c.dtype, { intrinsic: 3, seed: 5 });
    const rows = drawn.map((row, i) => (i % 4 === 0 ? drawn[i % 16]! : row));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const pair = new Pair(c, rows);
        try {
          for (const s of steps) await pair.run(s);
        } finally {
          pair.index.close();
        }
      }),
      { numRuns: RUNS, seed: 20261121, endOnFailure: false },
    );
  });
});
