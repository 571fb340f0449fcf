// Queries of a batch in an order in which those that stand near each other follow each other: what one has fetched into
// the cache serves the next. Answers do not depend on it.

/** Cells of the grid that orders queries: 12 bits. */
export const CELLS: u32 = 4096;

/** Up to six bits, each followed by a free place. */
@inline
function everySecond(x: u32): u32 {
  x = (x | (x << 4)) & 0x30f;
  x = (x | (x << 2)) & 0x333;
  return (x | (x << 1)) & 0x555;
}

/** Up to four bits, each followed by two free places. */
@inline
function everyThird(x: u32): u32 {
  x = (x | (x << 4)) & 0xc3;
  return (x | (x << 2)) & 0x249;
}

/** Place of a component in a range, from 0 to 2^bits − 1. */
@inline
function cell(x: f32, low: f32, scale: f32, bits: i32): u32 {
  const most = <f32>((1 << bits) - 1);
  // A comparison that fails for NaN, which an empty range makes of it.
  const place = (x - low) * scale;
  return place > 0 ? <u32>min<f32>(most, place) : 0;
}

/**
 * Sorts queries 0 … n by the cells of a grid along the Morton curve, keeping the order within one. The grid has two or
 * three axes (12 bits together); `low` holds for each its first component's offset in bytes, its origin and its scale.
 *
 * @param order n numbers of queries, u32, come out; n more are room
 * @param counts room for CELLS + 1 numbers, u32
 */
export function arrangeQueries(
  queries: usize, stride: usize, n: i32, axes: i32, grid: usize, order: usize, counts: usize,
): void {
  const bits = 12 / axes;
  const codes = order + (<usize>n << 2);
  memory.fill(counts, 0, (CELLS + 1) << 2);
  for (let q = 0; q < n; q++) {
    const query = queries + <usize>q * stride;
    let code: u32 = 0;
    for (let a = 0; a < axes; a++) {
      const g = grid + <usize>a * 12;
      const x = load<f32>(query + load<u32>(g));
      const place = cell(x, load<f32>(g, 4), load<f32>(g, 8), bits);
      code |= (axes == 2 ? everySecond(place) : everyThird(place)) << <u32>a;
    }
    store<u32>(codes + (<usize>q << 2), code);
    const at = counts + (<usize>(code + 1) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let c: usize = 4; c <= (<usize>CELLS << 2); c += 4) {
    store<u32>(counts + c, load<u32>(counts + c) + load<u32>(counts + c - 4));
  }
  for (let q = 0; q < n; q++) {
    const at = counts + (<usize>load<u32>(codes + (<usize>q << 2)) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u32>(order + (<usize>place << 2), q);
  }
}
