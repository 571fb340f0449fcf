// Insertion in batches, so that the graph depends on the seed alone and not on the number of workers
// (the idea of prefix batches: Dobson et al., ParlayANN, arXiv:2305.04359). Three steps a batch:
//   1. every member searches the graph as it was before the batch, compares itself with its batch-mates,
//      and writes its own links (members are independent: any number of workers);
//   2. the links to be returned are collected and grouped by target (one thread, little work);
//   3. every target takes its new links in, pruning when full (targets are independent).

import { insertSorted, sortKeys } from "../keys";
import { Batch, Graph, NONE, PARENTS, Scratch, linkAt, linkCount, setCounts, setLink, treeCount } from "./layout";
import { descend, keyRow, padFour, poolAt, poolKey, rankRows, searchLevel } from "./search";
import { choose, chooseDiverse } from "./select";

@inline function member(b: Batch, i: i32): u32 { return load<u32>(b.order + (<usize>i << 2)); }
@inline function parentAt(b: Batch, i: i32, j: i32): usize { return b.parents + (<usize>(i * PARENTS + j) << 2); }

/** Ranks the members of the batch that stand on `level` and puts them into the pool. */
@inline
function poolMates<S>(scorer: S, g: Graph, s: Scratch, b: Batch, self: i32, level: i32): void {
  let n = 0;
  for (let i = 0; i < b.size; i++) {
    const id = member(b, i);
    if (i == self || g.level(id) < level) continue;
    store<u32>(s.pending + (<usize>n << 2), id);
    n++;
  }
  if (n == 0) return;
  padFour(s.pending, n);
  let size = s.poolSize;
  const ef = b.efConstruction;
  for (let i = 0; i < n; i += 4) {
    const at = s.pending + (<usize>i << 2);
    const a = load<u32>(at), c = load<u32>(at, 4), d = load<u32>(at, 8), e = load<u32>(at, 12);
    const ranks = scorer.four(a, c, d, e);
    const rest = n - i;
    size = insertSorted(s.pool, size, ef, poolKey(f32x4.extract_lane(ranks, 0), a));
    if (rest > 1) size = insertSorted(s.pool, size, ef, poolKey(f32x4.extract_lane(ranks, 1), c));
    if (rest > 2) size = insertSorted(s.pool, size, ef, poolKey(f32x4.extract_lane(ranks, 2), d));
    if (rest > 3) size = insertSorted(s.pool, size, ef, poolKey(f32x4.extract_lane(ranks, 3), e));
  }
  s.poolSize = size;
}

/** Place of `id` in the batch, or −1. */
@inline
function placeInBatch(b: Batch, id: u32): i32 {
  for (let i = 0; i < b.size; i++) if (member(b, i) == id) return i;
  return -1;
}

/** Notes the nearest rows inserted before member `self`: one of them becomes its parent in the tree. */
@inline
function noteParents(s: Scratch, b: Batch, self: i32): void {
  let found = 0;
  for (let i = 0; i < s.poolSize && found < PARENTS; i++) {
    const id = keyRow(poolAt(s, i));
    const place = placeInBatch(b, id);
    if (place >= self) continue;
    store<u32>(parentAt(b, self, found++), id);
  }
  while (found < PARENTS) store<u32>(parentAt(b, self, found++), NONE);
}

/** Step 1 for members begin … end. Their level bytes and empty lists are in place. */
export function chooseLinks<S>(scorer: S, g: Graph, s: Scratch, b: Batch, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const id = member(b, i);
    const level = g.level(id);
    const top = g.maxLevel;
    let entry = <u32>g.entry;
    scorer.useRow(id);
    if (level < top) entry = descend<S>(scorer, g, s, entry, top, level);
    for (let l = level; l >= 0; l--) {
      s.poolSize = 0;
      scorer.useRow(id);
      if (l <= top) {
        searchLevel<S>(scorer, g, s, entry, b.efConstruction, l);
        entry = keyRow(poolAt(s, 0));
        if (l == 0) noteParents(s, b, i);
      }
      poolMates<S>(scorer, g, s, b, i, l);
      // The first batch has only itself; its size never exceeds efConstruction, so the pool holds all of it.
      if (top < 0 && l == 0) noteParents(s, b, i);
      const n = chooseDiverse<S>(scorer, s, s.pool, s.poolSize, 0, g.M, id, g.chooseScale);
      const list = g.list(id, l);
      memory.copy(list + 4, s.chosen, <usize>n << 2);
      setCounts(list, n, 0);
    }
  }
}

