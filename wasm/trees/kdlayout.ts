// A kd-tree as its searches see it. A node is a header (layout.ts, but a leaf's `child` says where its block is) and the
// boxes of its four children, component by component, so that four are compared with a query at once.

import { TREE_NODE_BYTES } from "./layout";

/** Set in a child's word when it is a leaf; the other bits are its first block of four rows. */
export const LEAF: u32 = 0x80000000;

/** How ranks are made. */
export const KD_L2: u32 = 0;
export const KD_L1: u32 = 1;
export const KD_LINF: u32 = 2;
export const KD_MINKOWSKI: u32 = 3;

/** Filled by the TypeScript side (src/indexes/trees/kdtree/tree.ts), four bytes a field. */
@unmanaged
export class KdTree {
  topology: usize;
  /** Nodes with boxes, `nodeBytes` each. */
  nodes: usize;
  nodeBytes: usize;
  count: u32;
  /** Components of a box: those of a row, padded. */
  width: u32;
  /** Rows of the leaves once more, four at a time and component by component, for few components; else 0. */
  blocks: usize;
  /** Positions → slots where rows are not in leaf order yet, else 0. */
  perm: usize;
  /** Rows in the tree; the others, up to `rows`, are scanned. */
  covered: i32;
  rows: i32;
  metric: u32;
  /** What lower bounds are multiplied with where they are summed in another order than ranks. */
  slack: f32;
  /** Leaves to look into at most. */
  maxLeaves: i32;
  /** Address of row 0 and bytes of a row. */
  base: usize;
  rowBytes: usize;
  /** Numbers of a Minkowski metric. */
  params: usize;
  /** The order in which the staged queries are answered, u32, or 0: as they come. */
  order: usize;

  @inline node(index: u32): usize { return this.nodes + <usize>index * this.nodeBytes; }
  /** Smallest components of a node's four children; the largest follow. */
  @inline low(node: usize): usize { return node + TREE_NODE_BYTES; }
}
