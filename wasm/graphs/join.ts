// NN-descent (Dong, Moses & Li, WWW 2011, doi:10.1145/1963405.1963487): a neighbour of a neighbour is likely a neighbour.
// Each row keeps its K nearest rows found so far as ascending keys (rank bits, row, new flag), and a round compares it with
// the neighbours of its neighbours, in both directions, of which one step at least is new. The round reads neighbours as
// they were when it began and writes only a row's own list: rows are independent, whoever does them.

import { Graph, Scratch } from "../graph/layout";
import { forgetVisited, padFour, poolKey } from "../graph/search";
import { rankRow } from "./rank";

/** What a descent works on; filled by the TypeScript side, four bytes a field. */
@unmanaged
export class Descent {
  /** K keys a row. */
  lists: usize;
  K: i32;
  /** Neighbours in both directions as the round began: a u32 count, then `room` entries `row << 1 | new`, a row. */
  near: usize;
  room: i32;
  /** Rows in the order in which they are done, neighbours near each other. */
  order: usize;
  /** Where leaves start in `order`, one more at the end. */
  leaves: usize;
  /** For each row how many of its entries changed in this round, u8. */
  changed: usize;
}

@inline export function listOf(d: Descent, id: u32): usize { return d.lists + <usize>id * (<usize>d.K << 3); }
@inline export function nearOf(d: Descent, id: u32): usize { return d.near + <usize>id * (<usize>(d.room + 1) << 2); }
@inline function orderAt(d: Descent, i: i32): u32 { return load<u32>(d.order + (<usize>i << 2)); }
@inline function worstOf(list: usize, K: i32): f32 { return reinterpret<f32>(<u32>(load<u64>(list + (<usize>(K - 1) << 3)) >> 32)); }

/** A list without entries; the rank is infinite. */
const EMPTY: u64 = 0x7f800000ffffffff;

/** Takes a key into a list of K, unless its row is there already; returns 1 if it was taken. */
function take(list: usize, K: i32, key: u64): i32 {
  const last = list + (<usize>(K - 1) << 3);
  if (key >= load<u64>(last)) return 0;
  let at = last;
  while (at > list && load<u64>(at - 8) > key) at -= 8;
  // A row has the same rank whenever it is met, so its other key can only stand right before, or right here.
  if (at > list && (load<u64>(at - 8) | 1) == (key | 1)) return 0;
  memory.copy(at + 8, at, last - at);
  store<u64>(at, key);
  return 1;
}

/** Empties the lists of rows begin … end. */
export function emptyLists(d: Descent, begin: i32, end: i32): void {
  const to = listOf(d, end);
  for (let at = listOf(d, begin); at < to; at += 8) store<u64>(at, EMPTY);
}

/** Compares the rows of leaves begin … end with each other. */
export function joinLeaves(s: Scratch, d: Descent, begin: i32, end: i32): void {
  const K = d.K;
  for (let leaf = begin; leaf < end; leaf++) {
    const from = <i32>load<u32>(d.leaves + (<usize>leaf << 2));
    const to = <i32>load<u32>(d.leaves + (<usize>leaf << 2), 4);
    memory.copy(s.pending, d.order + (<usize>from << 2), <usize>(to - from) << 2);
    padFour(s.pending, to - from);
    for (let i = from; i < to - 1; i++) {
      const id = orderAt(d, i);
      const list = listOf(d, id);
      const n = to - i - 1;
      rankRow(s, id, s.pending + (<usize>(i + 1 - from) << 2), n);
      for (let j = 0; j < n; j++) {
        takeBoth(d, list, K, id, orderAt(d, i + 1 + j), load<f32>(s.sorted + (<usize>j << 2)));
      }
    }
  }
}

@inline
function takeBoth(d: Descent, list: usize, K: i32, id: u32, other: u32, rank: f32): void {
  take(list, K, poolKey(rank, other) | 1);
  take(listOf(d, other), K, poolKey(rank, id) | 1);
}

