import { permuteRows } from "../rowMath.ts";
import type { RowStore } from "../rows.ts";
import type { Space } from "../space.ts";
import type { LinkGraph } from "./graph.ts";
import { gorder } from "./order.ts";

/**
 * A new numbering of the rows: live ones first, in an order that keeps neighbours close in memory, then the
 * removed ones, which are to be dropped. The graph holds no links to removed rows.
 */
export function newNumbers(
  space: Space,
  rows: RowStore,
  graph: LinkGraph,
): { newSlotOfOld: Uint32Array; kept: number } {
  const n = rows.rows;
  const order = gorder(space.u32("links0"), graph.words0, n);
  if (rows.removed === 0) return { newSlotOfOld: order, kept: n };
  const oldOfNew = new Uint32Array(n);
  for (let old = 0; old < n; old++) oldOfNew[order[old]!] = old;
  let live = 0;
  let dead = rows.live;
  for (const old of oldOfNew) order[old] = rows.isRemoved(old) ? dead++ : live++;
  return { newSlotOfOld: order, kept: rows.live };
}

/** Moves the lists of all levels to the new numbers and translates the ids in them. */
export function renumberLinks(space: Space, graph: LinkGraph, newSlotOfOld: Uint32Array, kept: number): void {
  const n = newSlotOfOld.length;
  if (graph.entry >= 0) graph.setEntry(newSlotOfOld[graph.entry]!, graph.maxLevel);
  const levels = space.u8("levels");
  const upperAt = space.u32("upperAt");
  const links0 = space.u32("links0");
  for (let row = 0; row < n; row++) translate(links0, row * graph.words0, newSlotOfOld);

  const pivots = space.u32("pivots");
  for (let node = 0; node < graph.pivots * 8; node += 8) {
    for (let at = node; at < node + 4; at++) pivots[at] = newSlotOfOld[pivots[at]!]!;
  }
  permuteRows(space.u8("links0"), graph.words0 * 4, newSlotOfOld, kept);
  permuteRows(levels, 1, newSlotOfOld, kept);
  if (graph.options.flat) return;
  permuteRows(space.u8("upperAt"), 4, newSlotOfOld, kept);

  // Upper lists of the kept rows, translated and in the order of their rows; those of dropped rows go.
  const old = space.u32("upper").slice(0, graph.upperWords);
  const upper = space.u32("upper");
  let words = 0;
  for (let row = 0; row < kept; row++) {
    const from = upperAt[row]!;
    const length = levels[row]! * graph.words;
    for (let at = 0; at < length; at += graph.words) translate(old, from + at, newSlotOfOld);
    upper.set(old.subarray(from, from + length), words);
    upperAt[row] = words;
    words += length;
  }
  upper.fill(0, words);
  graph.setUpperWords(words);
}

function translate(lists: Uint32Array, at: number, newSlotOfOld: Uint32Array): void {
  const links = lists[at]! & 0xffff;
  for (let i = at + 1; i <= at + links; i++) lists[i] = newSlotOfOld[lists[i]!]!;
  // What stands behind the links is never read; zeroed, equal graphs are equal bytes.
}
