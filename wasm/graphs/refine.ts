// A second pass over rows that are linked already (Subramanya et al., NeurIPS 2019): each searches the graph for itself and
// chooses anew among what it found and its links. The choice is set aside and put in place when the batch is through, so
// that members are independent of each other.

import { insertSorted } from "../keys";
import { Batch, Graph, Scratch, linkAt, linkCount, setCounts, treeCount } from "../graph/layout";
import { padFour, poolAt, rankRows, searchLevel } from "../graph/search";
import { choose, chooseDiverse } from "../graph/select";
import {
  HammingBits, L1F32, L1U8, L2Codes7, L2F32, L2U8, LinfF32, LinfU8,
} from "../scorers";

@inline function member(b: Batch, i: i32): u32 { return load<u32>(b.order + (<usize>i << 2)); }
@inline function asideAt(g: Graph, aside: usize, i: i32): usize { return aside + <usize>(<u32>i * g.words0 << 2); }

function refineMembers<S>(scorer: S, s: Scratch, g: Graph, b: Batch, aside: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const id = member(b, i);
    const list = g.list(id, 0);
    const links = linkCount(list), tree = treeCount(list);
    scorer.useRow(id);
    searchLevel<S>(scorer, g, s, <u32>g.entry, b.efConstruction, 0);
    let n = 0;
    if (links > 0) {
      memory.copy(s.pending, list + 4, <usize>links << 2);
      padFour(s.pending, links);
      n = rankRows<S>(scorer, s.pending, links, s.sorted, links);
    }
    const room = b.efConstruction + links;
    for (let j = 0; j < s.poolSize; j++) n = insertSorted(s.sorted, n, room, poolAt(s, j) & ~1);
    // What is linked and was found stands there twice: a copy of what was chosen is never chosen.
    for (let j = 0; j < tree; j++) choose(s, j, linkAt(list, j));
    const count = chooseDiverse<S>(scorer, s, s.sorted, n, tree, max(g.M, tree), id, g.chooseScale);
    const out = asideAt(g, aside, i);
    memory.copy(out + 4, s.chosen, <usize>count << 2);
    setCounts(out, count, tree);
  }
}

/** Members begin … end choose their links anew; the choice is set aside. */
export function refineLinks(s: Scratch, g: Graph, b: Batch, aside: usize, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: refineMembers<L2F32>(changetype<L2F32>(s.scorer), s, g, b, aside, begin, end); break;
    case 1: refineMembers<L1F32>(changetype<L1F32>(s.scorer), s, g, b, aside, begin, end); break;
    case 2: refineMembers<LinfF32>(changetype<LinfF32>(s.scorer), s, g, b, aside, begin, end); break;
    case 3: refineMembers<L2U8>(changetype<L2U8>(s.scorer), s, g, b, aside, begin, end); break;
    case 4: refineMembers<L1U8>(changetype<L1U8>(s.scorer), s, g, b, aside, begin, end); break;
    case 5: refineMembers<LinfU8>(changetype<LinfU8>(s.scorer), s, g, b, aside, begin, end); break;
    case 6: refineMembers<L2Codes7>(changetype<L2Codes7>(s.scorer), s, g, b, aside, begin, end); break;
    case 7: refineMembers<HammingBits>(changetype<HammingBits>(s.scorer), s, g, b, aside, begin, end); break;
  }
}

/** Puts the choices of a batch in place. */
export function replaceLinks(g: Graph, b: Batch, aside: usize): void {
  for (let i = 0; i < b.size; i++) {
    memory.copy(g.list(member(b, i), 0), asideAt(g, aside, i), <usize>(g.words0 << 2));
  }
}
