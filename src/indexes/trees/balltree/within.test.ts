import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, type Metric } from "../../../core/index.ts";
import { BallTreeIndex } from "./balltree.ts";

const D = 4;
const METRICS: readonly Metric[] = ["l2", "l2sq", "cosine", "l1", "linf", "minkowski"];

function makeRows(n: number, seed: number): Float32Array {
  const rng = createRng(seed, "rows");
  // On a lattice many rows lie exactly at a distance that is asked for.
  return Float32Array.from({ length: n * D }, () => rng.below(7) + (rng.below(4) === 0 ? rng.next() : 1));
}

/** What a search for all rows says is within the radius. */
function truth(
  index: BallTreeIndex<number>,
  query: Float32Array,
  radius: number,
  filter?: (key: number) => boolean,
): { ids: number[]; distances: number[] } {
  const all = index.search(query, { k: 2000, exact: true, ...(filter ? { filter } : {}) }).row(0);
  const n = all.distances.filter((distance) => distance <= radius).length;
  return { ids: [...all.ids.subarray(0, n)], distances: [...all.distances.subarray(0, n)] };
}

describe.each(METRICS)("within a radius under %s, a ball tree", (metric) => {
  test("finds and counts the rows that a comparison with all finds, also with removals, filters and a tail", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom(70, 300, 900),
        fc.constantFrom(1, 8, 40),
        fc.constantFrom(0, 0.02, 1, 2, 3.5, 9, 1000),
        fc.constantFrom("none", "removed", "filter", "tail"),
        (seed, n, leafSize, radius, change) => {
          const index = new BallTreeIndex<number>({ dimension: D, metric, leafSize });
          index.add(makeRows(n, seed));
          if (change === "removed") index.remove([...Array(30).keys()].map((i) => 2 * i));
          if (change === "tail") index.add(makeRows(40, seed + 3));
          const filter = change === "filter" ? (key: number): boolean => key % 3 === 0 : undefined;
          const queries = makeRows(5, seed + 1);
          const options = filter ? { filter } : {};
          const found = index.range(queries, radius, options);
          const counts = index.countWithin(queries, radius, options);
          for (let q = 0; q < 5; q++) {
            const right = truth(index, queries.subarray(q * D, (q + 1) * D), radius, filter);
            expect([...found.row(q).ids]).toEqual(right.ids);
            expect([...found.row(q).distances]).toEqual(right.distances);
            expect(counts[q]).toBe(right.ids.length);
          }
          index.close();
        },
      ),
      { numRuns: 30, seed: 5 },
    );
  });
});

describe("within a radius, a ball tree", () => {
  test("finds nothing below zero, all rows within infinity, and refuses what is no number", () => {
    const index = new BallTreeIndex<number>({ dimension: D });
    index.add(makeRows(200, 1));
    const query = makeRows(1, 2);
    expect([...index.countWithin(query, -1)]).toEqual([0]);
    expect([...index.countWithin(query, Number.POSITIVE_INFINITY)]).toEqual([200]);
    expect(index.range(query, Number.POSITIVE_INFINITY).row(0).ids.length).toBe(200);
    expect(() => index.countWithin(query, Number.NaN)).toThrow(/radius/);
    expect(() => index.countWithin(query, 1, { k: 3 } as object)).toThrow(/k/);
  });
});
