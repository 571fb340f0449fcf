import type { Fail } from "../../kind.ts";
import type { BallTreeIndex } from "./balltree.ts";

/** Checks a tree read from a file: children share the rows of their ball out, and radii are distances. */
export function checkBalls(index: BallTreeIndex, fail: Fail): void {
  const { balls, covered, rows } = index;
  if (covered > rows.rows) fail("no more rows are in the tree than there are", String(covered));
  if (covered > 0 && balls.levels < 0) fail("rows in a tree have balls");
  if (balls.levels < 0) return;
  const root = balls.node(0);
  if (root.begin !== 0 || root.end !== covered) fail("the root holds the rows of the tree");
  const inner = balls.leaves - 1;
  for (let i = 0; i < balls.nodes; i++) {
    const { begin, end, radius } = balls.node(i);
    if (!(radius >= 0)) fail("radii are distances", `ball ${i}`);
    if (i >= inner) continue;
    const left = balls.node(2 * i + 1);
    const right = balls.node(2 * i + 2);
    const shared = left.begin === begin && left.end === right.begin && right.end === end;
    if (!shared || left.begin > left.end || right.begin > right.end) {
      fail("the two balls in a ball hold its rows", `ball ${i}`);
    }
  }
}
