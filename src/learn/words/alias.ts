import type { Rng } from "../../core/index.ts";

/** Draws numbers 0 … n−1 with given weights, each in constant time. */
export interface AliasTable {
  /** Share of a place that is its own number's; the rest is its alias's. */
  readonly own: Float64Array;
  readonly alias: Uint32Array;
}

/** @see Vose, IEEE Transactions on Software Engineering, 1991 */
export function aliasTable(weights: ArrayLike<number>): AliasTable {
  const n = weights.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i]!;
  const own = Float64Array.from({ length: n }, (_, i) => (weights[i]! * n) / total);
  const alias = Uint32Array.from({ length: n }, (_, i) => i);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < n; i++) (own[i]! < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large[large.length - 1]!;
    alias[less] = more;
    own[more]! -= 1 - own[less]!;
    if (own[more]! < 1) small.push(large.pop()!);
  }
  // What rounding leaves over is as good as full.
  for (const i of [...small, ...large]) own[i] = 1;
  return { own, alias };
}

export function drawAlias({ own, alias }: AliasTable, rng: Rng): number {
  const place = rng.next() * own.length;
  const i = Math.floor(place);
  return place - i < own[i]! ? i : alias[i]!;
}
