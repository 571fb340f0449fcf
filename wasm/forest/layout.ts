// Structs of a forest of random-projection trees; src/indexes/forest/layout.ts fills them, four bytes a field.
//
// A reference to a node is an i32: a split's number, or the complement of a leaf's. Leaf l is the rows
// items[leaves[l]] … items[leaves[l + 1]).

/** Planes through codes, with an offset or through the origin; or single bits of packed rows. */
export const PLANES: i32 = 0;
export const CENTRAL_PLANES: i32 = 1;
export const BITS: i32 = 2;

/** How candidates are ranked before the strict kernel ranks the best of them. */
export const RANK_L2: i32 = 0;
export const RANK_L1: i32 = 1;
export const RANK_BITS: i32 = 2;

/** A split: rows of margin over 0 are on the second side, of margin 0 on either. */
@unmanaged
export class Split {
  first: i32;
  second: i32;
  /** Margin = scale × (normal · code + threshold); with bits, the bit that decides, −1 for none. */
  threshold: i32;
  scale: f32;
}

export const SPLIT_BYTES: usize = 16;

@unmanaged
export class Forest {
  trees: i32;
  /** Rows of the trees are 0 … covered; those up to `rows` wait behind them. */
  covered: i32;
  rows: i32;
  roots: usize;
  splits: usize;
  /** Signed bytes of the splits' normals. */
  planes: usize;
  planeBytes: usize;
  leaves: usize;
  items: usize;
  /** Codes that planes are told in: those of rows when the trees were grown. */
  planeOffsets: usize;
  planeInverse: f32;
  /** 1 while the rows' codes are still those. */
  sameCodes: i32;
  rank: i32;
  codes: usize;
  codeBytes: usize;
  norms: usize;
  /** Keys that the heap has room for. */
  heapRoom: i32;
}

/** What growing trees works on. */
@unmanaged
export class Growth {
  /** PLANES, CENTRAL_PLANES or BITS. */
  kind: i32;
  /** Codes of rows, or rows of bits. */
  codes: usize;
  codeBytes: usize;
  offsets: usize;
  step: f32;
  items: usize;
  /** A byte for each item: the side it is on. */
  sides: usize;
  open: usize;
  blocks: usize;
  splits: usize;
  planes: usize;
  /** Rounds of the search for two means. */
  rounds: i32;
  /** Bits of a row. */
  bits: i32;
}

/** A node that is to be split: items begin … end. */
@unmanaged
export class Open {
  begin: i32;
  end: i32;
  split: i32;
  seed: u32;
  /** 0 … 2: by a plane; later: by coins; in the end: in halves. */
  attempt: i32;
  /** Where the second side begins, once it is split. */
  middle: i32;
}

export const OPEN_BYTES: usize = 24;
export const COINS_FROM: i32 = 3;
export const HALVES_FROM: i32 = 16;

/** Items begin … end of an open node. */
@unmanaged
export class Block {
  open: i32;
  begin: i32;
  end: i32;
}

export const BLOCK_BYTES: usize = 12;
