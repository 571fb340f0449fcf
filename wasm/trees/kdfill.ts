// What a search needs beside who is below what, made from the rows: boxes of children, and the rows of leaves by
// component. Neither is saved in files, so neither can be wrong in one.

import { Scratch } from "../graph/layout";
import { childBegin, childEnd, childNode, NO_NODE, treeNode } from "./layout";
import { KdTree, LEAF } from "./kdlayout";

@inline
function rowOf(t: KdTree, position: u32): usize {
  const slot = t.perm ? load<u32>(t.perm + (<usize>position << 2)) : position;
  return t.base + <usize>slot * t.rowBytes;
}

/** The box of the rows begin … end as child c of a node; of none, a box that nothing is near to. */
function boundLeaf(t: KdTree, low: usize, c: i32, begin: u32, end: u32): void {
  const high = low + (<usize>t.width << 4);
  const components = min<u32>(t.width, <u32>(t.rowBytes >> 2));
  for (let j: u32 = 0; j < t.width; j++) {
    const at = (<usize>j << 4) + (<usize>c << 2);
    let least: f32 = NaN, most: f32 = NaN;
    if (begin < end) {
      least = j < components ? load<f32>(rowOf(t, begin) + (<usize>j << 2)) : 0;
      most = least;
    }
    if (j < components) {
      for (let i = begin + 1; i < end; i++) {
        const x = load<f32>(rowOf(t, i) + (<usize>j << 2));
        least = min<f32>(least, x);
        most = max<f32>(most, x);
      }
    }
    store<f32>(low + at, least);
    store<f32>(high + at, most);
  }
}

/** Copies the rows begin … end into blocks of four, the last one filled up with NaN, which is near to nothing. */
function fillBlocks(t: KdTree, block: usize, begin: u32, end: u32): void {
  for (let from = begin; from < end; from += 4) {
    for (let lane: u32 = 0; lane < 4; lane++) {
      const position = from + lane;
      for (let j: u32 = 0; j < t.width; j++) {
        const x = position < end ? load<f32>(rowOf(t, position) + (<usize>j << 2)) : <f32>NaN;
        store<f32>(block + (<usize>j << 4) + (<usize>lane << 2), x);
      }
    }
    block += <usize>t.width << 4;
  }
}

/** Boxes and blocks of the leaves of nodes begin … end. */
export function kdFill(_: Scratch, t: KdTree, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const topology = treeNode(t.topology, i), node = t.node(i), low = t.low(node);
    for (let c = 0; c < 4; c++) {
      const from = childBegin(topology, c), to = childEnd(topology, c);
      store<u32>(node + (<usize>c << 2), from, 16);
      store<u32>(node + (<usize>c << 2), to, 32);
      const child = childNode(topology, c);
      if (child != NO_NODE) {
        store<u32>(node + (<usize>c << 2), child);
        continue;
      }
      boundLeaf(t, low, c, from, to);
      // The TypeScript side has numbered the blocks.
      const block = load<u32>(node + (<usize>c << 2)) & ~LEAF;
      if (t.blocks) fillBlocks(t, t.blocks + <usize>block * (<usize>t.width << 4), from, to);
    }
  }
}

/** Boxes of children that are nodes, once those of leaves are there: from the last node to the first. */
export function kdUnite(t: KdTree): void {
  for (let i = <i32>t.count - 1; i >= 0; i--) {
    const node = t.node(i), low = t.low(node), high = low + (<usize>t.width << 4);
    for (let c = 0; c < 4; c++) {
      const child = load<u32>(node + (<usize>c << 2));
      if (child & LEAF) continue;
      const below = t.low(t.node(child));
      for (let j: usize = 0; j < <usize>t.width; j++) {
        const at = j << 4;
        // pmin(a, b) takes a unless b is less: absent children, NaN, are passed over.
        let least = load<f32>(below + at), most = load<f32>(below + at + (<usize>t.width << 4));
        for (let k: usize = 4; k < 16; k += 4) {
          const x = load<f32>(below + at + k), y = load<f32>(below + at + k + (<usize>t.width << 4));
          if (x < least) least = x;
          if (y > most) most = y;
        }
        store<f32>(low + at + (<usize>c << 2), least);
        store<f32>(high + at + (<usize>c << 2), most);
      }
    }
  }
}
