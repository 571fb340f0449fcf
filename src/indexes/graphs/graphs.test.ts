import { describe, expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { AnngIndex, NNDescentIndex, neighborGraph, OnngIndex, open, VamanaIndex } from "../index.ts";
import { candidates } from "./ngt/adjust.ts";

const D = 8;

function points(n: number, seed: number): Float32Array {
  const rng = createRng(seed, "points");
  return Float32Array.from({ length: n * D }, () => rng.normal());
}

function distance(data: Float32Array, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < D; j++) sum += (data[a * D + j]! - data[b * D + j]!) ** 2;
  return Math.sqrt(sum);
}

/** Distances of the k nearest other rows, by definition. */
function nearest(data: Float32Array, row: number, k: number): number[] {
  const all = Array.from({ length: data.length / D }, (_, other) => other).filter((other) => other !== row);
  return all
    .map((other) => distance(data, row, other))
    .sort((a, b) => a - b)
    .slice(0, k);
}

/** Level-0 links of a row. */
function linksOf(index: VamanaIndex | OnngIndex | AnngIndex | NNDescentIndex, row: number): number[] {
  const { graph, space } = index;
  const lists = space.u32("links0");
  const at = row * graph.words0;
  return Array.from(lists.subarray(at + 1, at + 1 + (lists[at]! & 0xffff)));
}

describe("neighborGraph", () => {
  test("of 90 rows is that of brute force, row by row, without the rows themselves", () => {
    const data = points(90, 1);
    const { offsets, ids, distances, keys } = neighborGraph(data, { dimension: D, k: 7 });
    expect([keys.length, offsets.length, ids.length]).toEqual([90, 91, 90 * 7]);
    for (let row = 0; row < 90; row++) {
      const got = Array.from(distances.subarray(offsets[row], offsets[row + 1]));
      nearest(data, row, 7).forEach((want, i) => {
        expect(got[i]).toBeCloseTo(want, 4);
        expect(distance(data, row, ids[offsets[row]! + i]!)).toBeCloseTo(want, 4);
      });
      expect(ids.subarray(offsets[row], offsets[row + 1]).includes(row)).toBe(false);
    }
  });

  test("of 3,000 rows has a recall of at least 0.95, and is the same every time", () => {
    const data = points(3000, 2);
    const graph = neighborGraph(data, { dimension: D, k: 10 });
    let hits = 0;
    for (let row = 0; row < 3000; row += 10) {
      const limit = nearest(data, row, 10)[9]! + 1e-5;
      for (const d of graph.distances.subarray(graph.offsets[row], graph.offsets[row + 1])) {
        hits += Number(d <= limit);
      }
    }
    expect(hits / 3000).toBeGreaterThanOrEqual(0.95);
    expect(neighborGraph(data, { dimension: D, k: 10 }).ids).toEqual(graph.ids);
  });

  test("is empty without rows, and short where there are fewer rows than neighbours", () => {
    expect(neighborGraph(new Float32Array(0), { dimension: D }).offsets).toEqual(new Uint32Array(1));
    const { offsets, ids } = neighborGraph(points(3, 3), { dimension: D, k: 5 });
    expect(Array.from(offsets)).toEqual([0, 2, 4, 6]);
    expect(ids.length).toBe(6);
  });

  test("of an index names its rows by their keys", () => {
    const data = points(80, 4);
    const index = new NNDescentIndex<string>({ dimension: D, K: 10 });
    index.add(data, { keys: Array.from({ length: 80 }, (_, i) => `row ${i}`) });
    index.remove(["row 3", "row 7"]);
    const { keys, offsets, distances } = index.toCsr(4);
    expect(keys.length).toBe(78);
    const row = keys.indexOf("row 20");
    const others = nearest(data, 20, 6).filter(
      (d) => Math.abs(d - distance(data, 20, 3)) > 1e-9 && Math.abs(d - distance(data, 20, 7)) > 1e-9,
    );
    const got = Array.from(distances.subarray(offsets[row], offsets[row + 1]));
    others.slice(0, 4).forEach((want, i) => {
      expect(got[i]).toBeCloseTo(want, 4);
    });
  });
});