/** Begins a round for rows begin … end: their own entries go into `near`, and are old from now on. */
export function freezeOwn(d: Descent, begin: i32, end: i32): void {
  const K = d.K;
  for (let id = begin; id < end; id++) {
    const list = listOf(d, id), near = nearOf(d, id);
    let n = 0;
    for (; n < K; n++) {
      const at = list + (<usize>n << 3);
      const key = load<u64>(at);
      if (key == EMPTY) break;
      store<u32>(near + (<usize>(n + 1) << 2), <u32>key);
      store<u64>(at, key & ~1);
    }
    store<u32>(near, n);
  }
}

/** Then rows are entered with those they name, nearest first, while there is room: entries at places begin … end. */
export function freezeReverse(d: Descent, rows: i32, begin: i32, end: i32): void {
  for (let place = begin; place < end; place++) {
    for (let id = 0; id < rows; id++) {
      const own = nearOf(d, id);
      // Entries beyond the K of its own are those of others.
      const key = load<u64>(listOf(d, id) + (<usize>place << 3));
      if (key == EMPTY) continue;
      const entry = load<u32>(own + (<usize>(place + 1) << 2));
      enter(nearOf(d, entry >> 1), (<u32>id << 1) | (entry & 1), d.room, d.K);
    }
  }
}

@inline
function enter(near: usize, entry: u32, room: i32, K: i32): void {
  const n = <i32>load<u32>(near);
  if (n == room) return;
  for (let i = 0; i < n && i < K; i++) if (load<u32>(near + (<usize>(i + 1) << 2)) >> 1 == entry >> 1) return;
  store<u32>(near + (<usize>(n + 1) << 2), entry);
  store<u32>(near, n + 1);
}

/** A round for rows at places begin … end of the order. */
export function joinNear(g: Graph, s: Scratch, d: Descent, begin: i32, end: i32): void {
  const K = d.K;
  const visited = s.visited;
  for (let i = begin; i < end; i++) {
    const id = orderAt(d, i);
    const list = listOf(d, id);
    forgetVisited(g, s);
    const epoch = <u8>s.epoch;
    store<u8>(visited + id, epoch);
    const near = nearOf(d, id);
    const count = <i32>load<u32>(near);
    for (let j = 0; j < K; j++) {
      const key = load<u64>(list + (<usize>j << 3));
      if (key == EMPTY) break;
      store<u8>(visited + (<u32>key >> 1), epoch);
    }
    let write = s.pending;
    for (let j = 1; j <= count; j++) {
      const via = load<u32>(near + (<usize>j << 2));
      const isNew = via & 1;
      const beyond = nearOf(d, via >> 1);
      const end = beyond + (<usize>(load<u32>(beyond) + 1) << 2);
      // Who names this row is a candidate itself.
      if (isNew) write = addUnseen(visited, epoch, via >> 1, write);
      for (let at = beyond + 4; at < end; at += 4) {
        const entry = load<u32>(at);
        if ((isNew | (entry & 1)) == 0) continue;
        write = addUnseen(visited, epoch, entry >> 1, write);
      }
    }
    const n = <i32>((write - s.pending) >> 2);
    store<u8>(d.changed + id, n == 0 ? 0 : <u8>min(255, compare(s, list, K, id, n)));
  }
}

@inline
function addUnseen(visited: usize, epoch: u8, id: u32, write: usize): usize {
  const mark = visited + id;
  store<u32>(write, id);
  write += <usize>(load<u8>(mark) != epoch) << 2;
  store<u8>(mark, epoch);
  return write;
}

/** Compares a row with the `n` pending ones; returns how many entered its list. */
function compare(s: Scratch, list: usize, K: i32, id: u32, n: i32): i32 {
  padFour(s.pending, n);
  rankRow(s, id, s.pending, n);
  let changed = 0;
  let worst = f32x4.splat(worstOf(list, K));
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    if (!v128.any_true(f32x4.lt(v128.load(s.sorted + at), worst))) continue;
    const to = min(i + 4, n);
    for (let j = i; j < to; j++) {
      const key = poolKey(load<f32>(s.sorted + (<usize>j << 2)), load<u32>(s.pending + (<usize>j << 2)));
      changed += take(list, K, key | 1);
    }
    worst = f32x4.splat(worstOf(list, K));
  }
  return changed;
}
