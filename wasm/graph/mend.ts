// Looking after a graph: what can be reached, taking removed rows out, and the spanning tree that keeps
// everything reachable.

import { Graph, Scratch, linkAt, linkCount, setCounts, setLink, treeCount } from "./layout";
import { forgetVisited, keyRow, padFour, poolAt, rankRows, searchLevel } from "./search";
import { chooseDiverse } from "./select";

@inline
function has(bits: usize, id: u32): bool {
  return ((load<u8>(bits + (id >> 3)) >> <u8>(id & 7)) & 1) != 0;
}

/** Marks what level-0 links reach from the entry (`queue`: u32 a row); returns how many rows that is. */
export function markReachable(g: Graph, s: Scratch, queue: usize): i32 {
  if (g.entry < 0) return 0;
  forgetVisited(g, s);
  store<u8>(s.visited + <u32>g.entry, <u8>s.epoch);
  store<u32>(queue, g.entry);
  return spread(g, s, queue, 0, 1);
}

/** Breadth-first from the queued rows head … tail. */
function spread(g: Graph, s: Scratch, queue: usize, head: i32, tail: i32): i32 {
  while (head < tail) {
    const list = g.list(load<u32>(queue + (<usize>(head++) << 2)), 0);
    const n = linkCount(list);
    for (let i = 0; i < n; i++) {
      const id = linkAt(list, i);
      if (load<u8>(s.visited + id) == <u8>s.epoch) continue;
      store<u8>(s.visited + id, <u8>s.epoch);
      store<u32>(queue + (<usize>(tail++) << 2), id);
    }
  }
  return tail;
}

/**
 * For live rows begin … end with links to removed rows: chooses anew among their live links and the live
 * links of those removed neighbours (the consolidation of FreshDiskANN, arXiv:2105.09613). Only lists of
 * removed rows are read besides the row's own, so rows are independent of each other.
 */
export function dropDeadLinks<S>(scorer: S, g: Graph, s: Scratch, dead: usize, begin: i32, end: i32): void {
  for (let row = begin; row < end; row++) {
    const id = <u32>row;
    if (has(dead, id)) continue;
    for (let level = g.level(id); level >= 0; level--) {
      const list = g.list(id, level);
      const links = linkCount(list);
      let touched = false;
      for (let i = 0; i < links; i++) touched = touched || has(dead, linkAt(list, i));
      if (!touched) {
        setCounts(list, links, 0);
        continue;
      }
      forgetVisited(g, s);
      const epoch = <u8>s.epoch;
      store<u8>(s.visited + id, epoch);
      let n = 0;
      for (let i = 0; i < links; i++) {
        const neighbour = linkAt(list, i);
        if (!has(dead, neighbour)) {
          n = addPending(s, neighbour, epoch, n);
          continue;
        }
        const beyond = g.list(neighbour, level);
        const more = linkCount(beyond);
        for (let j = 0; j < more; j++) {
          if (!has(dead, linkAt(beyond, j))) n = addPending(s, linkAt(beyond, j), epoch, n);
        }
      }
      let count = 0;
      if (n > 0) {
        padFour(s.pending, n);
        scorer.useRow(id);
        n = rankRows<S>(scorer, s.pending, n, s.sorted, n);
        count = chooseDiverse<S>(scorer, s, s.sorted, n, 0, g.capacity(level), id, g.pruneScale);
        memory.copy(list + 4, s.chosen, <usize>count << 2);
      }
      setCounts(list, count, 0);
    }
  }
}

@inline
function addPending(s: Scratch, id: u32, epoch: u8, n: i32): i32 {
  if (load<u8>(s.visited + id) == epoch) return n;
  store<u8>(s.visited + id, epoch);
  store<u32>(s.pending + (<usize>n << 2), id);
  return n + 1;
}

@inline
function find(list: usize, id: u32): i32 {
  const n = linkCount(list);
  for (let i = 0; i < n; i++) if (linkAt(list, i) == id) return i;
  return -1;
}

/** Makes `id` a tree link of `list`, giving up the list's last free link when it is full. */
function plant(list: usize, id: u32, capacity: i32): void {
  const tree = treeCount(list);
  let n = linkCount(list);
  let at = find(list, id);
  if (at >= 0 && at < tree) return;
  if (at < 0) {
    at = n < capacity ? n++ : n - 1;
    setLink(list, at, id);
  }
  setLink(list, at, linkAt(list, tree));
  setLink(list, tree, id);
  setCounts(list, n, tree + 1);
}

/**
 * Marks a spanning tree anew, from the entry, adding the edges that are missing; returns how many rows had
 * to be attached because no link led to them. `queue` holds a u32 a row, `inTree` a bit; rows of the bitmap
 * `leaveOut` (0 = none), to which no links are left, stay out. `ef` is the search for a parent.
 */
export function growTree<S>(
  scorer: S, g: Graph, s: Scratch, queue: usize, inTree: usize, leaveOut: usize, ef: i32,
): i32 {
  if (g.entry < 0) return 0;
  const bytes = <usize>(g.rows + 7) >> 3;
  if (leaveOut) memory.copy(inTree, leaveOut, bytes);
  else memory.fill(inTree, 0, bytes);
  for (let i = 0; i < g.rows; i++) {
    const list = g.list(i, 0);
    setCounts(list, linkCount(list), 0);
  }
  let head = 0, tail = 0, attached = 0, next = 0;
  store<u32>(queue, g.entry);
  tail++;
  markIn(inTree, <u32>g.entry);
  const capacity = g.capacity(0);
  for (;;) {
    while (head < tail) {
      const id = load<u32>(queue + (<usize>(head++) << 2));
      const list = g.list(id, 0);
      // `plant` reorders the list: only what stands behind the tree part is still to be looked at.
      for (let i = treeCount(list); i < linkCount(list) && treeCount(list) < g.treeLimit; i++) {
        const child = linkAt(list, i);
        if (has(inTree, child)) continue;
        plant(list, child, capacity);
        plant(g.list(child, 0), id, capacity);
        markIn(inTree, child);
        store<u32>(queue + (<usize>(tail++) << 2), child);
      }
    }
    while (next < g.rows && has(inTree, next)) next++;
    if (next == g.rows) break;
    const parent = nearestWithRoom<S>(scorer, g, s, inTree, <u32>next, ef);
    if (find(g.list(parent, 0), next) < 0) attached++;
    plant(g.list(parent, 0), <u32>next, capacity);
    plant(g.list(next, 0), parent, capacity);
    markIn(inTree, <u32>next);
    store<u32>(queue + (<usize>(tail++) << 2), next);
  }
  return attached;
}

@inline
function markIn(bits: usize, id: u32): void {
  store<u8>(bits + (id >> 3), load<u8>(bits + (id >> 3)) | (<u8>1 << <u8>(id & 7)));
}

function nearestWithRoom<S>(scorer: S, g: Graph, s: Scratch, inTree: usize, id: u32, ef: i32): u32 {
  scorer.useRow(id);
  searchLevel<S>(scorer, g, s, <u32>g.entry, ef, 0);
  for (let i = 0; i < s.poolSize; i++) {
    const candidate = keyRow(poolAt(s, i));
    if (candidate != id && has(inTree, candidate) && treeCount(g.list(candidate, 0)) < g.treeLimit) return candidate;
  }
  // A leaf of the tree always has room; only rows of the tree have tree links, but for the entry alone.
  for (let i = 0; i < g.rows; i++) {
    const tree = treeCount(g.list(i, 0));
    if (tree > 0 && tree < g.treeLimit) return i;
  }
  return <u32>g.entry;
}
