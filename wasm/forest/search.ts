// Searching a forest, as Annoy does: one queue over the nodes of all trees, ordered by the smallest margin on the way
// to a node, until enough candidates are collected; then those are ranked, each once.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { padFour } from "../graph/search";
import { l1Bytesx4 } from "../kernels/bytes";
import { dotCodes7, dotCodes7x4 } from "../kernels/codes";
import { fromOrderedBits, insertSorted, orderedBits } from "../keys";
import { mayOffer, offerAnswer, offerQuery, offerRange, offerRows } from "../offer";
import { encodeRow } from "../quantize";
import { Forest, RANK_BITS, RANK_L1, SPLIT_BYTES, Split } from "./layout";

/** Rows of the tail ranked together. */
const TAIL: i32 = 64;

@inline
function nodeKey(priority: f32, node: i32): u64 { return (<u64>orderedBits(priority) << 32) | <u64><u32>node; }

@inline
function heapAt(heap: usize, i: i32): u64 { return load<u64>(heap + (<usize>i << 3)); }

function push(heap: usize, size: i32, key: u64): void {
  let i = size;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const above = heapAt(heap, parent);
    if (above >= key) break;
    store<u64>(heap + (<usize>i << 3), above);
    i = parent;
  }
  store<u64>(heap + (<usize>i << 3), key);
}

/** Takes the first key out of a heap of `size` keys. */
function pop(heap: usize, size: i32): void {
  const last = size - 1;
  const key = heapAt(heap, last);
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= last) break;
    if (child + 1 < last && heapAt(heap, child + 1) > heapAt(heap, child)) child++;
    const below = heapAt(heap, child);
    if (below <= key) break;
    store<u64>(heap + (<usize>i << 3), below);
    i = child;
  }
  store<u64>(heap + (<usize>i << 3), key);
}

@inline
function nextEpoch(f: Forest, s: Scratch): u8 {
  s.epoch++;
  if (s.epoch > 255) {
    memory.fill(s.visited, 0, <usize>f.rows);
    s.epoch = 1;
  }
  return <u8>s.epoch;
}

/** Appends the rows of a leaf that were not met before and may be answered; returns the new length of the list. */
@inline
function gather(f: Forest, s: Scratch, r: Request, epoch: u8, leaf: i32, n: i32): i32 {
  const at = f.leaves + (<usize>leaf << 2);
  let item = f.items + (<usize>load<u32>(at) << 2);
  const end = f.items + (<usize>load<u32>(at, 4) << 2);
  for (; item < end; item += 4) {
    const id = load<u32>(item);
    const mark = s.visited + id;
    store<u32>(s.pending + (<usize>n << 2), id);
    n += <i32>(load<u8>(mark) != epoch && mayOffer(s, r, id));
    store<u8>(mark, epoch);
  }
  return n;
}

/** Lists candidates until `r.ef` were met, those met again counted again; returns how many there are. */
function collect(f: Forest, s: Scratch, r: Request, query: usize): i32 {
  const epoch = nextEpoch(f, s);
  const heap = s.pool;
  const bits = f.rank == RANK_BITS;
  let size = 0;
  for (let t = 0; t < f.trees; t++) {
    push(heap, size++, nodeKey(bits ? 0 : <f32>Infinity, load<i32>(f.roots + (<usize>t << 2))));
  }
  let n = 0, met = 0;
  while (size > 0 && met < r.ef) {
    const first = heapAt(heap, 0);
    pop(heap, size--);
    let node = <i32><u32>first;
    let priority = fromOrderedBits(<u32>(first >> 32));
    while (node >= 0) {
      const split = changetype<Split>(f.splits + <usize>node * SPLIT_BYTES);
      let second: bool;
      let far = priority;
      if (bits) {
        const bit = split.threshold;
        second = bit >= 0 && ((load<u8>(query + (bit >> 3)) >> <u8>(bit & 7)) & 1) != 0;
        if (bit >= 0) far -= 1;
      } else {
        const dot = dotCodes7(f.planes + <usize>node * f.planeBytes, query, f.planeBytes);
        const margin = split.scale * <f32>(dot + split.threshold);
        second = margin > 0;
        const distance = abs<f32>(margin);
        far = min<f32>(priority, -distance);
        priority = min<f32>(priority, distance);
      }
      push(heap, size++, nodeKey(far, second ? split.first : split.second));
      const key = nodeKey(priority, second ? split.second : split.first);
      // The better of the near side and what waits; mostly the near side, which then costs the heap nothing.
      const waiting = heapAt(heap, 0);
      if (waiting > key) {
        pop(heap, size--);
        push(heap, size++, key);
      }
      const next = max<u64>(waiting, key);
      node = <i32><u32>next;
      priority = fromOrderedBits(<u32>(next >> 32));
    }
    const at = f.leaves + (<usize>~node << 2);
    met += <i32>(load<u32>(at, 4) - load<u32>(at));
    n = gather(f, s, r, epoch, ~node, n);
  }
  return n;
}

