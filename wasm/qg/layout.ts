// A row's block: what a search needs to go on from the row, in one piece. In order: the number of links (u32), three u32
// unused; the linked rows (u32 each); and for each an entry: two f32, `start` and `factor`, then its sign code.
//
// A sign code has a bit for each component of R(x − c), set where it is positive: c is the row's code, x the linked row's,
// R a rotation. With b the ±1 vector of the bits and f = |x − c|² / ⟨R(x − c), b⟩, the estimate (Gao & Long, RaBitQ,
// arXiv:2405.12497) of the squared distance from a query's code q to x is
//   |q − c|² + |x − c|² − 2f(⟨Rq, b⟩ − ⟨Rc, b⟩)  =  |q − c|² + start + factor · ⟨Rq, b⟩.
// The component that makes inner product a search for near rows is 0 in all queries. It stays out of the rotation: its part of
// the product ⟨q − c, x − c⟩ is known.

import { Graph } from "../graph/layout";

export const HEAD: usize = 16;
/** Bits of a rotated query's components. */
export const PLANES: i32 = 6;

/** Filled by the TypeScript side (src/indexes/qg/blocks.ts), four bytes a field. */
@unmanaged
export class Blocks {
  graph: Graph;
  base: usize;
  stride: usize;
  /** Most links of a row. */
  links: usize;
  /** Components of rotated vectors, a multiple of 64. */
  turned: i32;
  /** A sign for each component and round of the rotation: f32, 1 or −1. */
  signs: usize;
  /** The component that is 0 in all queries, or −1. */
  fixed: i32;

  @inline block(id: u32): usize { return this.base + <usize>id * this.stride; }
  @inline ids(block: usize): usize { return block + HEAD; }
  /** Of each linked row: `start` and `factor`, f32, then its sign code. */
  @inline entries(block: usize): usize { return block + HEAD + (this.links << 2); }
  @inline entryBytes(): usize { return this.codeBytes() + 8; }
  @inline codeBytes(): usize { return <usize>(this.turned >> 3); }
}
