// The graph loops as TypeScript calls them. `Scratch.kind` names the scorer; there is one compiled copy of
// each loop for every scorer.

import {
  HammingBits, L1F32, L1U8, L2Codes7, L2F32, L2U8, LinfF32, LinfU8,
} from "../scorers";
import { Batch, Graph, Scratch } from "./layout";
import { applyBackLinks, chooseLinks, planBackLinks, raiseEntry } from "./insert";
import { dropDeadLinks, growTree, markReachable } from "./mend";
import { Request, queryMany, rankPending } from "./query";

/** Answers queries begin … end of a request. */
export function graphQuery(s: Scratch, g: Graph, r: Request, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: queryMany<L2F32>(changetype<L2F32>(s.scorer), g, s, r, begin, end); break;
    case 1: queryMany<L1F32>(changetype<L1F32>(s.scorer), g, s, r, begin, end); break;
    case 2: queryMany<LinfF32>(changetype<LinfF32>(s.scorer), g, s, r, begin, end); break;
    case 3: queryMany<L2U8>(changetype<L2U8>(s.scorer), g, s, r, begin, end); break;
    case 4: queryMany<L1U8>(changetype<L1U8>(s.scorer), g, s, r, begin, end); break;
    case 5: queryMany<LinfU8>(changetype<LinfU8>(s.scorer), g, s, r, begin, end); break;
    case 6: queryMany<L2Codes7>(changetype<L2Codes7>(s.scorer), g, s, r, begin, end); break;
    case 7: queryMany<HammingBits>(changetype<HammingBits>(s.scorer), g, s, r, begin, end); break;
  }
}

/** Members begin … end of a batch choose their links. */
export function graphChoose(s: Scratch, g: Graph, b: Batch, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: chooseLinks<L2F32>(changetype<L2F32>(s.scorer), g, s, b, begin, end); break;
    case 1: chooseLinks<L1F32>(changetype<L1F32>(s.scorer), g, s, b, begin, end); break;
    case 2: chooseLinks<LinfF32>(changetype<LinfF32>(s.scorer), g, s, b, begin, end); break;
    case 3: chooseLinks<L2U8>(changetype<L2U8>(s.scorer), g, s, b, begin, end); break;
    case 4: chooseLinks<L1U8>(changetype<L1U8>(s.scorer), g, s, b, begin, end); break;
    case 5: chooseLinks<LinfU8>(changetype<LinfU8>(s.scorer), g, s, b, begin, end); break;
    case 6: chooseLinks<L2Codes7>(changetype<L2Codes7>(s.scorer), g, s, b, begin, end); break;
    case 7: chooseLinks<HammingBits>(changetype<HammingBits>(s.scorer), g, s, b, begin, end); break;
  }
}

/** Targets begin … end take their back-links in. */
export function graphApply(s: Scratch, g: Graph, b: Batch, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: applyBackLinks<L2F32>(changetype<L2F32>(s.scorer), g, s, b, begin, end); break;
    case 1: applyBackLinks<L1F32>(changetype<L1F32>(s.scorer), g, s, b, begin, end); break;
    case 2: applyBackLinks<LinfF32>(changetype<LinfF32>(s.scorer), g, s, b, begin, end); break;
    case 3: applyBackLinks<L2U8>(changetype<L2U8>(s.scorer), g, s, b, begin, end); break;
    case 4: applyBackLinks<L1U8>(changetype<L1U8>(s.scorer), g, s, b, begin, end); break;
    case 5: applyBackLinks<LinfU8>(changetype<LinfU8>(s.scorer), g, s, b, begin, end); break;
    case 6: applyBackLinks<L2Codes7>(changetype<L2Codes7>(s.scorer), g, s, b, begin, end); break;
    case 7: applyBackLinks<HammingBits>(changetype<HammingBits>(s.scorer), g, s, b, begin, end); break;
  }
}

/** Live rows begin … end replace their links to removed rows. */
export function graphDrop(s: Scratch, g: Graph, dead: usize, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: dropDeadLinks<L2F32>(changetype<L2F32>(s.scorer), g, s, dead, begin, end); break;
    case 1: dropDeadLinks<L1F32>(changetype<L1F32>(s.scorer), g, s, dead, begin, end); break;
    case 2: dropDeadLinks<LinfF32>(changetype<LinfF32>(s.scorer), g, s, dead, begin, end); break;
    case 3: dropDeadLinks<L2U8>(changetype<L2U8>(s.scorer), g, s, dead, begin, end); break;
    case 4: dropDeadLinks<L1U8>(changetype<L1U8>(s.scorer), g, s, dead, begin, end); break;
    case 5: dropDeadLinks<LinfU8>(changetype<LinfU8>(s.scorer), g, s, dead, begin, end); break;
    case 6: dropDeadLinks<L2Codes7>(changetype<L2Codes7>(s.scorer), g, s, dead, begin, end); break;
    case 7: dropDeadLinks<HammingBits>(changetype<HammingBits>(s.scorer), g, s, dead, begin, end); break;
  }
}

/** Marks the spanning tree anew; returns how many rows had to be attached. */
export function graphTree(s: Scratch, g: Graph, queue: usize, inTree: usize, leaveOut: usize, ef: i32): i32 {
  switch (s.kind) {
    case 0: return growTree<L2F32>(changetype<L2F32>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 1: return growTree<L1F32>(changetype<L1F32>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 2: return growTree<LinfF32>(changetype<LinfF32>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 3: return growTree<L2U8>(changetype<L2U8>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 4: return growTree<L1U8>(changetype<L1U8>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 5: return growTree<LinfU8>(changetype<LinfU8>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 6: return growTree<L2Codes7>(changetype<L2Codes7>(s.scorer), g, s, queue, inTree, leaveOut, ef);
    case 7: return growTree<HammingBits>(changetype<HammingBits>(s.scorer), g, s, queue, inTree, leaveOut, ef);
  }
  return 0;
}

/** Ranks the rows in `s.pending` for query 0 of a request. */
export function graphRank(s: Scratch, r: Request, n: i32): void {
  switch (s.kind) {
    case 0: rankPending<L2F32>(changetype<L2F32>(s.scorer), s, r, n); break;
    case 1: rankPending<L1F32>(changetype<L1F32>(s.scorer), s, r, n); break;
    case 2: rankPending<LinfF32>(changetype<LinfF32>(s.scorer), s, r, n); break;
    case 3: rankPending<L2U8>(changetype<L2U8>(s.scorer), s, r, n); break;
    case 4: rankPending<L1U8>(changetype<L1U8>(s.scorer), s, r, n); break;
    case 5: rankPending<LinfU8>(changetype<LinfU8>(s.scorer), s, r, n); break;
    case 6: rankPending<L2Codes7>(changetype<L2Codes7>(s.scorer), s, r, n); break;
    case 7: rankPending<HammingBits>(changetype<HammingBits>(s.scorer), s, r, n); break;
  }
}

/** Collects and groups the back-links of a batch; returns the number of targets. */
export function graphPlan(s: Scratch, g: Graph, b: Batch): i32 { return planBackLinks(g, s, b); }

export function graphRaise(g: Graph, b: Batch): void { raiseEntry(g, b); }

/** Marks what the entry reaches on level 0; returns how many rows that is. */
export function graphReach(s: Scratch, g: Graph, queue: usize): i32 { return markReachable(g, s, queue); }
