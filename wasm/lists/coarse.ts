// Which lists a query looks into: those of the nearest centroids.

import { fma } from "../simd";
import { dotF32 } from "../kernels/f32";
import { fromOrderedBits, orderedBits, sortKeys } from "../keys";
import { Centroids, GROUP } from "../kmeans/layout";
import { keepSmallest } from "./best";

/** term − 2·product of a query with the centroids of four groups. Long, so that the eight sums stay in registers. */
function rankFour(c: Centroids, query: usize, group: i32, out: usize): void {
  const bytes = <usize>c.d << 5;
  let x = c.packed + <usize>group * bytes, q = query;
  let y = x + bytes, z = y + bytes, w = z + bytes;
  const stop = y;
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  while (x < stop) {
    const v = v128.load32_splat(q);
    a0 = fma(v128.load(x), v, a0);
    a1 = fma(v128.load(x, 16), v, a1);
    b0 = fma(v128.load(y), v, b0);
    b1 = fma(v128.load(y, 16), v, b1);
    c0 = fma(v128.load(z), v, c0);
    c1 = fma(v128.load(z, 16), v, c1);
    d0 = fma(v128.load(w), v, d0);
    d1 = fma(v128.load(w, 16), v, d1);
    q += 4;
    x += 32;
    y += 32;
    z += 32;
    w += 32;
  }
  const terms = c.terms + (<usize>group << 5);
  v128.store(out, f32x4.sub(v128.load(terms), f32x4.add(a0, a0)));
  v128.store(out, f32x4.sub(v128.load(terms, 16), f32x4.add(a1, a1)), 16);
  v128.store(out, f32x4.sub(v128.load(terms, 32), f32x4.add(b0, b0)), 32);
  v128.store(out, f32x4.sub(v128.load(terms, 48), f32x4.add(b1, b1)), 48);
  v128.store(out, f32x4.sub(v128.load(terms, 64), f32x4.add(c0, c0)), 64);
  v128.store(out, f32x4.sub(v128.load(terms, 80), f32x4.add(c1, c1)), 80);
  v128.store(out, f32x4.sub(v128.load(terms, 96), f32x4.add(d0, d0)), 96);
  v128.store(out, f32x4.sub(v128.load(terms, 112), f32x4.add(d1, d1)), 112);
}

/** Ranks of all centroids, less what is the same for all of them, to `out`; groups are packed by fours. */
function rankAll(c: Centroids, query: usize, out: usize): void {
  const groups = (c.k + GROUP - 1) / GROUP;
  for (let group = 0; group < groups; group += 4) rankFour(c, query, group, out + (<usize>group << 5));
}

/**
 * Writes the keys (rank, list) of the `nprobe` nearest centroids to `keys`, nearest first; returns how many. `keys` has room
 * for 2·nprobe + 8, `spare` for nprobe. Ranks are those of the metric.
 */
export function probe(c: Centroids, query: usize, nprobe: i32, ranks: usize, keys: usize, spare: usize): i32 {
  rankAll(c, query, ranks);
  const most = min(nprobe, c.k), room = 2 * most;
  let length = 0, worst: f32 = Infinity;
  for (let first = 0; first < c.k; first += 4) {
    let bits = i32x4.bitmask(f32x4.le(v128.load(ranks + (<usize>first << 2)), f32x4.splat(worst)));
    if (first + 4 > c.k) bits &= (1 << (c.k - first)) - 1;
    while (bits) {
      const j = first + ctz(bits);
      bits &= bits - 1;
      const rank = load<f32>(ranks + (<usize>j << 2));
      store<u64>(keys + (<usize>length << 3), (<u64>orderedBits(rank) << 32) | <u64>j);
      length++;
    }
    if (length > room) {
      length = keepSmallest(keys, length, most);
      worst = fromOrderedBits(<u32>(load<u64>(keys + (<usize>(length - 1) << 3)) >> 32));
    }
  }
  length = keepSmallest(keys, length, most);
  sortKeys(keys, length, spare);
  // |q|² + (|c|² − 2q·c), or half of −2q·c.
  const norm = dotF32(query, query, c.bytes);
  for (let i = 0; i < length; i++) {
    const at = keys + (<usize>i << 3), key = load<u64>(at);
    const value = fromOrderedBits(<u32>(key >> 32));
    const rank: f32 = c.ip ? <f32>0.5 * value : max<f32>(0, value + norm);
    store<u64>(at, (<u64>orderedBits(rank) << 32) | (key & 0xffffffff));
  }
  return length;
}