/** Ranks `n` listed rows (with room for three more) by their codes; the nearest are kept in `best`. */
function rankListed(f: Forest, r: Request, query: usize, norm: i32, ids: usize, n: i32, best: usize, length: i32): i32 {
  if (n == 0) return length;
  padFour(ids, n);
  const bytes = f.codeBytes;
  const norms = f.norms;
  let worst: u32 = length < r.rerank ? 0xffffffff : <u32>(heapAt(best, length - 1) >> 32);
  for (let i = 0; i < n; i += 4) {
    const at = ids + (<usize>i << 2);
    const a = load<u32>(at), b = load<u32>(at, 4), c = load<u32>(at, 8), d = load<u32>(at, 12);
    const rowA = f.codes + <usize>a * bytes, rowB = f.codes + <usize>b * bytes;
    const rowC = f.codes + <usize>c * bytes, rowD = f.codes + <usize>d * bytes;
    let ranks: v128;
    if (f.rank == RANK_L1) ranks = l1Bytesx4<u8>(query, rowA, rowB, rowC, rowD, bytes);
    else {
      const dots = dotCodes7x4(query, rowA, rowB, rowC, rowD, bytes);
      let own = i32x4.splat(<i32>load<u32>(norms + (<usize>a << 2)));
      own = i32x4.replace_lane(own, 1, <i32>load<u32>(norms + (<usize>b << 2)));
      own = i32x4.replace_lane(own, 2, <i32>load<u32>(norms + (<usize>c << 2)));
      own = i32x4.replace_lane(own, 3, <i32>load<u32>(norms + (<usize>d << 2)));
      ranks = i32x4.sub(i32x4.add(own, i32x4.splat(norm)), i32x4.shl(dots, 1));
    }
    if (!v128.any_true(i32x4.le_u(ranks, i32x4.splat(<i32>worst)))) continue;
    const rest = n - i;
    length = keep(r, best, length, <u32>i32x4.extract_lane(ranks, 0), a);
    if (rest > 1) length = keep(r, best, length, <u32>i32x4.extract_lane(ranks, 1), b);
    if (rest > 2) length = keep(r, best, length, <u32>i32x4.extract_lane(ranks, 2), c);
    if (rest > 3) length = keep(r, best, length, <u32>i32x4.extract_lane(ranks, 3), d);
    if (length == r.rerank) worst = <u32>(heapAt(best, length - 1) >> 32);
  }
  return length;
}

@inline
function keep(r: Request, best: usize, length: i32, rank: u32, id: u32): i32 {
  return insertSorted(best, length, r.rerank, (<u64>rank << 32) | <u64>id);
}

/** Ranks the rows behind the trees as well. */
function rankTail(f: Forest, s: Scratch, r: Request, query: usize, norm: i32, best: usize, length: i32): i32 {
  let n = 0;
  for (let id = <u32>f.covered; id < <u32>f.rows; id++) {
    if (!mayOffer(s, r, id)) continue;
    store<u32>(s.pending + (<usize>n << 2), id);
    if (++n < TAIL) continue;
    length = rankListed(f, r, query, norm, s.pending, n, best, length);
    n = 0;
  }
  return rankListed(f, r, query, norm, s.pending, n, best, length);
}

/** Candidates by codes, the best of them by the strict kernel. */
function answerByCodes(f: Forest, s: Scratch, r: Request, query: usize): i32 {
  const code = s.code;
  encodeRow(query, r.offsets, r.inverseStep, r.levels, code, <i32>f.codeBytes);
  let plane = code;
  if (!f.sameCodes) {
    plane = code + f.codeBytes;
    encodeRow(query, f.planeOffsets, f.planeInverse, r.levels, plane, <i32>f.planeBytes);
  }
  const n = collect(f, s, r, plane);
  const best = s.pool + (<usize>f.heapRoom << 3);
  const norm = dotCodes7(code, code, f.codeBytes);
  let kept = rankListed(f, r, code, norm, s.pending, n, best, 0);
  kept = rankTail(f, s, r, code, norm, best, kept);
  for (let i = 0; i < kept; i++) store<u32>(s.pending + (<usize>i << 2), <u32>heapAt(best, i));
  return offerRows(s, r, 0, s.pending, kept);
}

/** Answers queries begin … end. The lists of `s` are as large as src/indexes/forest/forest.ts says. */
export function searchForest(f: Forest, s: Scratch, r: Request, begin: i32, end: i32): void {
  for (let q = begin; q < end; q++) {
    offerQuery(s, r, q);
    const query = r.queries + <usize>q * r.queryStride;
    let length = 0;
    if (f.rank == RANK_BITS) {
      length = offerRows(s, r, 0, s.pending, collect(f, s, r, query));
      length = offerRange(s, r, length, f.covered, f.rows);
    } else length = answerByCodes(f, s, r, query);
    offerAnswer(s, r, q, length);
  }
}