test("Vamana with a larger alpha keeps more links, and lists stay within R", () => {
  const data = points(1500, 5);
  const degree = [1, 1.3].map((alpha) => {
    const index = new VamanaIndex({ dimension: D, R: 32, alpha, efConstruction: 50 });
    index.add(data);
    expect(index.health().ok).toBe(true);
    let sum = 0;
    for (let row = 0; row < 1500; row++) {
      const links = linksOf(index, row);
      expect(links.length).toBeLessThanOrEqual(32);
      expect(new Set(links).size).toBe(links.length);
      expect(links).not.toContain(row);
      sum += links.length;
    }
    return sum / 1500;
  });
  expect(degree[1]! / degree[0]!).toBeGreaterThan(1.2);
});

test("path adjustment keeps what the rule says, link by link in rounds by rank", () => {
  const n = 60;
  const data = points(n, 6);
  const edges = 6;
  const inward = 12;
  const index = new OnngIndex({ dimension: D, edges, inward: 2, efConstruction: 60 });
  // The slow definition, over true lists: with 60 rows every search finds them.
  const rank = (a: number, b: number): number => Math.fround(distance(data, a, b) ** 2);
  const lists = Array.from({ length: n }, (_, row) =>
    Array.from({ length: n }, (_, other) => other)
      .filter((other) => other !== row)
      .sort((a, b) => rank(row, a) - rank(row, b))
      .slice(0, inward),
  );
  const all = lists.map((list, row) => {
    const inwards = lists.flatMap((other, from) => (other.includes(row) ? [from] : []));
    return [...new Set([...list.slice(0, edges), ...inwards])].sort((a, b) => rank(row, a) - rank(row, b));
  });
  let kept: number[][] = all.map(() => []);
  for (let round = 0; round < n; round++) {
    const before = kept;
    kept = before.map((mine, row) => {
      const to = all[row]![round];
      if (to === undefined) return mine;
      const d = distance(data, row, to);
      const around = mine.some(
        (p) => distance(data, row, p) < d && before[p]!.includes(to) && distance(data, p, to) < d,
      );
      return around ? mine : [...mine, to];
    });
  }
  index.add(data);
  let same = 0;
  let total = 0;
  for (let row = 0; row < n; row++) {
    // Tree links may have been added, and one given up for them.
    const links = new Set(linksOf(index, row));
    total += kept[row]!.length;
    same += kept[row]!.filter((to) => links.has(to)).length;
  }
  expect(same / total).toBeGreaterThanOrEqual(0.98);
});

test("the first four seeds stand in both of two far clusters, whatever the seed", () => {
  const data = points(128, 8).map((x, i) => x + (Math.floor(i / D) % 2 === 0 ? 500 : -500));
  for (let seed = 1; seed <= 20; seed++) {
    const index = new AnngIndex({ dimension: D, edges: 4, efConstruction: 16, seed });
    index.add(data);
    const sides = Array.from(index.space.u32("pivots").subarray(0, 4), (row) =>
      Math.sign(index.rows.vector(row)[0]!),
    );
    expect(sides).toContain(1);
    expect(sides).toContain(-1);
  }
});

test("candidates hold each row's nearest and those whose nearest it is among", () => {
  // Row 0 names 1 then 2, row 1 names 0, row 2 names 1.
  const none = 0xffffffff;
  const knn = Uint32Array.from([2, 5, 4, 9, 0, 5, none, none, 2, 7, none, none]);
  const { offsets, keys } = candidates(knn, Uint32Array.of(0, 1, 2), 3, 2, { edges: 1, inward: 2 });
  const of = (row: number): string[] =>
    Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, i) => {
      const at = 2 * (offsets[row]! + i);
      return `${keys[at]! / 2}@${keys[at + 1]}`;
    }).sort();
  expect([of(0), of(1), of(2)]).toEqual([
    ["1@5", "1@5"],
    ["0@5", "0@5", "2@7"],
    ["0@9", "1@7"],
  ]);
});

describe.each([NNDescentIndex, VamanaIndex, AnngIndex, OnngIndex])("%o", (Kind) => {
  test("finds rows, also added and opened ones, and refuses seeds that are none", async () => {
    const data = points(1200, 7);
    const index = new Kind({ dimension: D, efConstruction: 60 });
    index.add(data.subarray(0, 1000 * D));
    index.add(data.subarray(1000 * D));
    expect(index.health()).toMatchObject({ size: 1200, unreachable: 0, ok: true });
    const again = await open(index.toBytes());
    for (const held of [index, again]) {
      for (let row = 0; row < 1200; row += 40) {
        const query = data.slice(row * D, row * D + D);
        expect(held.search(query, { k: 1, efSearch: 24 }).keys()).toEqual([row]);
      }
    }
  });
});
