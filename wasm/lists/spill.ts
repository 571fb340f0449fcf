// Second lists (Sun et al., SOAR: improved indexing for approximate nearest neighbor search, NeurIPS 2023). A query misses a row
// in its first list when it lies along the row's error r there; the second list is chosen so that the error r' is not only
// small but points elsewhere: |r'|² + weight · (⟨r', r⟩ / |r|)² is least.

import { dotF32, l2sqF32 } from "../kernels/f32";
import { Centroids } from "../kmeans/layout";

/** The list of that choice, never `first`; of equals the one with the lowest number. There are two lists at least. */
export function spillOf(c: Centroids, row: usize, first: i32, weight: f32, error: usize): i32 {
  const home = c.rows + <usize>first * c.bytes;
  for (let at: usize = 0; at < c.bytes; at += 16) {
    v128.store(error + at, f32x4.sub(v128.load(row + at), v128.load(home + at)));
  }
  const norm = dotF32(error, error, c.bytes);
  const scale: f32 = norm > 0 ? weight / norm : 0;
  const along = dotF32(row, error, c.bytes);
  let best = first == 0 ? 1 : 0, least: f32 = Infinity;
  for (let k = 0; k < c.k; k++) {
    if (k == first) continue;
    const centroid = c.rows + <usize>k * c.bytes;
    const distance = l2sqF32(row, centroid, c.bytes);
    // The second term only adds.
    if (distance >= least) continue;
    const shared = along - dotF32(centroid, error, c.bytes);
    const loss = distance + scale * shared * shared;
    if (loss < least) least = loss, best = k;
  }
  return best;
}
