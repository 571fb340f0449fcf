// A small tree over rows: each node has four of them, and a row belongs to the child of the nearest. It serves every
// metric and code, because it only asks the scorer. Searches start at the pivots they meet on the way down (as NGT's start
// at a leaf of a vantage-point tree); its leaves are where NN-descent starts from.

/** Four u32 rows, then four u32 children: node numbers, or 0 where the tree ends. */
export const PIVOT_NODE: usize = 32;

@inline export function pivotNode(pivots: usize, node: u32): usize { return pivots + <usize>node * PIVOT_NODE; }

/** Lane of the smallest rank, the first of equals. */
@inline
export function nearestLane(ranks: v128): i32 {
  let best = f32x4.extract_lane(ranks, 0), lane = 0;
  const b = f32x4.extract_lane(ranks, 1), c = f32x4.extract_lane(ranks, 2), d = f32x4.extract_lane(ranks, 3);
  if (b < best) { best = b; lane = 1; }
  if (c < best) { best = c; lane = 2; }
  if (d < best) lane = 3;
  return lane;
}
