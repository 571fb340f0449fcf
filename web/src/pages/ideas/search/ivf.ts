import { bruteForce, type Draw, distance, type Point } from "../points.ts";
import { BOARD, clipped, halfway } from "./outline.ts";
import { count, type Searcher, type Shape, type Step, shortlist } from "./trace.ts";

export const NLIST = 14;
const ROUNDS = 15;

/** Lloyd's k-means from points drawn far apart; an empty list keeps its centre. */
function kMeans(points: readonly Point[], k: number, draw: Draw): Point[] {
  let centres: Point[] = [points[draw.below(points.length)]!];
  while (centres.length < k) {
    const apart = (point: Point): number => Math.min(...centres.map((centre) => distance(centre, point)));
    const tries = Array.from({ length: 4 }, () => points[draw.below(points.length)]!);
    centres.push(tries.reduce((best, each) => (apart(each) > apart(best) ? each : best)));
  }
  for (let round = 0; round < ROUNDS; round++) {
    const own = points.map((point) => bruteForce(centres, point, 1)[0]!);
    centres = centres.map((centre, list) => {
      const members = points.filter((_, id) => own[id] === list);
      const mean = (axis: "x" | "y"): number =>
        members.reduce((sum, each) => sum + each[axis], 0) / members.length;
      return members.length === 0 ? centre : { x: mean("x"), y: mean("y") };
    });
  }
  return centres;
}

/**
 * An inverted file: k-means gathers points into lists, each the cell of a centre. A search measures all centres, then
 * the points of the nprobe nearest lists (Sivic and Zisserman 2003; Jégou, Douze and Schmid 2011).
 *
 * @param draw decides where k-means starts
 */
export function invertedFile(points: readonly Point[], draw: Draw): Searcher {
  const centres = kMeans(points, Math.min(NLIST, points.length), draw);
  const lists: number[][] = centres.map(() => []);
  points.forEach((point, id) => {
    lists[bruteForce(centres, point, 1)[0]!]!.push(id);
  });
  const shapes = centres.map((centre, i): Shape => {
    const others = centres.filter((_, other) => other !== i);
    const outline = others.reduce((left, other) => clipped(left, halfway(other, centre)), [...BOARD]);
    return { kind: "area", outline, layer: 0, resting: true };
  });

  const search = (query: Point, k: number, nprobe: number): Step[] => {
    const list = shortlist(points, query, k);
    const ranked = bruteForce(centres, query, centres.length);
    const chosen = ranked.slice(0, nprobe);
    const steps: Step[] = [
      {
        say: `The query is measured against all ${centres.length} centres; ${count(chosen.length, "nearest list")} will be opened.`,
        measured: [],
        extra: centres.length,
        marks: chosen.map((cell) => [cell, "open"] as const),
        layer: 0,
        best: [],
      },
    ];
    chosen.forEach((cell, i) => {
      const ids = lists[cell]!;
      list.measure(ids);
      const say = `List ${i + 1} of ${chosen.length}: its ${count(ids.length, "point")} are measured.`;
      steps.push({ say, measured: ids, extra: 0, marks: [[cell, "done"]], layer: 0, best: list.ids() });
    });
    return steps;
  };
  return { shapes, centres, search };
}