/** Makes `id` the tree link at place `tree` of a list, moving what stands there to the end. */
@inline
function moveIntoTree(list: usize, id: u32): void {
  const n = linkCount(list), tree = treeCount(list);
  let at = tree;
  while (at < n && linkAt(list, at) != id) at++;
  // A new row holds at most M links, fewer than there is room for.
  if (at == n) setCounts(list, n + 1, tree + 1);
  else setCounts(list, n, tree + 1);
  setLink(list, at, linkAt(list, tree));
  setLink(list, tree, id);
}

/**
 * A row with room for another tree edge, by walking away from `start` along the tree without turning back:
 * such a walk ends at a leaf, which has room unless this batch filled it; then another walk is tried.
 */
function roomyParent(g: Graph, s: Scratch, b: Batch, start: u32, self: i32): u32 {
  for (let attempt: u32 = 0; attempt < 32; attempt++) {
    let id = start, previous = NONE;
    for (;;) {
      const list = g.list(id, 0);
      const tree = treeCount(list);
      if (tree + pendingChildren(s, b, id) < g.treeLimit) return id;
      // The first row of all has no tree links until the batch is linked in.
      if (tree == 0) break;
      let turn = <i32>((<u32>(id * 0x9e3779b1) ^ (attempt * 0x85ebca6b) ^ <u32>self) % <u32>tree);
      if (linkAt(list, turn) == previous) turn = (turn + 1) % tree;
      if (linkAt(list, turn) == previous) break;
      previous = id;
      id = linkAt(list, turn);
    }
  }
  return self > 0 ? member(b, self - 1) : start;
}

/** Children given to `id` so far in this batch; they are listed in `s.chosen` by member. */
@inline
function pendingChildren(s: Scratch, b: Batch, id: u32): i32 {
  let n = 0;
  for (let i = 0; i < b.size; i++) n += <i32>(load<u32>(s.chosen + (<usize>i << 2)) == id);
  return n;
}

/** A back-link to make: level (5 bits), target (31), 0 for a tree edge (1), place of the source in the batch (16). */
@inline
function pairKey(level: i32, target: u32, tree: bool, source: i32): u64 {
  return (<u64>level << 48) | (<u64>target << 17) | (<u64>!tree << 16) | <u64>source;
}
@inline function pairLevel(key: u64): i32 { return <i32>(key >> 48); }
@inline function pairTarget(key: u64): u32 { return <u32>(key >> 17) & 0x7fffffff; }
@inline function pairIsTree(key: u64): bool { return ((key >> 16) & 1) == 0; }
@inline function pairAt(b: Batch, i: i32): u64 { return load<u64>(b.pairs + (<usize>i << 3)); }

/**
 * Step 2: gives every member its parent in the tree, collects the back-links and groups them.
 * `s.chosen` holds one parent a member meanwhile.
 */
