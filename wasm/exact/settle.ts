// From candidates to answers: the strict distance of every row that its lower value could not exclude.

import { dotF32, l2sqF32 } from "../kernels/f32";
import { orderedBits } from "../keys";
import { accept, siftDown } from "./list";
import { codeLimit, setCodeLimit } from "./bound";
import { setProductLimit } from "./product-limit";
import { ExactScratch, ExactStore, METRIC_IP, MODE_NEAREST } from "./layout";

/** The score that is answered: one kernel on every path, so the same bits whatever path led here. */
@inline
export function strictScore(data: ExactStore, query: usize, row: u32): f32 {
  const at = data.rows + <usize>row * <usize>data.stride;
  if (data.metric == METRIC_IP) return <f32>0 - dotF32(query, at, data.bytes);
  return l2sqF32(query, at, data.bytes);
}

@inline
export function queryAt(s: ExactScratch, q: u32): usize {
  return s.queries + <usize>q * <usize>s.queryStride;
}

/** The byte of the skip bitmap that covers rows 8g … 8g+7. */
@inline
export function skipByte(s: ExactScratch, group: u32): u32 {
  return s.skip ? <u32>load<u8>(s.skip + <usize>group) : 0;
}

/** Bits of the rows of a group that lie in begin … end−1 and are not skipped. */
@inline
export function groupMask(s: ExactScratch, group: u32, begin: u32, end: u32): u32 {
  const first = group << 3;
  let mask: u32 = 255;
  if (first < begin) mask &= 255 << (begin - first);
  if (first + 8 > end) mask &= (1 << (end - first)) - 1;
  return mask & ~skipByte(s, group);
}

/** Key of a candidate with a coded value; complemented, so that the max-heap of list.ts yields the least. */
@inline
export function codeCandidate(value: i32, row: u32): u64 {
  return ~((<u64>(<u32>value ^ 0x80000000) << 32) | <u64>row);
}

/** The same with a float value. */
@inline
export function floatCandidate(value: f32, row: u32): u64 {
  return ~((<u64>orderedBits(value) << 32) | <u64>row);
}

@inline
function stillPossible(data: ExactStore, s: ExactScratch, q: u32, key: u64, coded: bool): bool {
  const at = <usize>q << 2;
  if (!coded) return <u32>(key >> 32) <= orderedBits(load<f32>(s.alpha + at));
  const error = load<f32>(data.errors + (<usize>(<u32>key >> 3) << 2));
  const limit = codeLimit(load<f32>(s.alpha + at), load<f32>(s.beta + at), load<i32>(s.codeNorms + at), error);
  return <i32>(<u32>(key >> 32) ^ 0x80000000) <= limit;
}

/** As a function of its own: two kernels inlined once, not four times. */
function rarelyScored(data: ExactStore, query: usize, row: u32): f32 {
  return strictScore(data, query, row);
}

@inline
function scoreOne(data: ExactStore, s: ExactScratch, q: u32, key: u64, coded: bool): void {
  if (!stillPossible(data, s, q, key, coded)) return;
  s.scored += 1;
  if (!accept(s, q, <u32>key, rarelyScored(data, queryAt(s, q), <u32>key))) return;
  if (coded) setCodeLimit(data, s, q);
  else setProductLimit(data, s, q);
}

/**
 * Scores the `n` candidates of query q. The likeliest k go first, so that the limit is low when the rest are
 * looked at again; it excludes most of those without their rows being read.
 */
export function settle(data: ExactStore, s: ExactScratch, q: u32, list: usize, n: u32, coded: bool): void {
  let rest = n;
  if (s.mode == MODE_NEAREST && n > 4) {
    for (let i = n >> 1; i > 0; i--) siftDown(list, n, i - 1, load<u64>(list + (<usize>(i - 1) << 3)));
    for (let taken: u32 = 0; rest > 0 && taken < s.k; taken++) {
      const key = ~load<u64>(list);
      siftDown(list, --rest, 0, load<u64>(list + (<usize>rest << 3)));
      scoreOne(data, s, q, key, coded);
    }
  }
  for (let i: u32 = 0; i < rest; i++) scoreOne(data, s, q, ~load<u64>(list + (<usize>i << 3)), coded);
}
