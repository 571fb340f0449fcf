import { permuteRows } from "../rowMath.ts";
import { SPLIT_WORDS } from "./layout.ts";
import type { Trees } from "./trees.ts";

/**
 * How nodes hang together while trees are made. A reference is a split's number, or the complement of a leaf's; numbers
 * are those of making, which is no particular order.
 */
export interface Topology {
  readonly roots: number[];
  /** Two references a split. */
  readonly children: number[];
  /** First and last item of each leaf, one behind. */
  readonly leafBegin: number[];
  readonly leafEnd: number[];
}

export const emptyTopology = (): Topology => ({ roots: [], children: [], leafBegin: [], leafEnd: [] });

/** Adds a leaf of items begin … end; returns the reference. */
export function addLeaf(topology: Topology, begin: number, end: number): number {
  topology.leafEnd.push(end);
  return ~(topology.leafBegin.push(begin) - 1);
}

/** Adds a split whose sides are still to come; returns its number. */
export function addSplit({ children }: Topology): number {
  return (children.push(0, 0) >> 1) - 1;
}

/**
 * Numbers splits and leaves as a walk meets them and writes them: sections "splits" and "planes" are moved from the
 * order of making, "roots" and "leaves" are written.
 */
export function writeTopology(trees: Trees, made: Topology, covered: number): void {
  const { space } = trees;
  const splits = made.children.length / 2;
  const newOfOld = new Uint32Array(splits);
  const leaves: number[] = [];
  const roots: number[] = [];
  let next = 0;
  // Where the number of the node met next is to be written: a place in `refs`, or a new root.
  const refs = new Int32Array(2 * splits);
  const stack: number[] = [];
  const places: number[] = [];
  for (const root of made.roots) {
    stack.push(root);
    places.push(-1);
    while (stack.length > 0) {
      const node = stack.pop()!;
      const place = places.pop()!;
      const ref = node < 0 ? ~(leaves.push(made.leafBegin[~node]!) - 1) : next++;
      if (place < 0) roots.push(ref);
      else refs[place] = ref;
      if (node < 0) continue;
      newOfOld[node] = ref;
      stack.push(made.children[2 * node + 1]!, made.children[2 * node]!);
      places.push(2 * ref + 1, 2 * ref);
    }
  }
  permuteRows(space.u8("splits"), SPLIT_WORDS * 4, newOfOld, splits);
  if (trees.planeBytes > 0) permuteRows(space.u8("planes"), trees.planeBytes, newOfOld, splits);
  trees.expect({ trees: roots.length, covered, splits, leaves: leaves.length });
  space.set(trees.sizes());
  const words = space.u32("splits");
  for (let i = 0; i < splits; i++) {
    words[i * SPLIT_WORDS] = refs[2 * i]!;
    words[i * SPLIT_WORDS + 1] = refs[2 * i + 1]!;
  }
  space.u32("roots").set(roots);
  space.u32("leaves").set([...leaves, roots.length * covered]);
}
