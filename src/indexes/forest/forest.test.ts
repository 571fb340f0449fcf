import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bruteForce,
  CASES,
  type Case,
  makeRows,
  type Row,
  recallOf,
  trueDistance,
} from "../../../test/contract/support.ts";
import { createRng } from "../../core/index.ts";
import { open } from "../open.ts";
import { RPForestIndex, type RPForestOptions } from "./forest.ts";
import { SPLIT_WORDS } from "./layout.ts";

const FORESTS = CASES.filter(({ support }) => support === "RPForest");

function forest(c: Case, dimension: number, options: Partial<RPForestOptions> = {}): RPForestIndex<number> {
  return new RPForestIndex<number>({ dimension, metric: c.metric, dtype: c.dtype, ...options });
}

/** The trees of an index, as plain lists. */
function treesOf({ trees }: RPForestIndex<number>): {
  roots: number[];
  words: Int32Array;
  leaves: number[][];
} {
  const { space } = trees;
  const begins = [...space.u32("leaves")];
  const items = space.u32("items");
  return {
    roots: [...space.u32("roots")].map((ref) => ref | 0),
    words: new Int32Array(space.u32("splits")),
    leaves: begins.slice(1).map((end, l) => [...items.subarray(begins[l]!, end)]),
  };
}

/** Rows below a reference. */
function rowsBelow(index: RPForestIndex<number>, root: number): number[] {
  const { words, leaves } = treesOf(index);
  const walk = (ref: number): number[] =>
    ref < 0 ? leaves[~ref]! : [...walk(words[ref * SPLIT_WORDS]!), ...walk(words[ref * SPLIT_WORDS + 1]!)];
  return walk(root);
}

/** Candidates by the definition: a list of nodes, searched for the best each time. */
function candidates(index: RPForestIndex<number>, query: Row, searchK: number): Set<number> {
  const { trees, rows } = index;
  const { roots, words, leaves } = treesOf(index);
  const bits = rows.options.dtype === "bits";
  const scales = new Float32Array(words.buffer);
  const planes = new Int8Array(trees.space.u8("planes"));
  const code = bits ? [] : codeOf(index, query as Float32Array);
  const queue = roots.map((node) => ({ node, priority: bits ? 0 : Infinity }));
  const found = new Set<number>();
  for (let met = 0; met < searchK && queue.length > 0; ) {
    const best = queue.reduce((a, b) =>
      b.priority > a.priority || (b.priority === a.priority && b.node >>> 0 > a.node >>> 0) ? b : a,
    );
    queue.splice(queue.indexOf(best), 1);
    const { node, priority } = best;
    if (node < 0) {
      met += leaves[~node]!.length;
      for (const row of leaves[~node]!) found.add(row);
      continue;
    }
    const [first, second, threshold] = words.subarray(node * SPLIT_WORDS, node * SPLIT_WORDS + 3);
    if (bits) {
      const side = threshold! < 0 ? 0 : (query[threshold! >> 3]! >> (threshold! & 7)) & 1;
      const far = priority - (threshold! < 0 ? 0 : 1);
      queue.push(
        { node: side ? second! : first!, priority },
        { node: side ? first! : second!, priority: far },
      );
      continue;
    }
    let dot = threshold!;
    code.forEach((x, j) => {
      dot += x * planes[node * trees.planeBytes + j]!;
    });
    const margin = Math.fround(scales[node * SPLIT_WORDS + 3]! * dot);
    queue.push({ node: second!, priority: Math.min(priority, margin) });
    queue.push({ node: first!, priority: Math.min(priority, -margin) });
  }
  return found;
}

/** The query in the codes of the rows. */
function codeOf({ rows, metric }: RPForestIndex<number>, query: Float32Array): number[] {
  const { step, offsets } = rows.quantizer!;
  const norm = metric === "cosine" ? Math.hypot(...query) : 1;
  const inverse = Math.fround(1 / step);
  return [...offsets].map((offset, j) => {
    const x = Math.fround((query[j] ?? 0) / norm);
    const steps = Math.fround(Math.fround(x - offset) * inverse);
    const whole = Math.round(steps);
    // Halves go to the even number.
    const even = Math.abs(steps - Math.trunc(steps)) === 0.5 ? 2 * Math.round(steps / 2) : whole;
    return Math.max(0, Math.min(127, even));
  });
}

describe.each(FORESTS)("$name", (c) => {
  const dimension = 20;

  test("each tree holds each row once, in leaves no larger than asked", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 700 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(1000),
        (n, leafSize, seed) => {
          const index = forest(c, dimension, { trees: 3, leafSize, seed });
          index.add(makeRows(n, dimension, c.dtype, { seed }));
          const { roots, leaves } = treesOf(index);
          for (const root of roots) {
            expect(rowsBelow(index, root).sort((a, b) => a - b)).toEqual(
              Array.from({ length: n }, (_, i) => i),
            );
          }
          for (const leaf of leaves) {
            expect(leaf.length).toBeGreaterThan(0);
            expect(leaf.length).toBeLessThanOrEqual(leafSize);
          }
          index.close();
        },
      ),
      { numRuns: 8, seed: 3 },
    );
  });

  test("answers are the nearest of the candidates that the definition of the search collects", () => {
    const rows = makeRows(500, dimension, c.dtype, { seed: 5 });
    const queries = makeRows(12, dimension, c.dtype, { seed: 6 });
    const index = forest(c, dimension, { trees: 4, leafSize: 12 });
    index.add(rows);
    for (const query of queries) {
      for (const searchK of [20, 90, 300]) {
        const met = [...candidates(index, query, searchK)];
        const want = bruteForce(
          c.metric,
          met.map((row) => rows[row]!),
          query,
          5,
        );
        const all = c.dtype === "bits" ? {} : { rerank: 500 };
        const found = index.search(query, { k: 5, searchK, ...all });
        found.items().forEach(({ key, distance }, i) => {
          expect(met).toContain(key);
          expect(distance).toBeCloseTo(want[i]!.distance, 3);
        });
      }
    }
  });

  test("recall@10 with 8 trees and 400 candidates is at least the floor", () => {
    const rows = makeRows(3000, 24, c.dtype, { seed: 11 });
    const queries = makeRows(60, 24, c.dtype, { seed: 12 });
    const index = forest(c, 24, { trees: 8 });
    index.add(rows);
    let sum = 0;
    for (const query of queries) {
      sum += recallOf(c.metric, rows, query, index.search(query, { k: 10, searchK: 400 }).keys(), 10);
    }
    expect(sum / 60).toBeGreaterThanOrEqual(FLOORS[c.metric]!);
  });
});

