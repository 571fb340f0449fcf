import type { Draw, Point } from "../points.ts";
import { BOARD, clipped, flipped, halfway, type Line, side } from "./outline.ts";
import { count, type Searcher, type Shape, type State, type Step, shortlist } from "./trace.ts";

const LEAF = 10;
const TREES = 3;

interface Node {
  readonly shape: number;
  readonly tree: number;
  readonly ids: readonly number[];
  /** `beyond` holds what the line's normal points to. */
  readonly split?: { readonly line: Line; readonly before: Node; readonly beyond: Node };
}

/** The line half-way between two drawn points, and who lies where; a fair split by number where all coincide. */
function cut(
  points: readonly Point[],
  ids: readonly number[],
  draw: Draw,
): { line: Line; beyond: Set<number> } {
  const first = draw.below(ids.length);
  const second = (first + 1 + draw.below(ids.length - 1)) % ids.length;
  const line = halfway(points[ids[first]!]!, points[ids[second]!]!);
  const beyond = ids.filter((id) => side(line, points[id]!) > 0);
  const parted = beyond.length > 0 && beyond.length < ids.length;
  return { line, beyond: new Set(parted ? beyond : ids.slice(ids.length >> 1)) };
}

/**
 * A forest of random-projection trees: each line runs half-way between two points drawn at random. The query falls
 * into one leaf of each tree; then the sides that it missed most narrowly are tried, until enough candidates are
 * measured (as Annoy does; Bernhardsson 2013, after Dasgupta and Freund 2008).
 *
 * @param draw decides all trees
 */
export function forest(points: readonly Point[], draw: Draw): Searcher {
  const shapes: Shape[] = [];
  const grow = (tree: number, ids: readonly number[], outline: readonly Point[]): Node => {
    const resting = ids.length <= LEAF;
    const shape = shapes.push({ kind: "area", outline, layer: tree, resting }) - 1;
    if (resting) return { shape, tree, ids };
    const { line, beyond } = cut(points, ids, draw);
    const far = grow(
      tree,
      ids.filter((id) => beyond.has(id)),
      clipped(outline, line),
    );
    const near = grow(
      tree,
      ids.filter((id) => !beyond.has(id)),
      clipped(outline, flipped(line)),
    );
    return { shape, tree, ids, split: { line, before: near, beyond: far } };
  };
  const roots = Array.from({ length: TREES }, (_, tree) => grow(tree, [...points.keys()], BOARD));

  /** @param searchK candidates to measure before it stops; those of one leaf more at most */
  const search = (query: Point, k: number, searchK: number): Step[] => {
    const list = shortlist(points, query, k);
    const seen = new Set<number>();
    const steps: Step[] = [];
    const queue = roots.map((node) => ({ node, missed: 0 }));
    const note = (say: string, node: Node, state: State, measured: readonly number[] = []): void => {
      steps.push({
        say,
        measured,
        extra: 0,
        marks: [[node.shape, state]],
        layer: node.tree,
        best: list.ids(),
      });
    };
    while (queue.length > 0 && (seen.size < Math.max(searchK, k) || steps.length === 0)) {
      queue.sort((a, b) => a.missed - b.missed);
      const { node: start, missed } = queue.shift()!;
      let node = start;
      if (missed > 0)
        note(
          `Tree ${node.tree + 1}: the query missed this side most narrowly, so it is tried next.`,
          node,
          "open",
        );
      while (node.split !== undefined) {
        const { line, before, beyond } = node.split;
        const place = side(line, query);
        const [own, other] = place > 0 ? [beyond, before] : [before, beyond];
        queue.push({ node: other, missed: Math.max(missed, Math.abs(place)) });
        node = own;
        note(
          `Tree ${node.tree + 1}: the query's side of the line has ${count(node.ids.length, "point")}.`,
          node,
          "open",
        );
      }
      const fresh = node.ids.filter((id) => !seen.has(id));
      for (const id of fresh) seen.add(id);
      list.measure(fresh);
      const known = node.ids.length - fresh.length;
      note(
        `Tree ${node.tree + 1}, a leaf: ${count(fresh.length, "point")} measured${known > 0 ? `, ${known} known already` : ""}.`,
        node,
        "done",
        fresh,
      );
    }
    return steps;
  };
  return { shapes, centres: [], search };
}
