// From lists of nearest rows to lists of links.

import { Graph, Scratch, setCounts } from "../graph/layout";
import { chooseDiverse } from "../graph/select";
import {
  HammingBits, L1F32, L1U8, L2Codes7, L2F32, L2U8, LinfF32, LinfU8,
} from "../scorers";
import { Descent, listOf } from "./join";
import { strictRank } from "../strict";
import { fromOrderedBits, insertSorted, orderedBits } from "../keys";

function choose(s: Scratch, list: usize, n: i32, limit: i32, id: u32, scale: f32): i32 {
  switch (s.kind) {
    case 0: return chooseDiverse<L2F32>(changetype<L2F32>(s.scorer), s, list, n, 0, limit, id, scale);
    case 1: return chooseDiverse<L1F32>(changetype<L1F32>(s.scorer), s, list, n, 0, limit, id, scale);
    case 2: return chooseDiverse<LinfF32>(changetype<LinfF32>(s.scorer), s, list, n, 0, limit, id, scale);
    case 3: return chooseDiverse<L2U8>(changetype<L2U8>(s.scorer), s, list, n, 0, limit, id, scale);
    case 4: return chooseDiverse<L1U8>(changetype<L1U8>(s.scorer), s, list, n, 0, limit, id, scale);
    case 5: return chooseDiverse<LinfU8>(changetype<LinfU8>(s.scorer), s, list, n, 0, limit, id, scale);
    case 6: return chooseDiverse<L2Codes7>(changetype<L2Codes7>(s.scorer), s, list, n, 0, limit, id, scale);
    case 7: return chooseDiverse<HammingBits>(changetype<HammingBits>(s.scorer), s, list, n, 0, limit, id, scale);
  }
  return 0;
}

/** Rows begin … end link to what their lists of nearest rows hold, by the rule of diversity. */
export function chooseNearest(s: Scratch, g: Graph, d: Descent, begin: i32, end: i32): void {
  for (let id = begin; id < end; id++) {
    const list = listOf(d, id);
    let n = 0;
    while (n < d.K && load<u32>(list + (<usize>n << 3), 4) != 0x7f800000) n++;
    const count = choose(s, list, n, g.M, id, g.chooseScale);
    const links = g.list(id, 0);
    memory.copy(links + 4, s.chosen, <usize>count << 2);
    setCounts(links, count, 0);
  }
}

/** Replaces ranks in the lists of rows begin … end by those of the strict kernel, and sorts anew; ids stand in the low half. */
export function rankStrictly(
  s: Scratch, d: Descent, kind: i32, rows: usize, stride: usize, bytes: usize, begin: i32, end: i32,
): void {
  const K = d.K;
  for (let id = begin; id < end; id++) {
    const list = listOf(d, id);
    let n = 0;
    for (let i = 0; i < K; i++) {
      const key = load<u64>(list + (<usize>i << 3));
      if (<u32>(key >> 32) == 0x7f800000) break;
      const other = <u32>key >> 1;
      const rank = strictRank(kind, rows + <usize>id * stride, rows + <usize>other * stride, bytes);
      n = insertSorted(s.sorted, n, K, (<u64>orderedBits(rank) << 32) | <u64>(other << 1));
    }
    for (let i = 0; i < n; i++) {
      const key = load<u64>(s.sorted + (<usize>i << 3));
      const rank = fromOrderedBits(<u32>(key >> 32));
      store<u64>(list + (<usize>i << 3), (<u64>reinterpret<u32>(rank) << 32) | <u64>(<u32>key));
    }
  }
}
