import { Delaunay } from "d3-delaunay";
import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { bruteForce, clouds, distance, scattered } from "../../../web/src/pages/ideas/points.ts";
import { greedyWalk } from "../../../web/src/pages/ideas/voronoi/walk.ts";

test("a greedy walk over Delaunay links ends at the nearest point, from every start", () => {
  for (let seed = 0; seed < 20; seed++) {
    const draw = createRng(seed, "walk");
    const points = seed % 2 === 0 ? scattered(40, draw) : clouds(40, 4, draw);
    const delaunay = Delaunay.from(
      points,
      ({ x }) => x,
      ({ y }) => y,
    );
    const query = { x: draw.next(), y: draw.next() };
    const nearest = distance(points[bruteForce(points, query, 1)[0]!]!, query);
    for (let start = 0; start < points.length; start++) {
      const path = greedyWalk(points, (i) => delaunay.neighbors(i), query, start);
      expect(distance(points[path.at(-1)!]!, query)).toBe(nearest);
    }
  }
});

test("every step of a greedy walk follows a link and comes nearer", () => {
  const points = scattered(30, createRng(3));
  const ring = (i: number): number[] => [(i + 1) % 30, (i + 29) % 30];
  const query = { x: 0.2, y: 0.8 };
  const path = greedyWalk(points, ring, query, 7);
  for (let step = 1; step < path.length; step++) {
    expect(ring(path[step - 1]!)).toContain(path[step]);
    expect(distance(points[path[step]!]!, query)).toBeLessThan(distance(points[path[step - 1]!]!, query));
  }
});
