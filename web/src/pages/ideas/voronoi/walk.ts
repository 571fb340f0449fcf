import { distance, type Point } from "../points.ts";

/**
 * From point to point, always to the linked one nearest to the query, until none is nearer. On a Delaunay graph this
 * ends at the nearest point, from wherever it starts; fewer links can strand it.
 */
export function greedyWalk(
  points: readonly Point[],
  linked: (i: number) => Iterable<number>,
  query: Point,
  start: number,
): number[] {
  const path = [start];
  for (;;) {
    const here = path.at(-1)!;
    let next = here;
    for (const other of linked(here)) {
      if (distance(points[other]!, query) < distance(points[next]!, query)) next = other;
    }
    if (next === here) return path;
    path.push(next);
  }
}
