// Centroids and rows laid out for the product.

import { dotF32 } from "../kernels/f32";
import { Centroids, GROUP, PANEL, SIX } from "./layout";

/** Packs groups begin … end of the centroids, and their terms. */
export function packCentroids(c: Centroids, begin: i32, end: i32): void {
  const d = c.d;
  for (let group = begin; group < end; group++) {
    const out = c.packed + (<usize>group * <usize>d << 5);
    for (let lane = 0; lane < GROUP; lane++) {
      const j = group * GROUP + lane;
      const term = c.terms + (<usize>j << 2);
      let to = out + (<usize>lane << 2);
      if (j >= c.k) {
        for (let i = 0; i < d; i++, to += 32) store<f32>(to, 0);
        store<f32>(term, Infinity);
        continue;
      }
      const row = c.rows + <usize>j * c.bytes;
      for (let i = 0; i < d; i++, to += 32) store<f32>(to, load<f32>(row + (<usize>i << 2)));
      const norm = dotF32(row, row, c.bytes);
      if (!(norm <= c.longest)) c.longest = norm;
      store<f32>(term, c.ip ? 0 : norm);
    }
  }
}

/** Packs n rows in sixes, `[six][d][6]`; places without a row are zero. */
export function packRows(rows: usize, stride: usize, n: i32, d: i32, out: usize): void {
  for (let first = 0; first < n; first += SIX) {
    const some = min(SIX, n - first);
    for (let i = 0; i < SIX; i++) {
      let to = out + (<usize>i << 2);
      if (i >= some) {
        for (let j = 0; j < d; j++, to += 24) store<f32>(to, 0);
        continue;
      }
      let from = rows + <usize>(first + i) * stride;
      for (let j = 0; j < d; j++, to += 24, from += 4) store<f32>(to, load<f32>(from));
    }
    out += <usize>d * 24;
  }
}

/** Bytes of a panel of packed rows. */
@inline
export function panelBytes(d: i32): usize {
  return (<usize>d << 2) * PANEL;
}
