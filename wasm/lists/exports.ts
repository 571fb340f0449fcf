// Rows in lists, as TypeScript calls them.

import { Request } from "../graph/query";
import { Scratch } from "../graph/layout";
import { Centroids } from "../kmeans/layout";
import { spillOf } from "./spill";
import { copyLane, decodeLane, encodeLane } from "./codec";
import { BLOCK_IDS, BLOCK_ROWS, Coding, Lists } from "./layout";
import { searchLists, turnRow } from "./query";

/** Answers queries begin … end of a request. */
export function listsQuery(s: Scratch, l: Lists, r: Request, begin: i32, end: i32): void {
  searchLists(s, l, r, begin, end);
}

/** Turns rows begin … end; those of the outcome lie one behind the other, `l.bytes` each. */
export function listsTurn(_scratch: usize, l: Lists, rows: usize, stride: usize, out: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) turnRow(l, rows + <usize>i * stride, out + <usize>i * l.bytes);
}

/** Second lists of rows begin … end, u32 each (SOAR); `scratch` has room for a row. */
export function listsSpill(scratch: usize, c: Centroids, rows: usize, stride: usize, chosen: usize, out: usize, weight: f32, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const at = <usize>i << 2;
    store<u32>(out + at, spillOf(c, rows + <usize>i * stride, load<i32>(chosen + at), weight, scratch));
  }
}

@inline
function centroidOf(l: Lists, block: u32): usize {
  if (!l.centroids) return 0;
  const c = changetype<Centroids>(l.centroids);
  return c.rows + <usize>load<u32>(l.owners + (<usize>block << 2)) * c.bytes;
}

/** Codes the rows named in parts begin … end; `work` is room for a turned row and the codec's work. */
export function listsEncode(work: usize, l: Lists, coding: Coding, begin: i32, end: i32): void {
  for (let part = begin; part < end; part++) {
    const at = coding.parts + <usize>part * 12;
    const block = load<u32>(at), first = load<i32>(at, 4), last = load<i32>(at, 8);
    const ids = l.blocks + <usize>block * l.blockStride, centroid = centroidOf(l, block);
    if (first == 0) memory.fill(ids + BLOCK_IDS, 0, l.blockStride - BLOCK_IDS);
    for (let lane = first; lane < last; lane++) {
      let row = coding.rows + <usize>load<u32>(ids + (<usize>lane << 2)) * coding.stride;
      if (l.turn) {
        turnRow(l, row, work);
        row = work;
      }
      encodeLane(l.codec, row, centroid, ids + BLOCK_IDS, lane, work + l.bytes);
    }
  }
}

/** Copies the code at place `from` (32 · block + lane) of other blocks to place `to`. */
export function listsCopy(l: Lists, others: usize, from: u32, to: u32): void {
  const source = others + <usize>(from / BLOCK_ROWS) * l.blockStride + BLOCK_IDS;
  const target = l.blocks + <usize>(to / BLOCK_ROWS) * l.blockStride + BLOCK_IDS;
  copyLane(l.codec, source, from % BLOCK_ROWS, target, to % BLOCK_ROWS);
}

/** Writes the row that the code at a place stands for to `out`, which has room for the codec's work behind it. */
export function listsDecode(l: Lists, place: u32, out: usize): void {
  const block = place / BLOCK_ROWS;
  const codes = l.blocks + <usize>block * l.blockStride + BLOCK_IDS;
  decodeLane(l.codec, centroidOf(l, block), codes, place % BLOCK_ROWS, out, out + l.bytes);
}
