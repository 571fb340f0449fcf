import { describe, expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { bruteForce, clouds, type Point, scattered } from "../../../web/src/pages/ideas/points.ts";
import { ballTree } from "../../../web/src/pages/ideas/search/ballTree.ts";
import { forest } from "../../../web/src/pages/ideas/search/forest.ts";
import { buildGraph, hnsw } from "../../../web/src/pages/ideas/search/hnsw.ts";
import { invertedFile, NLIST } from "../../../web/src/pages/ideas/search/ivf.ts";
import { kdTree } from "../../../web/src/pages/ideas/search/kdTree.ts";
import { BOARD, clipped, halfway, side } from "../../../web/src/pages/ideas/search/outline.ts";
import { distancesOf, type Searcher, type Step } from "../../../web/src/pages/ideas/search/trace.ts";

const K = 3;
const PER_SEED = 12;
const SEEDS = Array.from({ length: 8 }, (_, i) => i);

function pointsOf(seed: number): Point[] {
  const draw = createRng(seed, "search");
  return seed % 2 === 0 ? clouds(240, 7, draw) : scattered(240, draw);
}

const queriesOf = (seed: number): Point[] => {
  const draw = createRng(seed, "queries");
  return Array.from({ length: PER_SEED }, () => ({ x: draw.next(), y: draw.next() }));
};

function recall(
  points: readonly Point[],
  searcher: Searcher,
  queries: readonly Point[],
  effort: number,
): number {
  const hits = queries.map((query) => {
    const truth = new Set(bruteForce(points, query, K));
    return searcher
      .search(query, K, effort)
      .at(-1)!
      .best.filter((id) => truth.has(id)).length;
  });
  return hits.reduce((sum, each) => sum + each, 0) / (K * queries.length);
}

const exact = { kdTree, ballTree };
for (const [name, build] of Object.entries(exact)) {
  describe(name, () => {
    test("answers what brute force answers, measuring fewer points", () => {
      let measured = 0;
      for (const seed of SEEDS) {
        const points = pointsOf(seed);
        const tree = build(points);
        for (const query of queriesOf(seed)) {
          const steps = tree.search(query, K, 0);
          expect(steps.at(-1)!.best).toEqual(bruteForce(points, query, K));
          measured += distancesOf(steps);
        }
      }
      expect(measured / (SEEDS.length * PER_SEED * 240)).toBeLessThan(0.5);
    });

    test("answers rightly where points coincide", () => {
      const points = Array.from({ length: 60 }, (_, i) => ({ x: 0.2 + 0.3 * (i % 3), y: 0.5 }));
      const query = { x: 0.49, y: 0.4 };
      expect(build(points).search(query, K, 0).at(-1)!.best).toEqual(bruteForce(points, query, K));
    });

    test("each point is measured once or lies in a part that was left out", () => {
      const points = pointsOf(4);
      for (const query of queriesOf(4)) {
        const measured = build(points)
          .search(query, K, 0)
          .flatMap((step) => step.measured);
        expect(new Set(measured).size).toBe(measured.length);
      }
    });
  });
}

const approximate = {
  forest: { build: forest, efforts: [5, 20, 80, 240] },
  hnsw: { build: hnsw, efforts: [3, 8, 30, 240] },
  invertedFile: { build: invertedFile, efforts: [1, 2, 5, NLIST] },
};
for (const [name, { build, efforts }] of Object.entries(approximate)) {
  test(`${name}: with more effort recall and distances rise, to all that can be found`, () => {
    const recalls = efforts.map(() => 0);
    const costs = efforts.map(() => 0);
    for (const seed of SEEDS) {
      const points = pointsOf(seed);
      const searcher = build(points, createRng(seed, name));
      efforts.forEach((effort, i) => {
        recalls[i]! += recall(points, searcher, queriesOf(seed), effort) / SEEDS.length;
        for (const query of queriesOf(seed)) costs[i]! += distancesOf(searcher.search(query, K, effort));
      });
    }
    for (let i = 1; i < efforts.length; i++) {
      expect(recalls[i]).toBeGreaterThanOrEqual(recalls[i - 1]!);
      expect(costs[i]).toBeGreaterThan(costs[i - 1]!);
    }
    expect(recalls[0]).toBeLessThan(0.98);
    expect(recalls.at(-1)).toBeGreaterThan(0.999);
  });

  test(`${name}: the best of a step are the nearest of all measured, in a graph since its layer was entered`, () => {
    const points = pointsOf(2);
    for (const query of queriesOf(2)) {
      let measured = new Set<number>();
      let last: Step | undefined;
      for (const step of build(points, createRng(2)).search(query, K, efforts[1]!)) {
        if (name === "hnsw" && last !== undefined && last.layer !== step.layer) measured = new Set(last.best);
        last = step;
        for (const id of step.measured) measured.add(id);
        const known = [...measured];
        const nearest = bruteForce(
          known.map((id) => points[id]!),
          query,
          K,
        ).map((i) => known[i]!);
        if (step.best.length === K)
          expect(step.best.map((id) => points[id])).toEqual(nearest.map((id) => points[id]));
      }
    }
  });
}

test("the graph's lowest layer has every point, and each higher one only points of that below", () => {
  const { layers, entry } = buildGraph(pointsOf(1), createRng(1));
  expect(layers[0]!.size).toBe(240);
  expect(layers.length).toBeGreaterThan(1);
  layers.slice(1).forEach((layer, l) => {
    for (const id of layer.keys()) expect(layers[l]!.has(id)).toBe(true);
  });
  expect(layers.at(-1)!.has(entry)).toBe(true);
});

test("cells clipped half-way between centres part the board by the nearest centre", () => {
  const draw = createRng(5);
  const centres = scattered(9, draw);
  const cells = centres.map((centre) =>
    centres
      .filter((other) => other !== centre)
      .reduce((left, other) => clipped(left, halfway(other, centre)), [...BOARD]),
  );
  const inside = (outline: readonly Point[], place: Point): boolean =>
    outline.every((corner, i) => {
      const next = outline[(i + 1) % outline.length]!;
      return (next.x - corner.x) * (place.y - corner.y) - (next.y - corner.y) * (place.x - corner.x) >= 0;
    });
  for (let i = 0; i < 200; i++) {
    const place = { x: draw.next(), y: draw.next() };
    expect(cells.findIndex((cell) => inside(cell, place))).toBe(bruteForce(centres, place, 1)[0]);
  }
  expect(side(halfway(centres[0]!, centres[1]!), centres[1]!)).toBeGreaterThan(0);
});