export function planBackLinks(g: Graph, s: Scratch, b: Batch): i32 {
  memory.fill(s.chosen, 0xff, <usize>b.size << 2);
  let n = 0;
  for (let i = 0; i < b.size; i++) {
    const id = member(b, i);
    let parent = NONE;
    for (let j = 0; j < PARENTS; j++) {
      const candidate = load<u32>(parentAt(b, i, j));
      if (candidate == NONE) break;
      if (treeCount(g.list(candidate, 0)) + pendingChildren(s, b, candidate) < g.treeLimit) {
        parent = candidate;
        break;
      }
    }
    if (parent == NONE && load<u32>(parentAt(b, i, 0)) != NONE) {
      parent = roomyParent(g, s, b, load<u32>(parentAt(b, i, 0)), i);
    }
    store<u32>(s.chosen + (<usize>i << 2), parent);
    if (parent != NONE) moveIntoTree(g.list(id, 0), parent);
    for (let l = g.level(id); l >= 0; l--) {
      const list = g.list(id, l);
      const links = linkCount(list);
      for (let j = 0; j < links; j++) {
        const target = linkAt(list, j);
        store<u64>(b.pairs + (<usize>n << 3), pairKey(l, target, l == 0 && target == parent, i));
        n++;
      }
    }
  }
  b.pairCount = n;
  sortKeys(b.pairs, n, b.spare);
  let groups = 0;
  for (let i = 0; i < n; i++) {
    if (i == 0 || pairAt(b, i) >> 17 != pairAt(b, i - 1) >> 17) {
      store<u32>(b.groups + (<usize>(groups++) << 2), i);
    }
  }
  store<u32>(b.groups + (<usize>groups << 2), n);
  b.groupCount = groups;
  return groups;
}

/** Adds a link at the end, or at the end of the tree part; the list has room. */
@inline
function appendLink(list: usize, id: u32, tree: bool): void {
  const n = linkCount(list), t = treeCount(list);
  if (tree) {
    setLink(list, n, linkAt(list, t));
    setLink(list, t, id);
    setCounts(list, n + 1, t + 1);
  } else {
    setLink(list, n, id);
    setCounts(list, n + 1, t);
  }
}

@inline
function holds(list: usize, id: u32): i32 {
  const n = linkCount(list);
  for (let i = 0; i < n; i++) if (linkAt(list, i) == id) return i;
  return -1;
}

/** Step 3 for groups begin … end. */
export function applyBackLinks<S>(scorer: S, g: Graph, s: Scratch, b: Batch, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const from = <i32>load<u32>(b.groups + (<usize>i << 2));
    const to = <i32>load<u32>(b.groups + (<usize>(i + 1) << 2));
    const level = pairLevel(pairAt(b, from));
    const target = pairTarget(pairAt(b, from));
    const list = g.list(target, level);
    const capacity = g.capacity(level);

    // Batch-mates may have chosen each other: such a link stands already, at most its kind changes.
    let fresh = 0;
    for (let p = from; p < to; p++) {
      const key = pairAt(b, p);
      const source = member(b, <i32>(key & 0xffff));
      const at = holds(list, source);
      if (at >= 0) {
        if (pairIsTree(key) && at >= treeCount(list)) moveIntoTree(list, source);
        continue;
      }
      if (linkCount(list) < capacity) appendLink(list, source, pairIsTree(key));
      else store<u64>(s.sorted + (<usize>(fresh++) << 3), key);
    }
    if (fresh == 0) continue;

    let tree = treeCount(list);
    for (let j = 0; j < tree; j++) choose(s, j, linkAt(list, j));
    let n = 0;
    const links = linkCount(list);
    for (let j = tree; j < links; j++) store<u32>(s.pending + (<usize>(n++) << 2), linkAt(list, j));
    for (let j = 0; j < fresh; j++) {
      const key = load<u64>(s.sorted + (<usize>j << 3));
      const source = member(b, <i32>(key & 0xffff));
      if (pairIsTree(key)) choose(s, tree++, source);
      else store<u32>(s.pending + (<usize>(n++) << 2), source);
    }
    let count = tree;
    if (n > 0) {
      padFour(s.pending, n);
      scorer.useRow(target);
      n = rankRows<S>(scorer, s.pending, n, s.sorted, n);
      count = chooseDiverse<S>(scorer, s, s.sorted, n, tree, level == 0 ? max(g.pruneTo, tree) : capacity, target, g.pruneScale);
    }
    memory.copy(list + 4, s.chosen, <usize>count << 2);
    setCounts(list, count, tree);
  }
}

/** After the batch is linked in: a member above the top level becomes the entry. */
export function raiseEntry(g: Graph, b: Batch): void {
  for (let i = 0; i < b.size; i++) {
    const id = member(b, i);
    if (g.level(id) > g.maxLevel) {
      g.maxLevel = g.level(id);
      g.entry = <i32>id;
    }
  }
}
