// Exact search, as TypeScript calls it. See src/kernels/exact.ts for the order of calls.

import { beginQueries, encodeQueries } from "./encode";
import { packQueries } from "./product";
import { searchCodes } from "./codes";
import { searchProduct } from "./product";
import { searchScan } from "./scan";
import { BLOCK, BOUND_BYTES, CANDIDATES, ExactScratch, ExactStore, PANEL, SIX, TILE } from "./layout";

export { exactEncode } from "./encode";
export { exactFinish, exactMerge } from "./list";

const EXACT_SCAN: u32 = 0;
const EXACT_CODES: u32 = 1;
const EXACT_PRODUCT: u32 = 2;

@inline
function align16(n: u64): u64 {
  return (n + 15) & ~15;
}

/** Bytes of one coded query in this build. */
@inline
function queryCodeBytes(codeDim: u32): u32 {
  // @ts-ignore: RELAXED is a compiler flag
  return isDefined(RELAXED) ? codeDim : codeDim << 1;
}

/** Addresses of the sections from `s` on (when `write`), and the bytes they take in all. */
function layOut(s: usize, codeDim: u32, rowBytes: u32, nq: u32, k: u32, room: u32, write: bool): u64 {
  const scratch = changetype<ExactScratch>(s);
  const places = <u64>(nq + 11) / 12 * 12; // whole tiles of four and of six
  const queryBytes = queryCodeBytes(codeDim);
  let at = align16(offsetof<ExactScratch>());
  const queryCodes = at;
  at = align16(at + places * <u64>queryBytes);
  const alpha = at;
  at = align16(at + places * 4);
  const beta = at;
  at = align16(at + places * 4);
  const codeNorms = at;
  at = align16(at + places * 4);
  const bounds = at;
  at = align16(at + places * <u64>BOUND_BYTES);
  const lists = at;
  at = align16(at + <u64>nq * <u64>k * 8);
  const counts = at;
  at = align16(at + places * 4);
  const candidates = at;
  at += <u64>CANDIDATES * 8;
  const candidateCounts = at;
  at += 32;
  const tile = at;
  at += 32 * <u64>SIX;
  const packedQueries = at;
  if (rowBytes) at = align16(at + places * <u64>rowBytes);
  const packedRows = at;
  if (rowBytes) at = align16(at + <u64>PANEL * <u64>rowBytes);
  const rowTerms = at;
  if (rowBytes) at += <u64>PANEL * 4;
  const answers = at;
  at = align16(at + <u64>k * 8);
  const outKeys = at;
  at += <u64>room * 8;
  const outQueries = at;
  at = align16(at + <u64>room * 4);
  if (write) {
    scratch.nq = nq;
    scratch.k = k;
    scratch.queryBytes = queryBytes;
    scratch.queryCodes = s + <usize>queryCodes;
    scratch.alpha = s + <usize>alpha;
    scratch.beta = s + <usize>beta;
    scratch.codeNorms = s + <usize>codeNorms;
    scratch.bounds = s + <usize>bounds;
    scratch.lists = s + <usize>lists;
    scratch.counts = s + <usize>counts;
    scratch.candidates = s + <usize>candidates;
    scratch.candidateCounts = s + <usize>candidateCounts;
    scratch.tile = s + <usize>tile;
    scratch.packedQueries = s + <usize>packedQueries;
    scratch.packedRows = s + <usize>packedRows;
    scratch.rowTerms = s + <usize>rowTerms;
    scratch.answers = s + <usize>answers;
    scratch.outKeys = s + <usize>outKeys;
    scratch.outQueries = s + <usize>outQueries;
    scratch.outCapacity = room;
  }
  return at;
}

/**
 * Bytes of a scratch for `nq` queries and `k` neighbours each, as f64. codeDim is 0 where no codes will be used;
 * rowBytes is 0 where the float product will not be used. room: results a range search can hold before it stops
 * to be emptied, 0 or at least OUT_MIN.
 */
export function exactScratchBytes(codeDim: u32, rowBytes: u32, nq: u32, k: u32, room: u32): f64 {
  return <f64>layOut(0, codeDim, rowBytes, nq, k, room, false);
}

/** Lays out a scratch of those bytes at a 16-byte aligned address. The other fields are the caller's to set. */
export function exactInit(scratch: usize, codeDim: u32, rowBytes: u32, nq: u32, k: u32, room: u32): void {
  layOut(scratch, codeDim, rowBytes, nq, k, room, true);
}

/** Empties the results and prepares the staged queries for a path: EXACT_SCAN, EXACT_CODES or EXACT_PRODUCT. */
export function exactBegin(scratchPtr: usize, dataPtr: usize, path: u32): void {
  const data = changetype<ExactStore>(dataPtr), scratch = changetype<ExactScratch>(scratchPtr);
  beginQueries(data, scratch);
  if (path == EXACT_CODES) encodeQueries(data, scratch);
  else if (path == EXACT_PRODUCT) packQueries(data, scratch);
}

/**
 * Searches rows begin … end−1. Returns 1, or 0 when the output area of a range search is full: empty it, set
 * outCount to 0, and make the same call again.
 */
export function exactSearch(scratchPtr: usize, dataPtr: usize, path: u32, begin: u32, end: u32): u32 {
  const data = changetype<ExactStore>(dataPtr), scratch = changetype<ExactScratch>(scratchPtr);
  if (path == EXACT_CODES) return searchCodes(data, scratch, begin, end);
  if (path == EXACT_PRODUCT) return searchProduct(data, scratch, begin, end);
  return searchScan(data, scratch, begin, end);
}
