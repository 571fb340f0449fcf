// Structs that the TypeScript side lays out and fills (src/indexes/hnsw/layout.ts mirrors the order of
// the fields; every field takes four bytes).

/**
 * A layered graph. A list of links is a u32 head, `count | tree << 16`, then ids. The first `tree` links of a
 * level-0 list are edges of a spanning tree that stand in both ends' lists and are never pruned: they keep
 * every row reachable from every other, whatever is added.
 */
@unmanaged
export class Graph {
  /** Level-0 lists, `words0` u32 a row. */
  links0: usize;
  words0: u32;
  /** For each row the u32 offset, in words from `upper`, of its lists of levels 1 and up. */
  upperAt: usize;
  upper: usize;
  words: u32;
  /** Level of each row, one byte. */
  levels: usize;
  rows: i32;
  /** Row where searches start, −1 while empty. */
  entry: i32;
  maxLevel: i32;
  /** Links a new row chooses, and the most an upper list holds. */
  M: i32;
  /** Most tree edges of one row; the rest of its links stay free for the diversity heuristic. */
  treeLimit: i32;
  /** Most links of a level-0 list; above M, so that a new row has room for a parent in the tree. */
  capacity0: i32;
  /**
   * How much nearer to a kept neighbour than to the centre a candidate must be to be passed over, as a factor on the
   * rank of the former: 1 for HNSW's rule, more (α, or α² for squared ranks) to keep more. Infinite to keep the nearest.
   */
  chooseScale: f32;
  /** The same for lists that overflow, or lose links to removed rows. */
  pruneScale: f32;
  /** Nodes of the tree that finds seeds on level 0 (wasm/graph/pivots.ts), or 0. */
  pivots: usize;
  /**
   * A search of level 0 ends when the next candidate is farther than the `rangeK`-th, its rank multiplied by the factor
   * (the range search of NGT); rangeK 0 goes through all candidates.
   */
  rangeK: i32;
  rangeFactor: f32;
  /** Links left to a level-0 list that overflowed: fewer than it holds, so that it is not pruned for every new link. */
  pruneTo: i32;

  @inline list(id: u32, level: i32): usize {
    return level == 0
      ? this.links0 + <usize>(id * this.words0 << 2)
      : this.upper + (<usize>(load<u32>(this.upperAt + (<usize>id << 2)) + <u32>(level - 1) * this.words) << 2);
  }
  @inline capacity(level: i32): i32 { return level == 0 ? this.capacity0 : this.M; }
  @inline level(id: u32): i32 { return <i32>load<u8>(this.levels + id); }
}

@inline export function linkCount(list: usize): i32 { return <i32>load<u16>(list); }
@inline export function treeCount(list: usize): i32 { return <i32>load<u16>(list, 2); }
@inline export function setCounts(list: usize, links: i32, tree: i32): void {
  store<u32>(list, <u32>links | (<u32>tree << 16));
}
@inline export function linkAt(list: usize, i: i32): u32 { return load<u32>(list + 4 + (<usize>i << 2)); }
@inline export function setLink(list: usize, i: i32, id: u32): void { store<u32>(list + 4 + (<usize>i << 2), id); }

/** What one thread needs while it searches or builds. */
@unmanaged
export class Scratch {
  /** Which scorer class `scorer` is of; the order of cases in exports.ts. */
  kind: i32;
  /** Address of this thread's scorer struct. */
  scorer: usize;
  /** One byte a row: equal to `epoch` when seen during the present search. */
  visited: usize;
  epoch: u32;
  /** Ascending keys (rank bits, row, visited flag) of the candidates found so far. */
  pool: usize;
  poolSize: i32;
  /** Rows whose rank is still to be computed, u32. */
  pending: usize;
  /** Chosen neighbours, u32. */
  chosen: usize;
  /** A second list of keys, for pruning and rescoring. */
  sorted: usize;
  /** The staged query in the scorer's representation. */
  code: usize;
  /** 1 while a scan gathers every row instead of keeping the best sorted. */
  gather: u32;
  /** A row that a search is to behave as if it were not there, or NONE. */
  hide: u32;
}

/** A group of rows inserted together: they search the same graph, then are linked in. */
@unmanaged
export class Batch {
  /** Rows of this batch, u32, in order of insertion. */
  order: usize;
  size: i32;
  efConstruction: i32;
  /** `PARENTS` candidate tree parents of each member, u32, nearest first, 0xffffffff when fewer. */
  parents: usize;
  /** Keys of back-links to make, and room to sort them. */
  pairs: usize;
  pairCount: i32;
  spare: usize;
  /** First pair of each group of equal (level, target), u32; one more at the end. */
  groups: usize;
  groupCount: i32;
}

export const PARENTS: i32 = 8;
export const NONE: u32 = 0xffffffff;
