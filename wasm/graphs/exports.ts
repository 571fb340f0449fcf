// What flat graphs add to the loops of wasm/graph: seeds, NN-descent, and links made from lists of nearest rows.

import { Batch, Graph, Scratch } from "../graph/layout";
import { Edges, adjustRound, linkEdges, listNearest, sortEdges } from "./adjust";
import { Descent, emptyLists, freezeOwn, freezeReverse, joinLeaves, joinNear } from "./join";
import { chooseNearest, rankStrictly } from "./links";
import { pickPivots, splitRows } from "./rank";
import { refineLinks, replaceLinks } from "./refine";

export function pivotSplit(s: Scratch, pivots: usize, rows: usize, nodes: usize, lanes: usize, begin: i32, end: i32): void {
  splitRows(s, pivots, rows, nodes, lanes, begin, end);
}

export function pivotPick(s: Scratch, pivots: usize, drawn: usize, begin: i32, end: i32): void {
  pickPivots(s, pivots, drawn, begin, end);
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

export function graphRefine(s: Scratch, g: Graph, b: Batch, aside: usize, begin: i32, end: i32): void {
  refineLinks(s, g, b, aside, begin, end);
}

export function graphReplace(g: Graph, b: Batch, aside: usize): void { replaceLinks(g, b, aside); }

export function edgesList(s: Scratch, g: Graph, d: Descent, begin: i32, end: i32): void {
  listNearest(s, g, d, begin, end);
}

export function edgesSort(_s: Scratch, e: Edges, begin: i32, end: i32): void { sortEdges(e, begin, end); }

export function edgesAdjust(_s: Scratch, e: Edges, round: i32, begin: i32, end: i32): void {
  adjustRound(e, round, begin, end);
}

export function edgesLink(_s: Scratch, g: Graph, e: Edges, begin: i32, end: i32): void { linkEdges(g, e, begin, end); }
