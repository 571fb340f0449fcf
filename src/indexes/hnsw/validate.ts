import type { Key } from "../contract.ts";
import type { GraphIndex } from "../graphs/common/graphIndex.ts";
import { MAX_LEVEL } from "./level.ts";

type Fail = (rule: string, got?: string) => never;

/**
 * Checks a graph read from a file, so that no search can leave its memory: list lengths, ids, levels, and that a
 * row named on a level stands on it.
 */
export function checkGraph<K extends Key>(index: GraphIndex<K>, fail: Fail): void {
  const { graph, rows, space } = index;
  const { M, capacity, flat } = graph.options;
  const n = rows.rows;
  const levels = space.u8("levels");
  const upperAt = space.u32("upperAt");
  const links0 = space.u32("links0");
  const upper = space.u32("upper");

  let words = 0;
  for (let row = 0; row < n; row++) {
    if (flat && levels[row] !== 0) fail("all rows stand on level 0", `row ${row}`);
    if (levels[row]! > MAX_LEVEL) fail(`levels are at most ${MAX_LEVEL}`, `row ${row}`);
    if (!flat && upperAt[row] !== words) fail("upper lists stand in the order of their rows", `row ${row}`);
    words += levels[row]! * graph.words;
  }
  if (words !== graph.upperWords) fail("upper lists fill their section", `${words} words`);
  if (graph.entry >= n || graph.entry < 0 !== graph.maxLevel < 0) fail("the entry is one of the rows");
  if (graph.entry >= 0 && levels[graph.entry] !== graph.maxLevel) fail("the entry stands on the top level");
  if (graph.inserted < n) fail("no more rows are held than were inserted");

  const checkList = (
    lists: Uint32Array,
    at: number,
    capacity: number,
    treeLimit: number,
    row: number,
    level: number,
  ): void => {
    const head = lists[at]!;
    const links = head & 0xffff;
    const tree = head >>> 16;
    if (links > capacity || tree > Math.min(links, treeLimit))
      fail("lists are within their capacity", `row ${row}`);
    for (let i = at + 1; i <= at + links; i++) {
      const id = lists[i]!;
      // Rows of an abandoned block may have levels of their own; they are on none but the lowest.
      if (id >= n || levels[id]! < level || (level > 0 && levels[id]! > graph.maxLevel)) {
        fail("links lead to rows of their level", `row ${row}`);
      }
    }
  };
  for (let row = 0; row < n; row++) {
    checkList(links0, row * graph.words0, capacity, graph.treeLimit, row, 0);
    for (let level = 1; level <= levels[row]!; level++) {
      checkList(upper, upperAt[row]! + (level - 1) * graph.words, M, 0, row, level);
    }
  }
  checkTree(links0, graph.words0, n, fail);
}

/** Tree links stand in both ends' lists and close no circle: insertion walks along them until they end. */
function checkTree(links0: Uint32Array, words0: number, n: number, fail: Fail): void {
  const treeOf = (row: number): Uint32Array => {
    const at = row * words0;
    return links0.subarray(at + 1, at + 1 + (links0[at]! >>> 16));
  };
  const seen = new Uint8Array(n);
  const queue = new Uint32Array(n);
  for (let root = 0; root < n; root++) {
    if (seen[root]) continue;
    seen[root] = 1;
    queue[0] = root;
    let rows = 1;
    let ends = 0;
    for (let head = 0; head < rows; head++) {
      const row = queue[head]!;
      for (const id of treeOf(row)) {
        ends++;
        if (!treeOf(id).includes(row)) fail("tree links are returned", `row ${row}`);
        if (seen[id]) continue;
        seen[id] = 1;
        queue[rows++] = id;
      }
    }
    if (ends !== 2 * (rows - 1)) fail("tree links close no circle", `${ends} among ${rows} rows`);
  }
}
