// Codes of rows in lists: what a list is scanned by. A codec is a struct in linear memory that begins with these fields; a
// switch over its kind leads to wasm/codecs/<codec>.ts. Loops over blocks stay outside, so that there is one of each.
//
// Rows, centroids and queries are float32, `bytes` bytes of them meant, zero beyond the dimension. Codes lie in blocks of 32
// rows. Ranks are those of the metric: squared L2, or −dot for inner product.

import { CODEC_FAST, CODEC_PQ, CODEC_RABITQ, CODEC_SQ, Coder } from "../codecs/layout";
import { copyPq, decodePq, encodePq, listPq, queryPq, scanFast, scanPq } from "../codecs/pq";
import {
  boundRabitq, copyRabitq, decodeRabitq, encodeRabitq, listRabitq, queryRabitq, scanRabitq,
} from "../codecs/rabitq";
import { copySq, decodeSq, encodeSq, listSq, querySq, scanSq } from "../codecs/sq";

/** The fields that all codecs share; the TypeScript side fills them in this order, four bytes each. */
@unmanaged
export class Codec {
  kind: i32;
  /** Dimensions of what is coded. */
  d: i32;
  /** Bytes of a row, a multiple of 16. */
  bytes: usize;
  /** 0: ranks are squared L2; 1: −dot. */
  ip: i32;
}

/**
 * Writes the code of a row as lane 0 … 31 of a block. `centroid` is that of its list, or 0; `work` is room of the codec's
 * workBytes. Lanes of one block are written by one thread, in ascending order; the block was zero before.
 */
export function encodeLane(codec: usize, row: usize, centroid: usize, block: usize, lane: i32, work: usize): void {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_PQ:
    case CODEC_FAST: encodePq(changetype<Coder>(codec), row, centroid, block, lane, work); break;
    case CODEC_SQ: encodeSq(changetype<Coder>(codec), row, centroid, block, lane, work); break;
    case CODEC_RABITQ: encodeRabitq(changetype<Coder>(codec), row, centroid, block, lane, work); break;
    default: unreachable();
  }
}

/** Copies a code; the lane it goes to is zero or to be overwritten. */
export function copyLane(codec: usize, from: usize, fromLane: i32, to: usize, toLane: i32): void {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_PQ:
    case CODEC_FAST: copyPq(changetype<Coder>(codec), from, fromLane, to, toLane); break;
    case CODEC_SQ: copySq(changetype<Coder>(codec), from, fromLane, to, toLane); break;
    case CODEC_RABITQ: copyRabitq(changetype<Coder>(codec), from, fromLane, to, toLane); break;
    default: unreachable();
  }
}

/** Writes the row that a code stands for to `out`, its centroid included. */
export function decodeLane(codec: usize, centroid: usize, block: usize, lane: i32, out: usize, work: usize): void {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_PQ:
    case CODEC_FAST: decodePq(changetype<Coder>(codec), centroid, block, lane, out); break;
    case CODEC_SQ: decodeSq(changetype<Coder>(codec), centroid, block, lane, out); break;
    case CODEC_RABITQ: decodeRabitq(changetype<Coder>(codec), centroid, block, lane, out, work); break;
    default: unreachable();
  }
}

/** Makes the tables of a query in `table`, room of the codec's tableBytes. */
export function beginQuery(codec: usize, query: usize, table: usize): void {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_PQ:
    case CODEC_FAST: queryPq(changetype<Coder>(codec), query, table); break;
    case CODEC_SQ: querySq(changetype<Coder>(codec), query, table); break;
    case CODEC_RABITQ: queryRabitq(changetype<Coder>(codec), query, table); break;
    default: unreachable();
  }
}

/** Goes on to a list: `centroidRank` is the metric rank of its centroid. Without centroids it is called once, with 0, 0 and 0. */
export function beginList(codec: usize, query: usize, list: i32, centroid: usize, centroidRank: f32, table: usize): void {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_PQ:
    case CODEC_FAST: listPq(changetype<Coder>(codec), query, centroid, table); break;
    case CODEC_SQ: listSq(changetype<Coder>(codec), query, centroid, table); break;
    case CODEC_RABITQ: listRabitq(changetype<Coder>(codec), query, centroid, table); break;
    default: unreachable();
  }
}

/**
 * Ranks the first n lanes of a block. Returns a bit for each lane whose rank is at most `worst`, and may write just these
 * lanes' ranks to `ranks` (f32[32]). `worst` is infinite as long as all are wanted.
 */
export function scanBlock(codec: usize, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_PQ: return scanPq(changetype<Coder>(codec), table, block, n, worst, ranks);
    case CODEC_FAST: return scanFast(changetype<Coder>(codec), table, block, n, worst, ranks);
    case CODEC_SQ: return scanSq(changetype<Coder>(codec), table, block, n, worst, ranks);
    case CODEC_RABITQ: return scanRabitq(changetype<Coder>(codec), table, block, n, worst, ranks);
    default: unreachable();
  }
  return 0;
}

/** Returns a bit for each lane whose true rank may be at most `worst`; for codecs that are bounded. */
export function boundBlock(codec: usize, table: usize, block: usize, n: i32, worst: f32, ranks: usize): u32 {
  switch (changetype<Codec>(codec).kind) {
    case CODEC_RABITQ: return boundRabitq(changetype<Coder>(codec), table, block, n, worst, ranks);
    default: unreachable();
  }
  return 0;
}