/** Measured when the test was written, less 0.02 for other layouts of random numbers. */
const FLOORS: Readonly<Record<string, number>> = {
  l2: 0.96,
  l2sq: 0.96,
  cosine: 0.96,
  ip: 0.92,
  l1: 0.95,
  hamming: 0.97,
};

const L2 = FORESTS.find(({ metric }) => metric === "l2")!;

test("rows added behind the trees are found, and more than a quarter of them has the trees grown anew", () => {
  const rows = makeRows(2600, 12, "f32", { seed: 21 });
  const index = forest(L2, 12, { trees: 4 });
  index.add(rows.slice(0, 1900));
  index.add(rows.slice(1900, 2100));
  expect(index.covered).toBe(1900);
  for (let i = 1900; i < 2100; i += 9)
    expect(index.search(rows[i]!, { k: 1, searchK: 20 }).keys()).toEqual([i]);
  index.add(rows.slice(2100));
  expect(index.covered).toBe(2600);
});

test("codes that rows outgrew since the trees were made do not mislead the search", () => {
  const rows = makeRows(1100, 12, "f32", { seed: 22 });
  const index = forest(L2, 12, { trees: 6 });
  index.add(rows.slice(0, 1000));
  const before = candidates(index, rows[3]!, 200);
  index.add(rows.slice(1000, 1060).map((row) => row.map((x) => 50 * x)));
  index.add(rows.slice(1060));
  // Twice as many rows have the codes trained anew; here that is made to happen.
  index.rows.setQuantizer({ ...index.rows.quantizer!, step: index.rows.quantizer!.step * 1.0001 }, 1100);
  const found = index.search(rows[3]!, { k: 5, searchK: 200, rerank: 1000 }).keys();
  for (const key of found) expect(before.has(key) || key >= 1000).toBe(true);
});

test.each([
  ["all equal", 2],
  ["one apart", 2],
  ["two values of many rows", 2],
])("rows that planes cannot part (%s) are in leaves all the same, and found", (name, dimension) => {
  const rng = createRng(8, name);
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const value = name === "all equal" || (name === "one apart" && i !== 77) ? 1 : rng.below(2);
    return Float32Array.of(value, 1);
  });
  for (const metric of ["l2", "cosine", "ip", "l1"] as const) {
    const index = new RPForestIndex<number>({ dimension, metric, trees: 2, leafSize: 30 });
    index.add(rows);
    expect(index.trees.largestLeaf).toBeLessThanOrEqual(30);
    const { distance } = index.search(rows[77]!, { k: 1, searchK: 60 }).items()[0]!;
    const best = Math.min(...rows.map((row) => trueDistance(metric, rows[77]!, row)));
    expect(Math.abs(distance - best)).toBeLessThan(1e-5);
    index.close();
  }
});

test("removed rows leave their trees on compaction, which stay as they were for the others", async () => {
  const rows = makeRows(1200, 12, "f32", { seed: 23 });
  const index = forest(L2, 12, { trees: 5 });
  index.add(rows);
  const gone = rows.map((_, i) => i).filter((i) => i % 4 === 1);
  index.remove(gone);
  index.compact();
  expect(index.stats().details.splits).toBeGreaterThan(0);
  const { roots } = treesOf(index);
  for (const root of roots) {
    const held = rowsBelow(index, root).sort((a, b) => a - b);
    expect(held).toEqual(Array.from({ length: index.size }, (_, i) => i));
  }
  const again = await open<number>(index.toBytes());
  for (const i of [0, 2, 400, 1199]) {
    expect(index.search(rows[i]!, { k: 1, searchK: 50 }).keys()).toEqual([i]);
    expect(again.search(rows[i]!, { k: 3, searchK: 50 }).items()).toEqual(
      index.search(rows[i]!, { k: 3, searchK: 50 }).items(),
    );
  }
});

test("what a search collects by default is trees × k, and four leaves at least", () => {
  const index = forest(L2, 4, { trees: 20 });
  index.add(makeRows(4000, 4, "f32"));
  expect(index.planSearch(10, 4000, {})).toMatchObject({ ef: 256 });
  expect(index.planSearch(30, 4000, {})).toMatchObject({ ef: 600 });
  expect(index.planSearch(10, 4000, { searchK: 77 })).toMatchObject({ ef: 77 });
  expect(index.planSearch(10, 2000, { searchK: 77 })).toMatchObject({ ef: 154 });
  expect(index.planSearch(10, 100, {})).toBeUndefined();
});
