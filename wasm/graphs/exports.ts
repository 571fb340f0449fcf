// What flat graphs add to the loops of wasm/graph: seeds, NN-descent, and links made from lists of nearest rows.

import { Graph, Scratch } from "../graph/layout";
import { Descent, emptyLists, freezeOwn, freezeReverse, joinLeaves, joinNear } from "./join";
import { chooseNearest, rankStrictly } from "./links";
import { splitRows } from "./rank";

export function pivotSplit(s: Scratch, pivots: usize, rows: usize, nodes: usize, lanes: usize, begin: i32, end: i32): void {
  splitRows(s, pivots, rows, nodes, lanes, begin, end);
}

export function descentEmpty(_s: Scratch, d: Descent, begin: i32, end: i32): void { emptyLists(d, begin, end); }

export function descentLeaves(s: Scratch, d: Descent, begin: i32, end: i32): void { joinLeaves(s, d, begin, end); }

export function descentFreeze(_s: Scratch, d: Descent, begin: i32, end: i32): void { freezeOwn(d, begin, end); }

export function descentReverse(d: Descent, rows: i32, begin: i32, end: i32): void { freezeReverse(d, rows, begin, end); }

export function descentJoin(s: Scratch, g: Graph, d: Descent, begin: i32, end: i32): void {
  joinNear(g, s, d, begin, end);
}

export function descentStrict(
  s: Scratch, d: Descent, kind: i32, rows: usize, stride: usize, bytes: usize, begin: i32, end: i32,
): void {
  rankStrictly(s, d, kind, rows, stride, bytes, begin, end);
}

export function linkNearest(s: Scratch, g: Graph, d: Descent, begin: i32, end: i32): void {
  chooseNearest(s, g, d, begin, end);
}
