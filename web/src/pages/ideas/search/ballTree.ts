import { distance, type Point } from "../points.ts";
import { count, type Searcher, type Shape, type State, type Step, shortlist, widest } from "./trace.ts";

const LEAF = 6;

interface Ball {
  readonly shape: number;
  readonly centre: Point;
  readonly radius: number;
  readonly ids: readonly number[];
  readonly halves?: readonly [Ball, Ball];
}

/**
 * A ball tree: points are halved again and again, each part kept in a ball around its mean. A point of a ball is
 * at least as far as its centre less its radius; balls that cannot hold a neighbour are left out, so that the answer
 * is exact (Omohundro 1989).
 */
export function ballTree(points: readonly Point[]): Searcher {
  const shapes: Shape[] = [];
  const grow = (ids: readonly number[]): Ball => {
    const mean = (axis: "x" | "y"): number =>
      ids.reduce((sum, id) => sum + points[id]![axis], 0) / ids.length;
    const centre = { x: mean("x"), y: mean("y") };
    const radius = Math.max(...ids.map((id) => distance(points[id]!, centre)));
    const resting = ids.length <= LEAF;
    const shape = shapes.push({ kind: "ball", centre, radius, layer: 0, resting }) - 1;
    if (resting) return { shape, centre, radius, ids };
    const { order } = widest(points, ids);
    const middle = order.length >> 1;
    return { shape, centre, radius, ids, halves: [grow(order.slice(0, middle)), grow(order.slice(middle))] };
  };
  const root = grow([...points.keys()]);

  const search = (query: Point, k: number): Step[] => {
    const list = shortlist(points, query, k);
    const steps: Step[] = [];
    const note = (
      say: string,
      ball: Ball,
      state: State,
      measured: readonly number[] = [],
      extra = 0,
    ): void => {
      steps.push({ say, measured, extra, marks: [[ball.shape, state]], layer: 0, best: list.ids() });
    };
    const visit = (ball: Ball, toCentre: number): void => {
      // Rounding may put a point a hair outside its ball.
      if (toCentre - ball.radius > list.worst() + 1e-12) {
        note(
          `Even its nearest edge is farther away than the worst neighbour so far: ${count(ball.ids.length, "point")} left out.`,
          ball,
          "pruned",
        );
        return;
      }
      if (ball.halves === undefined) {
        list.measure(ball.ids);
        note(`A small ball: its ${count(ball.ids.length, "point")} are measured.`, ball, "done", ball.ids);
        return;
      }
      const halves = ball.halves.map((half) => ({ half, away: distance(half.centre, query) }));
      const [near, far] = halves.sort((a, b) => a.away - b.away);
      note(
        `${count(ball.ids.length, "point")} in two balls: the one whose centre is nearer comes first.`,
        near!.half,
        "open",
        [],
        2,
      );
      visit(near!.half, near!.away);
      visit(far!.half, far!.away);
    };
    visit(root, distance(root.centre, query));
    return steps;
  };
  return { shapes, centres: [], search };
}
