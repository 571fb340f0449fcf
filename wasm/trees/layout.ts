// Exact trees over rows in linear memory: who is below what, and the work of splitting rows into a tree. Shared by the
// kinds of tree; what a node knows of the rows below it (boxes, balls) is each kind's own.

/** No node: the child is a leaf, or there is none (begin = end). */
export const NO_NODE: u32 = 0xffffffff;

/**
 * One node: up to four children, each a range of positions [begin, end). Children stand side by side in positions,
 * absent ones last; a child that is a node comes after its parent. A position is a slot once rows are in leaf order.
 */
@unmanaged
export class TreeNode {
  /** Index of the child's node, or NO_NODE. Four of each. */
  child: u32; child1: u32; child2: u32; child3: u32;
  begin: u32; begin1: u32; begin2: u32; begin3: u32;
  end: u32; end1: u32; end2: u32; end3: u32;
}

export const TREE_NODE_BYTES: usize = 48;

@inline
export function treeNode(topology: usize, node: u32): usize {
  return topology + <usize>node * TREE_NODE_BYTES;
}
@inline
export function childNode(node: usize, c: i32): u32 { return load<u32>(node + (<usize>c << 2)); }
@inline
export function childBegin(node: usize, c: i32): u32 { return load<u32>(node + (<usize>c << 2), 16); }
@inline
export function childEnd(node: usize, c: i32): u32 { return load<u32>(node + (<usize>c << 2), 32); }

@inline
export function setChild(node: usize, c: i32, child: u32, begin: u32, end: u32): void {
  store<u32>(node + (<usize>c << 2), child);
  store<u32>(node + (<usize>c << 2), begin, 16);
  store<u32>(node + (<usize>c << 2), end, 32);
}

/** What splitting rows needs; filled by the TypeScript side (src/indexes/trees/build.ts), four bytes a field. */
@unmanaged
export class TreeBuild {
  /** float32 rows. */
  rows: usize;
  stride: usize;
  /** Bytes of a row, a multiple of 16. */
  bytes: usize;
  /** Slots in the order of positions, u32: what splitting moves about. */
  perm: usize;
  /** Where nodes are written. */
  topology: usize;
  /** Ranges to make subtrees of, a TreePiece each. */
  pieces: usize;
  leafSize: u32;
  /** Fewest rows on either side of a split. */
  least: u32;
  /** 0: at the middle of the widest side; 1: half of the rows on each side. */
  rule: u32;
}

/** A range whose subtree is made on its own: any thread may make any piece. */
@unmanaged
export class TreePiece {
  begin: u32;
  end: u32;
  /** Where its nodes go; there is room for the most it can have. */
  firstNode: u32;
  /** How many nodes it has in the end. */
  nodes: u32;
}
