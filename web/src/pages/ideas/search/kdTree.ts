import type { Point } from "../points.ts";
import { BOARD, clipped, type Line } from "./outline.ts";
import { count, type Searcher, type Shape, type Step, shortlist, widest } from "./trace.ts";

const LEAF = 6;

interface Box {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

interface Node {
  readonly shape: number;
  readonly box: Box;
  readonly ids: readonly number[];
  /** Absent in leaves. */
  readonly split?: { readonly axis: "x" | "y"; readonly at: number; readonly low: Node; readonly high: Node };
}

/** From a place to the nearest place of a box. */
function distanceToBox({ x, y }: Point, box: Box): number {
  const outside = (value: number, [low, high]: readonly [number, number]): number =>
    Math.max(low - value, 0, value - high);
  return Math.hypot(outside(x, box.x), outside(y, box.y));
}

const lineAt = (axis: "x" | "y", at: number, up: boolean): Line => {
  const sign = up ? 1 : -1;
  return { normal: { x: axis === "x" ? sign : 0, y: axis === "y" ? sign : 0 }, offset: sign * at };
};

/**
 * A k-d tree: boxes are halved at the median of their wider side. A search goes to the query's own side first and
 * leaves out boxes that begin farther away than the k-th nearest so far, so that its answer is exact (Bentley 1975;
 * Friedman, Bentley and Finkel 1977).
 */
export function kdTree(points: readonly Point[]): Searcher {
  const shapes: Shape[] = [];
  const grow = (ids: readonly number[], box: Box, outline: readonly Point[]): Node => {
    const resting = ids.length <= LEAF;
    const shape = shapes.push({ kind: "area", outline, layer: 0, resting }) - 1;
    if (resting) return { shape, box, ids };
    const { axis, order } = widest(points, ids);
    const middle = order.length >> 1;
    const at = (points[order[middle - 1]!]![axis] + points[order[middle]!]![axis]) / 2;
    const [from, to] = box[axis];
    const low = grow(
      order.slice(0, middle),
      { ...box, [axis]: [from, at] },
      clipped(outline, lineAt(axis, at, false)),
    );
    const high = grow(
      order.slice(middle),
      { ...box, [axis]: [at, to] },
      clipped(outline, lineAt(axis, at, true)),
    );
    return { shape, box, ids, split: { axis, at, low, high } };
  };
  const root = grow([...points.keys()], { x: [0, 1], y: [0, 1] }, BOARD);

  const search = (query: Point, k: number): Step[] => {
    const list = shortlist(points, query, k);
    const steps: Step[] = [];
    const note = (
      say: string,
      { shape }: Node,
      state: "open" | "done" | "pruned",
      measured: readonly number[] = [],
    ) => steps.push({ say, measured, extra: 0, marks: [[shape, state]], layer: 0, best: list.ids() });
    const visit = (node: Node): void => {
      if (distanceToBox(query, node.box) > list.worst()) {
        const what = node.split === undefined ? "This box" : "This whole side";
        note(
          `${what} begins farther away than the worst neighbour so far: ${count(node.ids.length, "point")} left out.`,
          node,
          "pruned",
        );
        return;
      }
      if (node.split === undefined) {
        list.measure(node.ids);
        note(`A leaf: its ${count(node.ids.length, "point")} are measured.`, node, "done", node.ids);
        return;
      }
      const { axis, at, low, high } = node.split;
      const [near, far] = query[axis] < at ? [low, high] : [high, low];
      const where = axis === "x" ? ["left", "right"] : ["above", "below"];
      const own = where[query[axis] < at ? 0 : 1];
      note(
        `The line ${axis} = ${Math.round(100 * at)} halves ${count(node.ids.length, "point")}. The query's own side, ${own}, comes first.`,
        near,
        "open",
      );
      visit(near);
      visit(far);
    };
    visit(root);
    return steps;
  };
  return { shapes, centres: [], search };
}
